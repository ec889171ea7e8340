"""The server of the qtest protocol (``system/qtest.c``)."""

from __future__ import annotations

from pyqom.devices.backends.fields import Field
from pyqom.devices.backends.objects import Backend
from pyqom.errors import ObjectRefused, PropertyError
from pyqom.types import Link, Object, String

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _before_serving(obj: Any, name: str) -> None:
    if obj.serving:
        raise PropertyError(f"Property '{name}' can not be set now")


def _found(obj: Any, value: str, name: str) -> str:
    if obj.surroundings.chardev(value) is None:
        raise PropertyError(f"Cannot find character device '{value}'")
    return value


class QTest(Object, Backend, typename="qtest"):
    """Would drive the devices for a test; it holds its chardev, and serves nothing."""

    serving = False

    chardev = Field(String(), refuse=_before_serving, accept=_found)
    log = Field(String(), refuse=_before_serving)

    def complete(self) -> None:
        """Take the chardev, and be the machine's ``qtest``."""
        if any(other.serving for other in self.surroundings.objects("qtest")):
            raise ObjectRefused("Only one instance of qtest can be created")
        if self.chardev is None:
            raise ObjectRefused("No backend specified")
        chardev = self.surroundings.chardev(self.chardev)
        self.surroundings.claim(self, self.chardev, chardev)
        machine = self.surroundings.machine
        if machine is not None:
            link = Link("qtest", strong=False, writable=False, qdev=False)
            machine.add_property(link, "qtest")
            setattr(machine, link.slot, self)
        self.serving = True

    def unparented(self) -> None:
        """Let chardev and machine go."""
        if self.serving:
            self.serving = False
            self.surroundings.release(self, self.chardev)
            if self.surroundings.machine is not None:
                self.surroundings.machine.del_property("qtest")
