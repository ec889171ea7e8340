"""The ports of virtio-serial (QEMU ``hw/char/virtio-serial-bus.c``, ``virtio-console.c``)."""

from __future__ import annotations

from pyqom.devices.device import Device
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NO_ID = 0xFFFFFFFF
WORD = 32
"""How many numbers one word of the map of ports has."""


class SerialPort(Device):
    """The model of type "virtio-serial-port"; port 0 is for a console."""

    _nr: int
    is_console = False

    def do_realize(self) -> None:
        """``virtser_port_device_realize``."""
        serial: Any = self.parent_bus.owner
        ports = serial.ports
        if self._nr != NO_ID and self._nr in ports:
            raise PyqomError(
                f"virtio-serial-bus: A port already exists at id {self._nr}"
            )
        self._check_name()
        if self._nr == NO_ID:
            self._nr = self._free(serial)
        if self._nr >= serial._max_ports:
            raise PyqomError(
                "virtio-serial-bus: Out-of-range port id specified, max. allowed:"
                f" {serial._max_ports - 1}"
            )
        self.port_realize()
        ports[self._nr] = self
        number, others = self._nr, self.board.serial_ports
        others.append(self)
        self.on_unrealize(lambda: others.remove(self))
        self.on_unrealize(lambda: ports.pop(number))

    def _check_name(self) -> None:
        others = self.board.serial_ports
        if self._name is not None and any(port._name == self._name for port in others):
            raise PyqomError(f"virtio-serial-bus: A port already exists by name {self._name}")

    def _free(self, serial: Any) -> int:
        """The next free number; a port that is no console does not get the first."""
        if self.is_console and 0 not in serial.ports:
            return 0
        for number in range(1, -(-serial._max_ports // WORD) * WORD):
            if number not in serial.ports:
                return number
        raise PyqomError("virtio-serial-bus: Maximum port limit for this device reached")

    def port_realize(self) -> None:
        """What a type of port does to come to life.  Raises PyqomError."""


class GenericPort(SerialPort):
    """The model of "virtserialport"."""

    def port_realize(self) -> None:
        if self._nr == 0 and not self.is_console:
            raise PyqomError(
                "Port number 0 on virtio-serial devices reserved for virtconsole devices for"
                " backward compatibility."
            )


class Console(GenericPort):
    """The model of "virtconsole"."""

    is_console = True
