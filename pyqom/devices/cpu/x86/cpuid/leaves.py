"""From a leaf's number to its answer (QEMU ``cpu_x86_cpuid``, ``target/i386/cpu.c``)."""

from __future__ import annotations

from pyqom.devices.cpu.x86.cpuid import caches, features, identity, topology, xsave
from pyqom.devices.cpu.x86.cpuid.facts import ZERO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pyqom.devices.cpu.x86.cpuid.facts import Registers
    from pyqom.devices.cpu.x86.cpuid.source import Source
    from pyqom.devices.cpu.x86.cpuid.state import State

    Leaf = Callable[[Source, int, State], Registers]

HYPERVISOR, EXTENDED, CENTAUR = 0x40000000, 0x80000000, 0xC0000000
"""Where the ranges of leaves begin, each with a highest leaf of its own."""


def hypervisor(source: Source, subleaf: int, state: State) -> Registers:
    """TCG's signature; what KVM shows there stands in the table that it is given."""
    if source.cpu.accel.name == "tcg" and source.cpu._tcg_cpuid:
        return source.facts.tcg
    return ZERO


LEAVES: dict[int, Leaf] = {
    0x0: identity.leaf_0,
    0x1: identity.leaf_1,
    0x2: caches.leaf_2,
    0x4: caches.leaf_4,
    0x5: features.leaf_5,
    0x6: features.leaf_6,
    0x7: features.leaf_7,
    0xA: features.leaf_a,
    0xB: topology.leaf_b,
    0xD: xsave.leaf_d,
    0x12: features.leaf_12,
    0x14: features.leaf_14,
    0x1C: features.leaf_1c,
    0x1D: features.leaf_1d,
    0x1E: features.leaf_1e,
    0x1F: topology.leaf_1f,
    0x24: features.leaf_24,
    0x29: features.leaf_29,
    0x40000000: hypervisor,
    0x80000000: identity.leaf_80000000,
    0x80000001: identity.leaf_80000001,
    0x80000002: identity.leaf_80000002,
    0x80000003: identity.leaf_80000003,
    0x80000004: identity.leaf_80000004,
    0x80000005: caches.leaf_80000005,
    0x80000006: caches.leaf_80000006,
    0x80000007: features.leaf_80000007,
    0x80000008: identity.leaf_80000008,
    0x8000000A: features.leaf_8000000a,
    0x8000001D: caches.leaf_8000001d,
    0x8000001E: topology.leaf_8000001e,
    0x80000021: features.leaf_80000021,
    0x80000022: features.leaf_80000022,
    0xC0000000: identity.leaf_c0000000,
    0xC0000001: identity.leaf_c0000001,
}
"""The leaves that tell anything; all others are zero."""


def answer(source: Source, leaf: int, subleaf: int, state: State) -> Registers:
    """What CPUID answers; a leaf beyond its range's highest is answered as the highest basic one.

    SEV is not modelled, so leaf 8000001Fh is zero.
    """
    cpu = source.cpu
    known = leaf_at(leaf, cpu._level, cpu._xlevel, cpu._xlevel2, source.facts.hypervisor_last)
    return ZERO if known is None else known(source, subleaf, state)


def leaf_at(leaf: int, level: int, xlevel: int, xlevel2: int, hypervisor_last: int) -> Leaf | None:
    """What answers a leaf of a CPU with these levels; None for zeros."""
    if leaf < HYPERVISOR:
        last = level
    elif leaf < EXTENDED:
        last = hypervisor_last
    elif leaf < CENTAUR:
        last = xlevel
    else:
        last = xlevel2
    return LEAVES.get(level if leaf > last else leaf)
