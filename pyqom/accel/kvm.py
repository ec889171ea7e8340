"""KVM: what a host's kernel lets QEMU give to a guest (``target/i386/kvm/kvm-cpu.c``).

The host is a record (`pyqom.hosts`), of this machine or of any other: nothing is asked of
``/dev/kvm`` here.
"""

from __future__ import annotations

from pyqom.accel.accelerator import Accelerator
from pyqom.accel.hyperv import NEVER, HyperV
from pyqom.accel.kvmvcpu import MCG_LMCE_P, check_machine, init_vcpu
from pyqom.accel.kvmwords import (
    INTEL_PT_LIP,
    Mode,
    brand,
    capability,
    identity,
    kvm_data,
    placed_areas,
    saved_areas,
    supported_words,
    traces_as_promised,
)
from pyqom.devices.cpu.x86.data import within
from pyqom.devices.cpu.x86.facts import UNSET
from pyqom.devices.cpu.x86.filter import mark_unavailable
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.hosts.host import Host
    from pyqom.machines.machine import MachineType
    from pyqom.release import Release
    from pyqom.reports import Reports

IRQCHIPS = ("on", "split", "off")
"""Where the interrupt controllers are: all in the kernel, the local APICs alone, or none."""

TILES = "XSAVE.XCR0.LO:18"
"""The state that a process must be allowed to have (``XSTATE_DYNAMIC_MASK``)."""

IDENTITY = ("vendor", "family", "model", "stepping", "model-id")

MSR_IA32_UCODE_REV = 0x8B
MSR_IA32_UMWAIT_CONTROL = 0xE1


class KVM(Accelerator):
    """KVM of one host for one release; immutable, many machines share one.

    ``irqchip`` is one of `IRQCHIPS`, or None for what the machine type has by itself; ``cpu_pm`` is
    ``-overcommit cpu-pm=on``.  A machine type has its own form of it (`on`).
    """

    name = "kvm"
    uses_host_cpuid = True

    def __init__(
        self,
        release: Release,
        host: Host,
        irqchip: str | None = None,
        cpu_pm: bool = False,
        *,
        pc: bool = True,
        defaults: Mapping[str, bool | None] | None = None,
    ) -> None:
        super().__init__(release)
        if irqchip is not None and irqchip not in IRQCHIPS:
            raise PyqomError(f"kernel-irqchip is {', '.join(IRQCHIPS)}, not {irqchip!r}")
        in_kernel = irqchip != "off"
        if in_kernel or not self.has_wide_apic_ids:
            self.has_wide_apic_ids = in_kernel and capability(host, "KVM_CAP_X2APIC_API") > 0
        self.can_set_vp_index = capability(host, "KVM_CAP_HYPERV_VP_INDEX") > 0
        self.host = host
        self.irqchip = irqchip
        self.mode = Mode(irqchip or "on", cpu_pm, pc)
        self._supported = supported_words(release, host, self.mode)
        self.model_props = _model_props(release, self.mode.irqchip, defaults or {})
        self.avx10_version = host.kvm_cpuid(0x24)[1] & 0xFF
        self.xsave_areas = saved_areas(release, self._supported)
        self.placed_areas = placed_areas(release, self._supported, self.xsave_areas)
        strict = "host-identity-follows-the-manual" in release.rules
        self.vendor, self.family, self.model, self.stepping = identity(host, strict)
        self.brand = brand(host)
        if self.vendor:
            self.identity = IDENTITY
        self._every_vendor = "every-model-has-the-host-vendor" in release.rules
        self.hyperv = HyperV(release, host)
        areas = tuple(area.number for area in self.xsave_areas)
        self._alike = self.name, self.vendor, self.model_props, areas
        self._own: dict[Any, dict[Any, Any]] = {}
        self._forms: dict[object, KVM] = {}

    def on(self, machine: MachineType) -> KVM:
        """This accelerator as machines of a type have it: their irqchip, their old defaults."""
        split = machine.fields.get("default-kernel-irqchip-split")
        irqchip = self.irqchip or ("split" if split else "on")
        defaults = machine.fields.get("kvm-defaults") or {}
        pc = "generic-pc-machine" in machine.ancestors
        key = irqchip, pc, tuple(defaults.items())
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = KVM(
                self.release, self.host, irqchip, self.mode.cpu_pm, pc=pc, defaults=defaults
            )
        return form

    def expands_like(self, cls: Any) -> object:
        """Hosts whose vendor and XSAVE areas are alike are so for all models but max and host."""
        return self if cls.max_features else self._alike

    def kept(self, cls: Any) -> dict[Any, Any]:
        """CPUs that are this host's own do not outlive it."""
        return self._own.setdefault(cls, {}) if cls.max_features else super().kept(cls)

    def supported(self, index: int) -> int:
        return self._supported[index]

    def init_cpu(self, cpu: X86CPU) -> None:
        """The host's vendor, KVM's own values, and all of the host's identity for max and host."""
        if cpu.max_features:
            self._init_max(cpu)
        elif self.vendor and (cpu.definition is not None or self._every_vendor):
            self._give(cpu, "vendor", self.vendor)
        if cpu.definition is not None:
            for name, value in self.model_props:
                self._give(cpu, name, value)

    def _give(self, cpu: X86CPU, name: str, value: bool | int | str) -> None:
        cpu.set(name, value)
        if cpu.context.trace:
            cpu.context.trace.did("accelerator", "kvm", name)

    def _init_max(self, cpu: X86CPU) -> None:
        """``host_cpu_max_instance_init`` and ``kvm_cpu_max_instance_init``."""
        given = {
            "vendor": self.vendor,
            "host-phys-bits": True,
            "family": self.family,
            "model": self.model,
            "stepping": self.stepping,
            "model-id": self.brand,
            "pmu": True,
        }
        if not self.identity:
            given = {name: given[name] for name in given if name not in IDENTITY}
        if (self.host.mce_cap or 0) & MCG_LMCE_P:
            given["lmce"] = True
        for name, value in given.items():
            self._give(cpu, name, value)  # type: ignore[arg-type]
        cpu._min_level = self.host.kvm_cpuid(0)[0]
        cpu._min_xlevel = self.host.kvm_cpuid(0x80000000)[0]
        cpu._min_xlevel2 = self.host.kvm_cpuid(0xC0000000)[0]
        if cpu.context.trace:
            cpu.context.trace.did("accelerator", "kvm")

    def expanded_cpu(self, cpu: X86CPU) -> None:
        """Look at Hyper-V, where KVM can be asked about it before there is a CPU."""
        if cpu._apic_id != UNSET:  # a CPU that is to run, not one that is only asked about
            self._ask_for_tiles(cpu)
        if cpu.hyperv_features or cpu._hv_passthrough or cpu._hv_spinlocks != NEVER:
            if self.hyperv.wanted(cpu) and self.hyperv.by_system:
                self.hyperv.expand(cpu)

    def filter_cpu(self, cpu: X86CPU, why: str | None) -> None:
        """Intel PT goes where the host's is another than the one that guests are shown."""
        index, mask = cpu.facts.features.place("intel-pt")
        if cpu.words[index] & mask:
            lip = cpu.facts.features.index["14.0.ECX"]
            if not traces_as_promised(self.host, bool(cpu.words[lip] & INTEL_PT_LIP)):
                mark_unavailable(cpu, index, mask, why)

    def realize_cpu(self, cpu: X86CPU) -> None:
        """What the host decides when a CPU comes to life (``kvm_cpu_realizefn``)."""
        if cpu.max_features:
            if self.mode.cpu_pm:
                self._allow_waiting(cpu)
            if not cpu._ucode_rev:
                cpu._ucode_rev = self.host.msr(MSR_IA32_UCODE_REV)
        if cpu.get("lm"):
            self._settle_phys_bits(cpu)
            if cpu.has_property("guest-phys-bits") and cpu._guest_phys_bits == UNSET:
                self._settle_guest_phys_bits(cpu)

    def _allow_waiting(self, cpu: X86CPU) -> None:
        """Let max and host see the instructions that wait (``-overcommit cpu-pm=on``)."""
        if MSR_IA32_UMWAIT_CONTROL in self.host.msr_indices:
            cpu.set("waitpkg", True)
        if "cpu-pm-forces-monitor" in self.release.rules:
            cpu.set("monitor", True)
        if cpu.get("monitor"):
            cpu.mwait = self.host.cpuid(5)

    def _ask_for_tiles(self, cpu: X86CPU) -> None:
        """Linux refuses AMX tiles to guests where the CPU has none, whatever KVM lists."""
        index, tiles = cpu.facts.features.place(TILES)
        own = self.host.hardware.get((0xD, 0))
        asked = cpu.words[index] & self._supported[index] & tiles
        if asked and own is not None and not own[0] & tiles:
            bit = tiles.bit_length() - 1
            text = f"prctl(ARCH_REQ_XCOMP_GUEST_PERM) failure for feature bit {bit}"
            cpu.warn(text, once=True)

    def _settle_phys_bits(self, cpu: X86CPU) -> None:
        """The host's width where it is asked for; a warning where another one is."""
        own = host_phys_bits(self.host)
        if cpu._phys_bits not in (0, own):
            cpu.warn(
                f"Host physical bits ({own}) does not match phys-bits property ({cpu._phys_bits})",
                once=True,
            )
        if cpu._host_phys_bits:
            limit = cpu._host_phys_bits_limit
            cpu._phys_bits = min(own, limit) if limit else own

    def _settle_guest_phys_bits(self, cpu: X86CPU) -> None:
        """What KVM says of the width that a guest can use (``kvm_set_guest_phys_bits``)."""
        bits = self.host.kvm_cpuid(0x80000008)[0] >> 16 & 0xFF
        if bits:
            bits = min(bits, cpu._phys_bits)
            if cpu._host_phys_bits and cpu._host_phys_bits_limit:
                bits = min(bits, cpu._host_phys_bits_limit)
            cpu._guest_phys_bits = bits

    def init_vcpu(self, cpu: X86CPU) -> None:
        """The APIC, and what the kernel would refuse."""
        own_apic = cpu.get("apic") or cpu.context.boot_cpus > 1
        outside = self.mode.irqchip == "off" and own_apic
        if outside and "kvm-needs-its-apic" in self.release.rules:
            raise PyqomError("KVM does not support userspace APIC")
        init_vcpu(self, cpu)
        if outside:
            cpu.warn("Userspace local APIC is deprecated for KVM.")
            cpu.warn("Do not use kernel-irqchip except for the -M isapc machine type.")

    def check_machine(self, machine: Any, reports: Reports) -> None:
        """How many CPUs the kernel can have."""
        check_machine(self, machine, reports)

    def has(self, name: str) -> int:
        """What the host's KVM answers for a capability of ``data/kvm.json`` by its name."""
        return capability(self.host, name)


def host_phys_bits(host: Host) -> int:
    """The width of the host's physical addresses (``host_cpu_phys_bits``)."""
    if host.cpuid(0x80000000)[0] >= 0x80000008:
        return host.cpuid(0x80000008)[0] & 0xFF
    return 36


def _model_props(
    release: Release, irqchip: str, defaults: Mapping[str, bool | None]
) -> tuple[tuple[str, bool | int | str], ...]:
    """What KVM sets on every model; None in a machine type's `defaults` leaves one as it is."""
    data = kvm_data()
    props = {
        name: value
        for name, entry in data["default-props"].items()
        if (value := within(entry, release)) is not None
    }
    own = data["irqchip-props"].get(irqchip, {})
    changed = {**props, **{name: defaults[name] for name in props if name in defaults}, **own}
    return tuple((name, value) for name, value in changed.items() if value is not None)
