"""What ISA devices do at their ports (QEMU ``debugcon.c``, ``debugexit.c``, ``serial.c``).

Each class is what a model of `pyqom.devices.isa` has beside its realization; see
`pyqom.devices.io`.
"""

from __future__ import annotations

from pyqom.devices.io import ShutdownRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class DebugConsolePorts:
    """One port: what is written goes to the chardev, what is read says that it is there.

    It takes bytes; nothing comes of a longer access.
    """

    _chardev: Any
    _iobase: int
    _readback: int

    def ports(self) -> range:
        return range(self._iobase, self._iobase + 1)

    def read_port(self, port: int, size: int) -> int:
        return self._readback if size == 1 else 0

    def write_port(self, port: int, size: int, value: int) -> None:
        if size == 1:
            self._chardev.write(bytes((value,)))


class DebugExitPorts:
    """A write ends the machine with twice its value and one as the exit status."""

    _iobase: int
    _iosize: int

    def ports(self) -> range:
        return range(self._iobase, self._iobase + self._iosize)

    def read_port(self, port: int, size: int) -> int:
        return 0

    def write_port(self, port: int, size: int, value: int) -> None:
        raise ShutdownRequest((value << 1 | 1) & 0xFF)


DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR = range(8)
DLAB = 0x80
LOOPBACK = 0x10
DATA_READY, SENT = 0x01, 0x60
THR_INTERRUPT = 0x02
FIFO_ON, FIFO_SHOWN, FIFO_BITS = 0x01, 0xC0, 0xC9
NO_INTERRUPT, THR_EMPTY, RECEIVED = 0x01, 0x02, 0x04
MODEM = 0xB0
"""What the other side's lines say: it is there, ready and may be sent to."""


class UART:
    """A 16550A that sends at once and hears nothing but itself."""

    def __init__(self) -> None:
        self.divisor = 0x0C
        self.ier = self.lcr = self.scr = self.fcr = self.received = 0
        self.mcr = 0x08
        self.has_data = False
        self.thr_pending = False

    def read(self, register: int) -> int:
        """What a register shows, and what reading it does."""
        if register in (DATA, IER) and self.lcr & DLAB:
            return self.divisor >> 8 * register & 0xFF
        if register == DATA:
            self.has_data = False
            return self.received
        if register == IIR:
            return self._identify()
        if register == LSR:
            return SENT | (DATA_READY if self.has_data else 0)
        if register == MSR:
            return self._modem()
        return {IER: self.ier, LCR: self.lcr, MCR: self.mcr, SCR: self.scr}[register]

    def _identify(self) -> int:
        fifo = FIFO_SHOWN if self.fcr & FIFO_ON else 0
        if self.ier & DATA_READY and self.has_data:
            return fifo | RECEIVED
        if self.ier & THR_INTERRUPT and self.thr_pending:
            self.thr_pending = False
            return fifo | THR_EMPTY
        return fifo | NO_INTERRUPT

    def _modem(self) -> int:
        if not self.mcr & LOOPBACK:
            return MODEM
        return (self.mcr & 0x0C) << 4 | (self.mcr & 0x02) << 3 | (self.mcr & 0x01) << 5

    def write(self, register: int, value: int) -> bytes:
        """Take a register's value; the result is what is sent."""
        if register in (DATA, IER) and self.lcr & DLAB:
            shift = 8 * register
            self.divisor = self.divisor & ~(0xFF << shift) | value << shift
        elif register == DATA:
            return self._send(value)
        elif register == IER:
            if (self.ier ^ value) & THR_INTERRUPT:
                self.thr_pending = bool(value & THR_INTERRUPT)
            self.ier = value & 0x0F
        elif register == IIR:
            self.fcr = value & FIFO_BITS
        elif register == MCR:
            self.mcr = value & 0x1F
        elif register == LCR:
            self.lcr = value
        elif register == SCR:
            self.scr = value
        return b""

    def _send(self, value: int) -> bytes:
        self.thr_pending = True
        if not self.mcr & LOOPBACK:
            return bytes((value,))
        self.received, self.has_data = value, True
        return b""


class SerialPorts:
    """COM1 to COM4: eight registers of a UART whose output goes to the chardev."""

    _iobase: int
    _uart: UART | None = None

    @property
    def uart(self) -> UART:
        """The registers, as a reset leaves them at first."""
        if self._uart is None:
            self._uart = UART()
        return self._uart

    def reset_hold(self) -> None:
        """``serial_reset``."""
        self._uart = None

    def ports(self) -> range:
        return range(self._iobase, self._iobase + 8)

    def read_port(self, port: int, size: int) -> int:
        """Registers are bytes; a longer access is several, as far as there are any."""
        first, last = port - self._iobase, SCR + 1
        registers = range(first, min(first + size, last))
        return sum(self.uart.read(each) << 8 * (each - first) for each in registers)

    def write_port(self, port: int, size: int, value: int) -> None:
        """As reading; what a UART sends goes to the chardev, if there is one."""
        first, last = port - self._iobase, SCR + 1
        for each in range(first, min(first + size, last)):
            sent = self.uart.write(each, value >> 8 * (each - first) & 0xFF)
            chardev = self.line._chardev
            if sent and chardev is not None:
                chardev.write(sent)

    @property
    def line(self) -> Any:
        """The port itself, which has the chardev."""
        return self.property("serial").resolve(self)  # type: ignore[attr-defined]
