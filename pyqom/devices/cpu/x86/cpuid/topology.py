"""Where the CPU sits: the leaves Bh, 1Fh and 8000001Eh."""

from __future__ import annotations

from pyqom.devices.cpu.x86.cpuid.facts import ZERO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.devices.cpu.x86.cpuid.facts import Registers
    from pyqom.devices.cpu.x86.cpuid.source import Source
    from pyqom.devices.cpu.x86.cpuid.state import State

SMT, CORE, MODULE, DIE = 1, 2, 3, 5
"""The types of levels in leaf 1Fh; leaf Bh has the first two."""

MOST_IN_8000001E = 255
"""The highest core id that leaf 8000001Eh tells of."""


def leaf_b(source: Source, subleaf: int, state: State) -> Registers:
    """Threads of a core, and of the package."""
    if not source.cpu._cpuid_0xb:
        return ZERO
    ecx = subleaf & 0xFF
    if subleaf == 0:
        return source.core_offset, source.topology.threads & 0xFFFF, ecx | SMT << 8, source.apic_id
    if subleaf == 1:
        return source.package_offset, source.threads & 0xFFFF, ecx | CORE << 8, source.apic_id
    return 0, 0, ecx, source.apic_id


def has_leaf_1f(source: Source) -> bool:
    """Whether leaf 1Fh tells anything (``x86_has_cpuid_0x1f``)."""
    return source.cpu.has_leaf_1f or source.option("x-force-cpuid-0x1f")


def levels(source: Source) -> list[tuple[int, int, int]]:
    """The levels that there are: (type, bits of the APIC id below the next, threads in that)."""
    topology = source.topology
    found = [(SMT, source.core_offset, topology.threads)]
    count = topology.threads * topology.cores
    if topology.modules > 1:
        found.append((CORE, source.module_offset, count))
        count *= topology.modules
        last = MODULE
    else:
        last = CORE
    if topology.dies > 1:
        found.append((last, source.die_offset, count))
        count *= topology.dies
        last = DIE
    found.append((last, source.package_offset, count))
    return found


def leaf_1f(source: Source, subleaf: int, state: State) -> Registers:
    """All levels of the topology, one a subleaf."""
    if not has_leaf_1f(source):
        return ZERO
    known = levels(source)
    if subleaf >= len(known):
        return 0, 0, subleaf & 0xFF, source.apic_id
    kind, bits, count = known[subleaf]
    return bits, count & 0xFFFF, subleaf & 0xFF | kind << 8, source.apic_id


def leaf_8000001e(source: Source, subleaf: int, state: State) -> Registers:
    """AMD's way to tell where a CPU sits: APIC id, core and node."""
    cpu, topology = source.cpu, source.topology
    if not 0 <= cpu._core_id <= MOST_IN_8000001E:
        return ZERO
    core = topology.ids(source.apic_id).core
    node = source.apic_id >> source.package_offset & 0xFF
    if source.option("legacy-multi-node"):
        node = topology.dies - 1 << 8 | source.apic_id >> source.die_offset & 0xFF
    return source.apic_id, topology.threads - 1 << 8 | core & 0xFF, node, 0
