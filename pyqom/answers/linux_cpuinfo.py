"""``/proc/cpuinfo`` as a Linux guest shows it, as far as CPUID decides it.

The kernel is Linux 6.12 for x86-64 (``data/linux-flags.json`` and ``data/linux-guest.json`` of
`pyqom.hosts`).  Left out is what the kernel measures (MHz, bogomips) or concludes from its own
tables and configuration (bugs, and the flags of their mitigations).
"""

from __future__ import annotations

from pyqom.devices.cpu.x86.features import number
from pyqom.devices.cpu.x86.filter import AMD
from pyqom.devices.cpu.x86.rules import INTEL, ZHAOXIN
from pyqom.errors import PyqomError
from pyqom.hosts.flags import REGISTERS, made_up_flags, shown_in_order
from pyqom.hosts.names import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from pyqom.devices.cpu.x86.cpu import X86CPU

OSXSAVE_AND_PKE = 1 << 18 | 1 << 22
"""What Linux has switched on in CR4, where it can."""

HYPERVISOR = 0x40000000


class LinuxCpu:
    """One vCPU as Linux has found it: CPUID with what the kernel has switched on.

    ``registers`` answers as the instruction does, but a leaf beyond the highest is zero: Linux does
    not look there.
    """

    def __init__(self, cpu: X86CPU) -> None:
        self.cpu = cpu
        low, _, _, high = cpu.cpuid(0xD)
        self._state: dict[str, Any] = {
            "cr4": OSXSAVE_AND_PKE,
            "xcr0": low | high << 32 if self._has_leaf(0xD) else 1,
            "long_mode": True,
        }

    def _has_leaf(self, leaf: int) -> bool:
        return leaf <= self.cpu.cpuid(leaf & 0xF0000000)[0]

    def registers(self, leaf: int, subleaf: int = 0) -> tuple[int, ...]:
        """The registers of a leaf."""
        if leaf >> 28 != 4 and not self._has_leaf(leaf):
            return 0, 0, 0, 0
        return self.cpu.cpuid(leaf, subleaf, **self._state)

    def hypervisor(self) -> str:
        """The signature in the first hypervisor leaf."""
        _, *words = self.registers(HYPERVISOR)
        raw = b"".join(word.to_bytes(4, "little") for word in words)
        return raw.rstrip(b"\0").decode("latin-1")

    def flags(self) -> list[str]:
        """The flags, in the kernel's names and order."""
        cpu = self.cpu
        made_up = load("linux-guest.json", "flags", "power-management")["flags"]
        found = []
        derived = made_up_flags(cpu.vendor)
        for name, bits in shown_in_order():
            on = any(self._bit(*bit) for bit in (*bits, *derived.get(name, ())))
            if on or any(map(self._holds, made_up.get(name, ()))):
                found.append(name)
        return found

    def _bit(self, leaf: int, subleaf: int, register: int, bit: int) -> bool:
        return bool(self.registers(leaf, subleaf)[register] >> bit & 1)

    def _holds(self, condition: Mapping[str, Any]) -> bool:
        """Whether a condition of ``linux-guest.json`` holds."""
        cpu = self.cpu
        if "vendors" in condition and cpu.vendor not in condition["vendors"]:
            return False
        if "hypervisor" in condition and condition["hypervisor"] != self.hypervisor():
            return False
        if condition.get("family", cpu.family) != cpu.family:
            return False
        if cpu.family < condition.get("least-family", 0):
            return False
        if cpu._model < condition.get("least-model", 0):
            return False
        if "leaf" not in condition:
            return True
        register = REGISTERS.index(condition["register"])
        found = self.registers(number(condition["leaf"]))[register]
        return bool(found & number(condition["mask"]))

    def cache_size(self) -> int:
        """The largest cache in KiB as Linux finds it: by leaf 4, or AMD's L2 cache; 0 for none."""
        if self.cpu.vendor == INTEL or self.cpu.vendor in ZHAOXIN:
            sizes: dict[int, int] = {}
            for subleaf in range(4):
                eax, ebx, ecx, _ = self.registers(4, subleaf)
                if eax & 31:
                    ways, partitions = (ebx >> 22) + 1, (ebx >> 12 & 0x3FF) + 1
                    size = ways * partitions * ((ebx & 0xFFF) + 1) * (ecx + 1)
                    level = eax >> 5 & 7
                    sizes[level] = sizes.get(level, 0) + size // 1024
            return sizes.get(3) or sizes.get(2) or sizes.get(1, 0)
        return self.registers(0x80000006)[2] >> 16

    def tlb_size(self) -> int:
        """How many 4K pages AMD's L2 TLBs have; 0 where Linux does not look."""
        if self.cpu.vendor == INTEL:
            return 0
        ebx = self.registers(0x80000006)[1]
        return (ebx >> 16 & 0xFFF) + (ebx & 0xFFF)

    def microcode(self) -> int:
        """The microcode revision that Linux reads in the MSR; AMD has it in the lower half."""
        revision = int(self.cpu._ucode_rev)
        return revision & 0xFFFFFFFF if self.cpu.vendor in AMD else revision >> 32

    def power_management(self) -> list[str]:
        """The names behind ``power management``."""
        names = load("linux-guest.json", "flags", "power-management")["power-management"]["names"]
        power = self.registers(0x80000007)[3]
        return [name for bit, name in enumerate(names) if name and power >> bit & 1]


def cpuinfo(cpus: Sequence[X86CPU], wanted: int | None = None) -> list[dict[str, Any]]:
    """The fields of ``/proc/cpuinfo`` in its order, one dict a vCPU; `wanted` picks one of them.

    `cpus` are all realized vCPUs that a machine starts with, in their order: how many of them share
    a package is counted.  Flags are a list, sizes numbers.  Raises PyqomError for a CPU without
    long mode, on which that Linux does not start.
    """
    if not cpus[0].get("lm"):
        raise PyqomError(f"Linux for x86-64 does not start on '{cpus[0].typename}': no long mode")
    places = [cpu.topology.ids(cpu.apic_id) for cpu in cpus]
    shown = range(len(cpus)) if wanted is None else (wanted,)
    answers = []
    for index in shown:
        package = [place for place in places if place.socket == places[index].socket]
        cores = {(place.die, place.module, place.core) for place in package}
        answers.append(_one(index, cpus[index], len(package), len(cores)))
    return answers


def _one(index: int, cpu: X86CPU, siblings: int, cores: int) -> dict[str, Any]:
    linux = LinuxCpu(cpu)
    core, _, _, package = cpu.topology.offsets()
    widths = linux.registers(0x80000008)[0]
    flags = linux.flags()
    line = linux.registers(1)[1] >> 8 & 0xFF
    found: dict[str, Any] = {
        "processor": index,
        "vendor_id": cpu.vendor,
        "cpu family": cpu.family,
        "model": cpu.model,
        "model name": cpu.model_id.strip() or "unknown",
        "stepping": cpu.stepping,
        "microcode": linux.microcode(),
        "cache size": linux.cache_size(),
        "physical id": cpu.apic_id >> package,
        "siblings": siblings,
        "core id": (cpu.apic_id & (1 << package) - 1) >> core,
        "cpu cores": cores,
        "apicid": cpu.apic_id,
        "initial apicid": cpu.apic_id,
        "fpu": "fpu" in flags,
        "fpu_exception": "fpu" in flags,
        "cpuid level": linux.registers(0)[0],
        "wp": True,
        "flags": flags,
        "TLB size": linux.tlb_size(),
        "clflush size": line * 8,
        "cache_alignment": line * (16 if cpu.vendor == INTEL and cpu.family == 15 else 8),
        "address sizes": [widths & 0xFF, widths >> 8 & 0xFF],
        "power management": linux.power_management(),
    }
    for name in ("microcode", "cache size", "TLB size"):
        if not found[name]:
            del found[name]
    return found
