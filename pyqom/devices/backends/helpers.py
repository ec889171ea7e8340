"""Other processes that help: D-Bus, the persistent reservation helper (``backends/dbus-vmstate.c``,
``scsi/pr-manager*.c``).

None is ever connected to: where there is a socket, nobody listens.
"""

from __future__ import annotations

from pyqom.devices.backends.fields import text
from pyqom.devices.backends.hostfile import reason
from pyqom.devices.backends.objects import Backend
from pyqom.devices.device import VMStateIf
from pyqom.errors import MissingParameter, ObjectRefused
from pyqom.types import Object


def unreachable(path: str) -> str:
    """Why the socket at a path cannot be connected to, as strerror() says it."""
    import os

    try:
        os.stat(path)
    except (OSError, ValueError) as error:
        return reason(error)
    return "Connection refused"


class DBusVMState(Object, Backend, typename="dbus-vmstate", interfaces=(VMStateIf.typename,)):
    """Migrates the state of helpers on a D-Bus."""

    addr = text()
    id_list = text()

    def complete(self) -> None:
        """There is no bus.  Raises MissingParameter, ObjectRefused."""
        if any(other is not self for other in self.surroundings.objects("dbus-vmstate")):
            raise ObjectRefused("There is already an instance of dbus-vmstate")
        if self.addr is None:
            raise MissingParameter("Parameter 'addr' is missing")
        raise ObjectRefused(f"failed to connect to DBus: '{self._why()}'")

    def _why(self) -> str:
        """What GLib says of the address, or of connecting to it."""
        if not self.addr:
            return "The given address is empty"
        why = ""
        for element in self.addr.split(";"):
            transport, colon, options = element.partition(":")
            if not colon:
                return f"Address element “{element}” does not contain a colon (:)"
            keys = dict(option.partition("=")[::2] for option in options.split(","))
            if transport == "unix" and "path" in keys:
                why = f"Could not connect: {unreachable(keys['path'])}"
            else:
                why = "Could not connect: Connection refused"
        return why


class PRManager(Object, Backend, typename="pr-manager", abstract=True):
    """Who manages persistent reservations on SCSI disks."""


class PRManagerHelper(PRManager, typename="pr-manager-helper"):
    """Another process does."""

    path = text()

    def complete(self) -> None:
        """It does not answer.  Raises MissingParameter, ObjectRefused."""
        if self.path is None:
            raise MissingParameter("Parameter 'path' is missing")
        raise ObjectRefused(f"Failed to connect to '{self.path}': {unreachable(self.path)}")
