"""The CPUID of a guest: any vCPU of any model, machine type and topology, with nothing running.

A vCPU is made and realized as a machine would, by the same code, but there is no machine.
"""

from __future__ import annotations

from pyqom.answers.expansion import apply_props
from pyqom.answers.target import Target
from pyqom.devices.context import Context
from pyqom.devices.cpu.x86.featurestring import parse_model
from pyqom.devices.cpu.x86.plug import CpuSlots
from pyqom.errors import PyqomError
from pyqom.machines.context import has_cpu_slots
from pyqom.machines.cpus import check_apic_ids, topology_of
from pyqom.machines.smp import CACHES, Smp, parse_smp, set_smp_cache, settle_smp_cache
from pyqom.types.keyval import parse_keyval

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from pyqom.accel.accelerator import Accelerator
    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.devices.cpu.x86.cpuid.table import Row
    from pyqom.devices.cpu.x86.featurestring import ModelString
    from pyqom.hosts.host import Host
    from pyqom.machines import MachineType
    from pyqom.types import Registry

    SmpConfig = int | str | Mapping[str, int]


def cpuid(
    model: str,
    *,
    machine: str | MachineType | None = None,
    smp: SmpConfig | None = None,
    vcpu: int = 0,
    accel: str | Accelerator = "tcg",
    props: Mapping[str, Any] | None = None,
    release: str | None = None,
    types: Registry | None = None,
    host: Host | str | None = None,
) -> list[Row]:
    """All that CPUID answers on a vCPU: (leaf, subleaf, EAX, EBX, ECX, EDX) each, in order.

    In the state of a reset; `guest_cpu` has the vCPU itself, which answers in any state.  The
    arguments and errors are those of `guest_cpu`.
    """
    found = guest_cpu(
        model,
        machine=machine,
        smp=smp,
        vcpu=vcpu,
        accel=accel,
        props=props,
        release=release,
        types=types,
        host=host,
    )
    return found.cpuid_table()


def guest_cpu(
    model: str,
    *,
    machine: str | MachineType | None = None,
    smp: SmpConfig | None = None,
    vcpu: int = 0,
    smp_cache: Sequence[Mapping[str, str]] = (),
    accel: str | Accelerator = "tcg",
    props: Mapping[str, Any] | None = None,
    release: str | None = None,
    types: Registry | None = None,
    host: Host | str | None = None,
) -> X86CPU:
    """A realized vCPU as a machine of that type would have it, without the machine.

    The arguments are those of `pyqom.expand`, and: `smp` as VirtualMachine takes it (None: one
    CPU), `vcpu` the number of the CPU (also one that is only possible, by ``maxcpus``),
    `smp_cache` the machine's property of that name.  Raises what `expand` raises, and PyqomError
    with QEMU's text for a topology that the machine type cannot have and for a CPU that cannot be.
    """
    target = Target(machine, accel, release, types, host)
    return cpu_of(target, parse_model(model), props, smp, vcpu, smp_cache)


def cpus_of(
    target: Target, model: ModelString, props: Any = None, smp: SmpConfig | None = None
) -> list[X86CPU]:
    """All vCPUs that a machine starts with."""
    topology = smp_of(target, smp)
    return [cpu_of(target, model, props, smp, index) for index in range(topology.cpus)]


def cpu_of(
    target: Target,
    model: ModelString,
    props: Any = None,
    smp: SmpConfig | None = None,
    vcpu: int = 0,
    smp_cache: Sequence[Mapping[str, str]] = (),
) -> X86CPU:
    """What `guest_cpu` answers, of a model string that is parsed and for a target that is found."""
    cls = target.model(model.name)
    slots = _slots(target, cls, smp_of(target, smp), smp_cache)
    if type(vcpu) is not int or not 0 <= vcpu < len(slots.apic_ids):
        raise PyqomError(f"there is no vCPU {vcpu!r}, they are 0 to {len(slots.apic_ids) - 1}")
    found = target.configured(model, cls.typename)
    context = Context(
        target.accel,
        found.default_cpu_version,
        found.overrides,
        switches=found.switches,
        pre_plug=slots.pre_plug,
        warnings=[],
    )
    cpu: X86CPU = cls(context)
    apply_props(cpu, props)
    cpu.apic_id = slots.apic_ids[vcpu]
    cpu.realize(True)
    if slots.cache_places is not None:
        settle_smp_cache(slots.cache_places, cpu.caches.places())
    return cpu


def smp_of(target: Target, smp: SmpConfig | None) -> Smp:
    """The topology that is meant, on the target's machine type.  Raises PyqomError."""
    if smp is None:
        return Smp(1, 1)
    if isinstance(smp, int):
        smp = {"cpus": smp}
    texts = isinstance(smp, str)
    given: Any = parse_keyval(smp, "cpus") if isinstance(smp, str) else smp
    prop = target.types.get(target.machine.ancestors[-1]).find("smp")
    checked = (prop.keyval if texts else prop.check)(given, "smp", None)
    return parse_smp(target.machine, checked)


def _slots(target: Target, cls: Any, smp: Smp, smp_cache: Sequence[Mapping[str, str]]) -> CpuSlots:
    """The places for CPUs of a machine that has none yet."""
    topology = topology_of(smp)
    apic_ids = tuple(topology.apic_ids(smp.maxcpus))
    if has_cpu_slots(target.machine):
        check_apic_ids(apic_ids, target.accel)
    places = None
    if smp_cache:
        places = dict.fromkeys(CACHES, "default")
        set_smp_cache(target.machine, places, smp_cache)
    return CpuSlots(cls.typename, topology, apic_ids, lambda index: False, places)


def answered(table: Sequence[Row]) -> Iterator[Row]:
    """The leaves of a table that the CPU has: none beyond a range's highest.

    Of the leaves that tell the topology the first subleaf without a level is the last.
    """
    first = {leaf: registers for leaf, subleaf, *registers in table if subleaf == 0}
    last = {0: first[0][0]}
    for start in (0x40000000, 0x80000000, 0xC0000000):
        highest = first[start][0]
        last[start >> 28] = highest if highest >> 28 == start >> 28 else 0
    ended = -1
    for row in table:
        leaf, subleaf, _, _, ecx, _ = row
        if leaf > last[leaf >> 28] or (leaf == ended and subleaf):
            continue
        if leaf in (0xB, 0x1F) and not ecx & 0xFF00:
            ended = leaf
        yield row
