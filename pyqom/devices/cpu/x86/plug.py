"""What a PC checks before it takes a CPU (QEMU ``x86_cpu_pre_plug``, hw/i386/x86-common.c)."""

from __future__ import annotations

from pyqom.devices.cpu.x86.facts import UNSET
from pyqom.devices.cpu.x86.topology import Topology, TopologyIds
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyqom.devices.cpu.x86.cpu import X86CPU

LEVELS = ("socket", "die", "module", "core", "thread")


class CpuSlots:
    """The places for CPUs of one machine: which APIC ids there are, and which are taken.

    ``cpu_type`` is the only type that it takes, ``apic_ids`` the ids of all possible CPUs by index,
    ``taken`` tells whether the CPU of an index is there; ``cache_places`` are what the machine's
    ``smp-cache`` says, None where it was not given.
    """

    def __init__(
        self,
        cpu_type: str,
        topology: Topology,
        apic_ids: Sequence[int],
        taken: Callable[[int], bool],
        cache_places: dict[str, str] | None = None,
    ) -> None:
        self.cpu_type = cpu_type
        self.topology = topology
        self.apic_ids = apic_ids
        self.taken = taken
        self.cache_places = cache_places

    def pre_plug(self, cpu: X86CPU) -> None:
        """Find the CPU's place, and tell the CPU where it is.

        Raises PyqomError with QEMU's text where there is no such place, or it is taken.
        """
        if not cpu.implements(self.cpu_type):
            raise PyqomError(f"Invalid CPU type, expected cpu type: '{self.cpu_type}'")
        cpu.topology = self.topology
        cpu.cache_places = self.cache_places
        cpu.threads_per_package = self.topology.threads_per_package
        cpu.threads_per_core = self.topology.threads
        cpu.has_leaf_1f = self.topology.modules > 1 or self.topology.dies > 1
        if cpu.apic_id == UNSET:
            cpu.apic_id = self.topology.apic_id(self._ids(cpu))
        ids = self.topology.ids(cpu.apic_id)
        if cpu.apic_id not in self.apic_ids:
            place = ", ".join(
                f"{level}: {getattr(ids, level)}" for level in LEVELS if _has(cpu, level)
            )
            raise PyqomError(
                f"Invalid CPU [{place}] with APIC ID {cpu.apic_id},"
                f" valid index range 0:{len(self.apic_ids) - 1}"
            )
        index = self.apic_ids.index(cpu.apic_id)
        if self.taken(index):
            raise PyqomError(f"CPU[{index}] with APIC ID {cpu.apic_id} exists")
        self._agree(cpu, ids)
        if cpu.hv_vpindex and not cpu.accel.can_set_vp_index:
            raise PyqomError("kernel doesn't allow setting HyperV VP_INDEX")
        cpu.cpu_index = index

    def _ids(self, cpu: X86CPU) -> TopologyIds:
        """The place that the CPU's ids name; die and module may be left out where there is one."""
        numbers = {}
        for level in LEVELS:
            count = getattr(self.topology, f"{level}s")
            number = getattr(cpu, f"_{level}_id")
            if number < 0 and count == 1 and level in ("die", "module"):
                number = 0
            if number < 0:
                raise PyqomError(f"CPU {level}-id is not set")
            if number >= count:
                raise PyqomError(f"Invalid CPU {level}-id: {number} must be in range 0:{count - 1}")
            numbers[level] = number
        return TopologyIds(**numbers)

    def _agree(self, cpu: X86CPU, ids: TopologyIds) -> None:
        """Ids that were given must be those of the APIC id; those that were not are filled in."""
        for level in LEVELS:
            given, found = getattr(cpu, f"_{level}_id"), getattr(ids, level)
            if given not in (-1, found):
                raise PyqomError(
                    f"property {level}-id: {given} doesn't match set apic-id:"
                    f" 0x{cpu.apic_id:x} ({level}-id: {found})"
                )
            setattr(cpu, f"_{level}_id", found)


def _has(cpu: X86CPU, level: str) -> bool:
    """Whether the CPU's release knows this level."""
    return cpu.has_property(f"{level}-id")
