"""Answers of a realized CPU: one leaf, or all of them."""

from __future__ import annotations

from pyqom.devices.cpu.x86.cpuid.leaves import answer
from pyqom.devices.cpu.x86.cpuid.source import Source
from pyqom.devices.cpu.x86.cpuid.state import RESET, State, number
from pyqom.devices.cpu.x86.data import load
from pyqom.devices.cpu.x86.features import number as number_of
from pyqom.errors import PyqomError
from pyqom.quick import memo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.devices.cpu.x86.cpuid.facts import Registers

    Row = tuple[int, int, int, int, int, int]


def cpuid(cpu: X86CPU, leaf: int, subleaf: int = 0, state: State = RESET) -> Registers:
    """(EAX, EBX, ECX, EDX) of one leaf; raises PyqomError as `X86CPU.cpuid` says."""
    return answer(source_of(cpu), number("a CPUID leaf", leaf), number("a subleaf", subleaf), state)


def cpuid_table(cpu: X86CPU, state: State = RESET) -> list[Row]:
    """(leaf, subleaf, EAX, EBX, ECX, EDX) of all leaves in order; see `X86CPU.cpuid_table`."""
    source = source_of(cpu)
    return [(*place, *answer(source, *place, state)) for place in places(cpu)]


def source_of(cpu: X86CPU) -> Source:
    """What the leaves of a CPU are computed from.  Raises PyqomError where it is not realized."""
    if not cpu.realized:
        raise PyqomError("a CPU has a CPUID when it is realized")
    return Source(cpu)


def places(cpu: X86CPU) -> Iterator[tuple[int, int]]:
    """The (leaf, subleaf) of a whole table.

    Of the basic and the extended range every leaf from the first to the highest and one beyond,
    with as many subleaves as a known leaf may have; some of each of the other two.
    """
    subleaves, hypervisor, centaur = _coverage()
    ranges = (
        range(min(cpu._level, LONGEST) + 2),
        hypervisor,
        range(EXTENDED, EXTENDED + min(cpu._xlevel & ~EXTENDED, LONGEST) + 2),
        centaur,
    )
    for leaves in ranges:
        for leaf in leaves:
            for subleaf in range(subleaves.get(leaf, 0) + 1):
                yield leaf, subleaf


EXTENDED = 0x80000000

LONGEST = 0xFF
"""A table ends here even where a CPU has a level that is out of all reason."""


@memo
def _coverage() -> tuple[dict[int, int], tuple[int, ...], tuple[int, ...]]:
    table = load("cpuid.json")["table"]
    return (
        {number_of(leaf): last for leaf, last in table["subleaves"].items()},
        tuple(map(number_of, table["hypervisor"])),
        tuple(map(number_of, table["centaur"])),
    )
