"""Monitors as objects: a chardev with a QMP or HMP server behind it."""

from __future__ import annotations

from pyqom.devices.backends.fields import Field, flag, text
from pyqom.devices.backends.objects import Backend
from pyqom.errors import ObjectInUse, ObjectRefused
from pyqom.types import Enum, Object

CLOSE_ACTIONS = ("none", "delete")


class Monitor(Object, Backend, typename="monitor", abstract=True):
    """A monitor on a chardev."""

    chardev = text()

    def complete(self) -> None:
        """Take the chardev."""
        label = self.chardev
        chardev = None if label is None else self.surroundings.chardev(label)
        if chardev is None:
            raise ObjectRefused(f'chardev "{label}" not found')
        self.surroundings.claim(self, label, chardev)
        self.claimed = label

    claimed: str | None = None
    """The label of the chardev that was taken, whatever ``chardev`` is set to later."""

    def instance_finalize(self) -> None:
        """Let it go."""
        if self.claimed is not None:
            self.surroundings.release(self, self.claimed)


class MonitorQMP(Monitor, typename="monitor-qmp"):
    """A QMP server.  ``is_current`` is true while it runs a command: it cannot delete itself."""

    is_current = False

    pretty = flag()
    close_action = Field(Enum(CLOSE_ACTIONS, "MonitorQMPCloseAction"))

    def can_be_deleted(self) -> bool:
        """Not by itself."""
        if self.is_current:
            raise ObjectInUse("Cannot delete the current QMP monitor")
        return True


class MonitorHMP(Monitor, typename="monitor-hmp"):
    """An HMP server; it stays."""

    readline = flag(True)

    def can_be_deleted(self) -> bool:
        """Never."""
        raise ObjectInUse("Deleting HMP monitors is not supported")
