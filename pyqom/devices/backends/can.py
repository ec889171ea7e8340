"""CAN buses, and their connection to one of the host's (``net/can/``)."""

from __future__ import annotations

from pyqom.devices.backends.fields import Fact, Field
from pyqom.devices.backends.hostfile import as_bytes, reason
from pyqom.devices.backends.objects import Backend
from pyqom.errors import InvalidParameterValue, ObjectInUse, ObjectRefused, PropertyError
from pyqom.types import Link, Object, String

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

INTERFACE_NAME_MAX = 15

DELETING_SAYS_IT_IS_A_BUS = Fact(since="11.1")


class CanBus(Object, Backend, typename="can-bus"):
    """A bus that CAN controllers are on; it stays."""

    def can_be_deleted(self) -> bool:
        """Never."""
        if DELETING_SAYS_IT_IS_A_BUS.holds(self.registry):
            raise ObjectInUse(f"Deleting CAN bus device '{self.path_component}' is not supported")
        return False


class CanHost(Object, Backend, typename="can-host", abstract=True):
    """A connection between a guest's bus and the host."""

    canbus = Link("can-bus", qdev=False)

    def complete(self) -> None:
        """Connect."""
        if self.canbus is None:
            raise ObjectRefused("'canbus' property not set")
        self.connect()

    def connect(self) -> None:
        """Hook: find the host's side, or raise."""


def _interface_name(obj: Any, value: str, name: str) -> str:
    if len(as_bytes(value)) > INTERFACE_NAME_MAX:
        raise InvalidParameterValue(
            f"CAN interface name longer than {INTERFACE_NAME_MAX} characters"
        )
    if obj.connected:
        raise PropertyError("CAN interface already connected")
    return value


class CanHostSocketCAN(CanHost, typename="can-host-socketcan"):
    """A CAN interface of Linux.  It is looked for; nothing is sent or received."""

    connected = False

    if_name = Field(String(), name="if", accept=_interface_name)

    def connect(self) -> None:
        """Find the interface.  Raises ObjectRefused."""
        import socket

        if self.if_name is None:
            raise ObjectRefused("'if' property not set")
        try:
            socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW).close()
        except OSError as error:
            raise ObjectRefused(f"failed to create CAN_RAW socket: {reason(error)}") from None
        try:
            socket.if_nametoindex(self.if_name)
        except OSError:
            raise ObjectRefused(
                f"SocketCAN host interface {self.if_name} not available: No such device"
            ) from None
        self.connected = True
