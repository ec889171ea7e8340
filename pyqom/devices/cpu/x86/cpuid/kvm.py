"""The table that QEMU gives to KVM_SET_CPUID2 (``kvm_arch_init_vcpu``, ``target/i386/kvm/kvm.c``).

KVM answers a guest's CPUID from it.  It holds what `leaves.answer` says, leaf by leaf without those
that are zero, behind the leaves that only KVM has: Hyper-V's and its own.
"""

from __future__ import annotations

from pyqom.devices.cpu.x86.cpuid.leaves import CENTAUR, EXTENDED, answer
from pyqom.devices.cpu.x86.cpuid.paravirtual import FREQUENCIES, paravirtual_leaves
from pyqom.devices.cpu.x86.cpuid.state import RESET
from pyqom.devices.cpu.x86.cpuid.table import source_of
from pyqom.devices.cpu.x86.cpuid.topology import has_leaf_1f
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.devices.cpu.x86.cpuid.source import Source

    Entry = tuple[int, int, int, int, int, int, int]

BY_INDEX, STATEFUL, READ_NEXT = 1, 2, 4
"""KVM_CPUID_FLAG_SIGNIFCANT_INDEX, _STATEFUL_FUNC and _STATE_READ_NEXT."""

MOST_ENTRIES = 100
"""KVM_MAX_CPUID_ENTRIES: QEMU aborts where it needs more."""

COMPONENTS = 64
"""The subleaves of leaf Dh."""


def kvm_cpuid_table(cpu: X86CPU) -> list[Entry]:
    """The entries in order; see `X86CPU.kvm_cpuid_table`."""
    source = source_of(cpu)
    if not source.kvm:
        raise PyqomError("only a CPU under KVM has a table for KVM")
    own = [(leaf, 0, 0, *registers) for leaf, registers in paravirtual_leaves(source).items()]
    last = [entry for entry in own if entry[0] == FREQUENCIES]
    entries: list[Entry] = [entry for entry in own if entry not in last]
    behind_d = 0
    for leaf in _leaves(source):
        entries += _entries(source, leaf)
        if leaf == 0xD:
            behind_d = len(entries)
    entries += last
    if behind_d and "leaf-d-leaves-its-index" in source.rules:
        _leave_index(entries, behind_d)
    if len(entries) > MOST_ENTRIES:
        raise PyqomError(f"the CPUID table has {len(entries)} entries, KVM takes {MOST_ENTRIES}")
    return entries


def _leaves(source: Source) -> Iterator[int]:
    """The leaves of the three ranges; the last only where the CPU has it."""
    for first in (0, EXTENDED, CENTAUR):
        if first != CENTAUR or source.cpu._xlevel2:
            yield from range(first, answer(source, first, 0, RESET)[0] + 1)


def _leave_index(entries: list[Entry], behind: int) -> None:
    """The entry `behind` leaf Dh has its last index, where it has none of its own.

    QEMU tries subleaf 63 in the place of that entry, and writes only the rest of it anew.
    """
    for function, _, flags, *registers in entries[behind : behind + 1]:
        if not flags & BY_INDEX:
            entries[behind] = (function, COMPONENTS - 1, flags, *registers)  # type: ignore[assignment]


def _entry(source: Source, leaf: int, subleaf: int = 0, flags: int = 0) -> Entry:
    return (leaf, subleaf, flags, *answer(source, leaf, subleaf, RESET))


def _entries(source: Source, leaf: int) -> Iterator[Entry]:
    """The entries of one leaf."""
    old = "kvm-table-has-component-63" in source.rules
    if leaf == 2:
        entry = _entry(source, 2)
        times = entry[3] & 0xFF
        first = STATEFUL | READ_NEXT if old or times > 1 else 0
        for number in range(max(times, 1)):
            yield (2, 0, STATEFUL if number else first, *entry[3:])
    elif leaf == 0x1F and not has_leaf_1f(source):
        return
    elif leaf in (4, 0xB, 0x1F, 0x8000001D):
        yield from _until_end(source, leaf)
    elif leaf == 0xD:
        yield from _components(source, old)
    elif leaf == 0x12:
        yield from _sections(source, leaf)
    elif leaf in source.facts.counted:
        last = answer(source, leaf, 0, RESET)[0]
        for subleaf in range(last + 1):
            yield _entry(source, leaf, subleaf, BY_INDEX)
    elif leaf >= CENTAUR:
        yield _entry(source, leaf)
    else:
        yield from _if_any(source, leaf)


def _if_any(source: Source, leaf: int) -> Iterator[Entry]:
    """A leaf without subleaves; one that is zero is what KVM answers anyway."""
    entry = _entry(source, leaf)
    if any(entry[3:]):
        yield entry


def _until_end(source: Source, leaf: int) -> Iterator[Entry]:
    """Subleaves up to the first that says it is the end, which is one of them."""
    for subleaf in range(MOST_ENTRIES):
        entry = _entry(source, leaf, subleaf, BY_INDEX)
        yield entry
        more = entry[5] & 0xFF00 if leaf in (0xB, 0x1F) else entry[3]
        if not more:
            return


def _components(source: Source, old: bool) -> Iterator[Entry]:
    """The subleaves of leaf Dh that say something; the old table ends with the last of all."""
    for subleaf in range(COMPONENTS):
        entry = _entry(source, 0xD, subleaf, BY_INDEX)
        if entry[3] or (old and subleaf == COMPONENTS - 1):
            yield entry


def _sections(source: Source, leaf: int) -> Iterator[Entry]:
    """Two subleaves, then those that are sections of EPC memory, and the one behind them."""
    for subleaf in range(MOST_ENTRIES):
        entry = _entry(source, leaf, subleaf, BY_INDEX)
        yield entry
        if subleaf > 1 and entry[3] & 0xF != 1:
            return
