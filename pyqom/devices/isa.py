"""ISA devices (QEMU ``hw/char/serial-isa.c``, ``debugcon.c``, ``parallel-isa.c``)."""

from __future__ import annotations

from pyqom.devices.device import Device
from pyqom.errors import PyqomError

UNSET = 0xFFFFFFFF


class ISADevice(Device):
    """The model of type "isa-device"."""

    def next_index(self, most: int) -> int:
        """The number of a device that asks for none: they count up, type by type.

        At most `most` of them have a place of their own.
        """
        counts = self.board.isa_counts
        number: int = counts.get(self.typename, 0)
        if number < most:
            counts[self.typename] = number + 1
        return number


class SerialLine(Device):
    """The model of "serial": the port itself, which has the chardev."""

    def do_realize(self) -> None:
        """``serial_realize``."""


class ISASerial(ISADevice):
    """The model of "isa-serial": COM1 to COM4."""

    _index: int
    _iobase: int
    _irq: int
    PLACES = (0x3F8, 0x2F8, 0x3E8, 0x2E8)
    IRQS = (4, 3, 4, 3)

    def do_realize(self) -> None:
        """``serial_isa_realizefn``."""
        most = len(self.PLACES)
        if self._index == UNSET:
            self._index = self.next_index(most)
        if self._index >= most:
            raise PyqomError(f"Max. supported number of ISA serial ports is {most}.")
        if self._iobase == UNSET:
            self._iobase = self.PLACES[self._index]
        if self._irq == UNSET:
            self._irq = self.IRQS[self._index]
        self.property("serial").resolve(self).realize(True)


class ISAParallel(ISADevice):
    """The model of "isa-parallel": LPT1 to LPT3."""

    _index: int
    _iobase: int
    PLACES = (0x378, 0x278, 0x3BC)

    def do_realize(self) -> None:
        """``parallel_isa_realizefn``."""
        if self._chardev is None:
            raise PyqomError("Can't create parallel device, empty char device")
        most = len(self.PLACES)
        if self._index == UNSET:
            self._index = self.next_index(most)
        if self._index >= most:
            raise PyqomError(f"Max. supported number of parallel ports is {most}.")
        if self._iobase == UNSET:
            self._iobase = self.PLACES[self._index]


class DebugConsole(ISADevice):
    """The model of "isa-debugcon"."""

    def do_realize(self) -> None:
        """``debugcon_isa_realizefn``."""
        if self._chardev is None:
            raise PyqomError("Can't create debugcon device, empty char device")
