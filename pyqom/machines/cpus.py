"""The vCPUs of a machine: those it starts with, those it may get, and who sits where.

QEMU ``hw/i386/x86-common.c`` (``x86_cpus_init``, ``x86_possible_cpu_arch_ids``) and
``hw/core/machine.c`` (``machine_query_hotpluggable_cpus``).
"""

from __future__ import annotations

from pyqom.devices.cpu.x86.plug import LEVELS, CpuSlots
from pyqom.devices.cpu.x86.topology import Topology
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from pyqom.devices.context import Context
    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.machines.smp import Smp


class Cpus:
    """The vCPUs of one machine, by index; ``present`` are those that are there, as they came.

    ``cpu_class`` is the type of all of them.
    """

    def __init__(self, cpu_class: Any, smp: Smp) -> None:
        self.cpu_class = cpu_class
        self.smp = smp
        self.topology = Topology(smp.sockets, smp.dies, smp.modules, smp.cores, smp.threads)
        self.apic_ids = tuple(self.topology.apic_ids(smp.maxcpus))
        self.present: dict[int, X86CPU] = {}
        self.nodes: dict[int, int] = {}
        """The NUMA node of a CPU index, where one was given."""
        self.slots = CpuSlots(
            cpu_class.typename, self.topology, self.apic_ids, self.present.__contains__
        )

    def __iter__(self) -> Iterator[X86CPU]:
        for index in sorted(self.present):
            yield self.present[index]

    def __len__(self) -> int:
        return len(self.present)

    def __getitem__(self, index: int) -> X86CPU:
        return self.present[index]

    def boot(self, context: Context, placed: bool) -> Iterator[X86CPU]:
        """Make the CPUs that the machine starts with, one by one, not yet realized.

        A machine that is no PC gives none its place: not `placed`.
        """
        wide = placed and max(self.apic_ids) > 254
        if wide and "wide-apic-ids-need-kvm" in context.accel.release.rules:
            raise PyqomError(
                "current -smp configuration requires kernel irqchip and X2APIC API support."
            )
        for index in range(self.smp.cpus):
            cpu = self.cpu_class(context)
            if placed:
                cpu.apic_id = self.apic_ids[index]
            yield cpu

    def props(self, index: int) -> dict[str, int]:
        """The place of a CPU index as QMP ``CpuInstanceProperties``."""
        ids = self.topology.nth(index)
        shown = {
            "socket": True,
            "die": self.topology.dies > 1,
            "module": self.topology.modules > 1,
            "core": True,
            "thread": True,
        }
        props = {f"{level}-id": getattr(ids, level) for level in LEVELS if shown[level]}
        if index in self.nodes:
            props["node-id"] = self.nodes[index]
        return props

    def hotpluggable(self) -> list[dict[str, Any]]:
        """``query-hotpluggable-cpus``: every place, the last first, and who is there."""
        places = []
        for index in reversed(range(self.smp.maxcpus)):
            place: dict[str, Any] = {
                "props": self.props(index),
                "vcpus-count": 1,
                "type": self.cpu_class.typename,
            }
            if index in self.present:
                place["qom-path"] = self.present[index].canonical_path()
            places.append(place)
        return places
