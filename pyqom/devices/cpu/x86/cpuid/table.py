"""Answers of a realized CPU: one leaf, or all of them."""

from __future__ import annotations

from pyqom.devices.cpu.x86.cpuid.facts import ZERO
from pyqom.devices.cpu.x86.cpuid.leaves import EXTENDED, HYPERVISOR, answer, leaf_at
from pyqom.devices.cpu.x86.cpuid.paravirtual import paravirtual_leaves
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
    from pyqom.devices.cpu.x86.cpuid.leaves import Leaf

    Row = tuple[int, int, int, int, int, int]


def cpuid(cpu: X86CPU, leaf: int, subleaf: int = 0, state: State = RESET) -> Registers:
    """(EAX, EBX, ECX, EDX) of one leaf; raises PyqomError as `X86CPU.cpuid` says."""
    source = source_of(cpu)
    leaf, subleaf = number("a CPUID leaf", leaf), number("a subleaf", subleaf)
    if source.kvm and leaf >> 28 == HYPERVISOR >> 28:
        return paravirtual_leaves(source).get(leaf, ZERO)
    return answer(source, leaf, subleaf, state)


def cpuid_table(cpu: X86CPU, state: State = RESET) -> list[Row]:
    """(leaf, subleaf, EAX, EBX, ECX, EDX) of all leaves in order; see `X86CPU.cpuid_table`."""
    source = source_of(cpu)
    known: dict[tuple[object, int], Registers] = {}
    rows: list[Row] = []
    last = source.facts.hypervisor_last
    given = paravirtual_leaves(source) if source.kvm else None
    for leaf, subleaf, answers in _plan(cpu._level, cpu._xlevel, cpu._xlevel2, last):
        if given is not None and leaf >> 28 == HYPERVISOR >> 28:
            rows.append((leaf, subleaf, *given.get(leaf, ZERO)))
            continue
        if answers is None:
            rows.append((leaf, subleaf, 0, 0, 0, 0))
            continue
        # Leaves that are too high are all answered alike.
        found = known.get((answers, subleaf))
        if found is None:
            found = known[answers, subleaf] = answers(source, subleaf, state)
        rows.append((leaf, subleaf, *found))
    return rows


def source_of(cpu: X86CPU) -> Source:
    """What the leaves of a CPU are computed from.  Raises PyqomError where it is not realized."""
    if not cpu.realized:
        raise PyqomError("a CPU has a CPUID when it is realized")
    return Source(cpu)


@memo
def _plan(
    level: int, xlevel: int, xlevel2: int, last: int
) -> tuple[tuple[int, int, Leaf | None], ...]:
    """The (leaf, subleaf) of a whole table of a CPU with these levels, and what answers each."""
    return tuple(
        (leaf, subleaf, leaf_at(leaf, level, xlevel, xlevel2, last))
        for leaf, subleaf in places(level, xlevel)
    )


def places(level: int, xlevel: int) -> Iterator[tuple[int, int]]:
    """The (leaf, subleaf) of a whole table.

    Of the basic and the extended range every leaf from the first to the highest and one beyond,
    with as many subleaves as a known leaf may have; some of each of the other two.
    """
    subleaves, hypervisor, centaur = _coverage()
    ranges = (
        range(min(level, LONGEST) + 2),
        hypervisor,
        range(EXTENDED, EXTENDED + min(xlevel & ~EXTENDED, LONGEST) + 2),
        centaur,
    )
    for leaves in ranges:
        for leaf in leaves:
            for subleaf in range(subleaves.get(leaf, 0) + 1):
                yield leaf, subleaf


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
