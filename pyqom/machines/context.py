"""The context that a machine type gives to its devices, without a machine."""

from __future__ import annotations

from pyqom.devices.context import Context, Override

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pyqom.accel.accelerator import Accelerator
    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.machines.machine import MachineType

def machine_context(machine: MachineType, accel: Accelerator) -> Context:
    """The context of a machine type under an accelerator, as it starts without options; shared."""
    contexts: dict[MachineType, Context] = accel.contexts
    found = contexts.get(machine)
    if found is None:
        found = contexts[machine] = Context(
            accel,
            machine.default_cpu_version,
            compat_overrides(machine, accel),
            pre_plug=_boot_slot(machine) if has_cpu_slots(machine) else None,
        )
    return found


def has_cpu_slots(machine: MachineType) -> bool:
    """Whether the machine type keeps account of its CPUs (``x86_cpu_pre_plug``)."""
    return "x86-machine" in machine.ancestors


def _boot_slot(machine: MachineType) -> Callable[[X86CPU], None]:
    """The CPU slots of a machine that was started without options: one, and its CPU is there."""

    def pre_plug(cpu: X86CPU) -> None:
        from pyqom.devices.cpu.x86.plug import CpuSlots
        from pyqom.devices.cpu.x86.topology import Topology

        assert machine.default_cpu_type is not None
        CpuSlots(machine.default_cpu_type, Topology(), (0,), lambda index: True).pre_plug(cpu)

    return pre_plug


def compat_overrides(machine: MachineType, accel: Accelerator) -> tuple[Override, ...]:
    """The compat properties of the accelerator, then those of the machine type."""
    own = [
        Override(driver, name, value, layer="accelerator", source=f"{accel.name} compat")
        for driver, name, value in accel.compat_props
    ]
    machines = [
        Override(
            entry.driver,
            entry.property,
            entry.value,
            layer="machine",
            source=entry.list,
            machine=entry.version,
            optional=entry.optional,
        )
        for entry in machine.compat_props
    ]
    return (*own, *machines)
