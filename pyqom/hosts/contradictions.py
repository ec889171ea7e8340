"""What a well-formed record cannot say of any host: leaves that contradict, impossible maxima."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyqom.hosts.host import CpuidEntry, Extension, Registers
    from pyqom.schema import Fault, Path

HIGHEST = {
    0x00000000: 0x3FFFFFFF,
    0x40000000: 0x4000FFFF,
    0x80000000: 0x8000FFFF,
    0xC0000000: 0xC000FFFF,
}
"""The leaves that tell the highest leaf of their range, and how high that can be at all.

A CPU without a range answers with something from another one, which is left alone.
"""

PHYSICAL_BITS = 52
LINEAR_BITS = 64
BANKS = 32
"""KVM_MAX_MCE_BANKS."""

STATEFUL = 2
"""KVM_CPUID_FLAG_STATEFUL_FUNC: such a function has several entries, asked for in turn."""

NR_VCPUS, MAX_VCPUS, MAX_VCPU_ID = 9, 66, 128


def of_registers(leaf: int, subleaf: int, registers: Registers, path: Path) -> Iterator[Fault]:
    """What is wrong with one leaf of a table or of the CPUID instruction."""
    if subleaf:
        return
    eax = registers[0]
    if leaf == 0 and any(word & 0x80808080 for word in registers[1:]):
        yield path, "the vendor is no text of 12 characters of ASCII"
    if leaf in HIGHEST and eax >= leaf and eax > HIGHEST[leaf]:
        yield path, f"the highest leaf {eax:#x} is out of range, at most {HIGHEST[leaf]:#x}"
    elif leaf == 0x80000008:
        if eax & 0xFF > PHYSICAL_BITS:
            yield path, f"{eax & 0xFF} bits of physical address, at most {PHYSICAL_BITS}"
        if eax >> 8 & 0xFF > LINEAR_BITS:
            yield path, f"{eax >> 8 & 0xFF} bits of linear address, at most {LINEAR_BITS}"


def of_leaves(
    leaves: Mapping[tuple[int, int], Registers], keys: Mapping[tuple[int, int], Path]
) -> Iterator[Fault]:
    """What is wrong with what the CPUID instruction says."""
    for leaf in (*HIGHEST, 0x80000008):
        if (leaf, 0) in leaves:
            yield from of_registers(leaf, 0, leaves[leaf, 0], keys[leaf, 0])


def of_table(entries: tuple[CpuidEntry, ...], path: Path) -> Iterator[Fault]:
    """What is wrong with one of KVM's tables."""
    seen: dict[tuple[int, int], CpuidEntry] = {}
    for at, entry in enumerate(entries):
        leaf, subleaf, flags, registers = entry
        first = seen.setdefault((leaf, subleaf), entry)
        if first != entry and not flags & STATEFUL:
            yield (*path, at), f"contradicts an entry before it, of leaf {leaf:08x}.{subleaf:x} too"
        if leaf in HIGHEST or leaf == 0x80000008:
            yield from of_registers(leaf, subleaf, registers, (*path, at, "regs"))


def of_extensions(extensions: Mapping[int, Extension], path: Path) -> Iterator[Fault]:
    """What is wrong with what KVM_CHECK_EXTENSION answers."""
    for low, high in ((NR_VCPUS, MAX_VCPUS), (MAX_VCPUS, MAX_VCPU_ID)):
        if low not in extensions or high not in extensions:
            continue
        for asked in ("kvm", "vm"):
            fewer, more = (getattr(extensions[each], asked) for each in (low, high))
            if more and fewer > more:
                text = f"{fewer} contradicts capability {high}, which is {more}"
                yield (*path, str(low), asked), text


def of_mce_cap(value: int | None, path: Path) -> Iterator[Fault]:
    """What is wrong with the machine check capabilities."""
    if value is not None and value & 0xFF > BANKS:
        yield path, f"{value & 0xFF} banks of machine checks, at most {BANKS}"
