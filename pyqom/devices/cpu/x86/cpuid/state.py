"""The state of a CPU that CPUID's answers depend on."""

from __future__ import annotations

from pyqom.errors import PyqomError

CR4_OSXSAVE = 1 << 18
CR4_PKE = 1 << 22
MOST = 0xFFFFFFFF


def number(what: str, value: int, bits: int = 32) -> int:
    """A register's value.  Raises PyqomError for what is no unsigned number of so many bits."""
    if type(value) is not int:
        raise PyqomError(f"{what} is a number of {bits} bits, not {value!r}")
    if not 0 <= value < 1 << bits:
        shown = f"{value:#x}" if value.bit_length() < 1024 else "a longer one"
        raise PyqomError(f"{what} is a number of {bits} bits, not {shown}")
    return value


class State:
    """Control registers and mode of a CPU when it executes CPUID.

    ``cr4`` shows in leaf 1 (OSXSAVE) and leaf 7 (OSPKE), ``xcr0`` in the size of the XSAVE area in
    use, in bytes, in leaf Dh; ``long_mode`` is EFER.LMA, without which some CPUs hide SYSCALL.  The
    defaults are those of a reset.
    """

    __slots__ = ("cr4", "long_mode", "xcr0")

    def __init__(self, cr4: int = 0, xcr0: int = 1, long_mode: bool = False) -> None:
        self.cr4 = number("CR4", cr4, 64)
        self.xcr0 = number("XCR0", xcr0, 64)
        self.long_mode = long_mode


RESET = State()
"""The state after a reset."""
