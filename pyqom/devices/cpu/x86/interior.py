"""What an x86 CPU of a machine has inside: its local APIC, and the memory that it sees.

QEMU ``x86_cpu_apic_create`` (``target/i386/cpu-apic.c``), ``hw/intc/apic_common.c`` and
``target/i386/tcg/system/tcg-cpu.c``.  All but the first CPU's vapic is made when somebody looks.
"""

from __future__ import annotations

from pyqom.devices.interior import new_region, space
from pyqom.types.tree import Coming

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.devices.cpu.x86.cpu import X86CPU

WHOLE = (1 << 64) - 1
APIC_BASE = 0xFEE00000
APIC_SIZE = 1 << 20
APIC_PRIORITY = 0x1000
SMRAM_SIZE = 1 << 32
NAMES = ("lapic", "memory[0]", "memory[1]", "smram[0]")


class CPUParts(Coming):
    """The parts of the CPUs of any machine."""

    def has(self, obj: Any, name: str) -> bool:
        return name in NAMES

    def bring(self, obj: Any) -> None:
        if has_apic(obj):
            self._apic(obj)
        if obj.accel.name == "tcg":
            self._memory(obj)

    def take_back(self, obj: Any) -> None:
        for name in NAMES:
            if name in obj._dynamic:
                obj.del_property(name)

    def _apic(self, cpu: Any) -> None:
        apic = new_apic(cpu)
        cpu.add_child("lapic", apic)
        apic.property("id").store(apic, cpu._apic_id)
        apic._hotplugged = False
        apic._realized = True
        board = cpu.board
        if board.first_apic is cpu:
            where = space(board.unattached, "memory")
            new_region(apic, "apic-msi", APIC_SIZE, APIC_BASE, where, APIC_PRIORITY)
        else:
            new_region(apic, "apic-msi", APIC_SIZE)

    def _memory(self, cpu: Any) -> None:
        whole = new_region(cpu, "memory", WHOLE)
        new_region(cpu, "memory", WHOLE, 0, whole)
        machine = cpu.board.machine
        if machine.has_property("smram"):
            new_region(cpu, "smram", SMRAM_SIZE, 0, whole, 1)


PARTS = CPUParts()


def has_apic(cpu: Any) -> bool:
    """Whether a CPU has a local APIC: each has one where there are several CPUs."""
    return bool(cpu.get("apic")) or cpu.board.machine.smp_config.cpus > 1


def new_apic(cpu: Any) -> Any:
    """A local APIC, as the machine and globals want it."""
    return cpu.board.new("apic", cpu.context)


def furnish(cpu: X86CPU) -> None:
    """Give a CPU that comes to life in a machine its parts."""
    board = cpu.board
    if board.first_apic is None and has_apic(cpu):
        board.first_apic = cpu
        apic = new_apic(cpu)
        if apic.get("vapic"):
            board.new("kvmvapic", cpu.context).realize_on(board.system_bus)
    cpu.expect(PARTS)
    cpu.on_unrealize(lambda: cpu.forget(PARTS))
