"""Bringing an x86 CPU to life (QEMU ``x86_cpu_realizefn``, ``target/i386/cpu.c``)."""

from __future__ import annotations

from pyqom.devices.cpu.x86 import rules
from pyqom.devices.cpu.x86.cpuid.caches import settle_caches
from pyqom.devices.cpu.x86.facts import UNSET
from pyqom.devices.cpu.x86.filter import AMD, filter_features
from pyqom.devices.cpu.x86.loading import caches_of, versions_of
from pyqom.devices.cpu.x86.rules import LBR_FMT_MASK, LBR_FMT_UNSET
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.devices.cpu.x86.cpu import X86CPU

MOST_PHYS_BITS = 52
"""``TARGET_PHYS_ADDR_SPACE_BITS``."""
TCG_PHYS_BITS = 40
"""What a CPU has that nobody gave phys-bits (``TCG_PHYS_ADDR_BITS``)."""


def realize(cpu: X86CPU) -> None:
    """Expand, filter and check a configured CPU, in QEMU's order.

    Raises PyqomError with QEMU's text where the configuration cannot be had.  Warnings go to the
    context.
    """
    if cpu._x_vendor_cpuid_only_v2 and not cpu._x_vendor_cpuid_only and _has_v2(cpu):
        raise PyqomError("x-vendor-cpuid-only-v2 property depends on x-vendor-cpuid-only")
    if cpu._apic_id == UNSET:
        raise PyqomError("apic-id property was not initialized properly")
    cpu.user_tsc_frequency = cpu._tsc_frequency
    _name_hyperv_vendor(cpu)
    rules.expand(cpu)
    _set_lbr_format(cpu)
    accel = "Host" if cpu.accel.uses_host_cpuid else "TCG"
    wants_warnings = cpu._check or cpu._enforce
    prefix = "host" if cpu.accel.uses_host_cpuid else "TCG"
    why = f"{prefix} doesn't support requested feature" if wants_warnings else None
    if filter_features(cpu, why) and cpu._enforce:
        raise PyqomError(f"{accel} doesn't support requested features")
    if cpu.vendor in AMD:
        _repeat_amd_aliases(cpu)
    cpu.accel.realize_cpu(cpu)
    if cpu.host_cpuid_required and not cpu.accel.uses_host_cpuid:
        raise needs_host(cpu.typename.removesuffix("-x86_64-cpu"))
    if cpu._guest_phys_bits == UNSET:
        cpu._guest_phys_bits = 0
    if not cpu._ucode_rev:
        cpu._ucode_rev = 0x01000065 if cpu.vendor in AMD else 0x100000000
    _warn_of_threads(cpu)
    _settle_phys_bits(cpu)
    if not cpu._legacy_cache and not _has_caches(cpu):
        name = cpu.typename.removesuffix("-x86_64-cpu")
        raise PyqomError(f"CPU model '{name}' doesn't support legacy-cache=off")
    cpu.caches = settle_caches(cpu)
    if cpu.cache_places is not None:
        cpu.caches = cpu.caches.placed(cpu.cache_places)
    _check_apic_id(cpu)
    cpu.accel.init_vcpu(cpu)


def needs_host(model: str) -> PyqomError:
    """The error of a model that is the host's CPU, where the accelerator has none."""
    return PyqomError(f"CPU model '{model}' requires KVM or HVF")


def _check_apic_id(cpu: X86CPU) -> None:
    """An APIC id beyond 254 is one of the x2APIC."""
    if cpu._apic_id > 254 and "wide-apic-ids-need-x2apic" in cpu.facts.rules:
        if not cpu.get("x2apic"):
            raise PyqomError(
                f"APIC ID {cpu._apic_id} requires x2APIC feature in CPU\nTry x2apic=on in -cpu."
            )


def _has_v2(cpu: X86CPU) -> bool:
    return cpu.has_property("x-vendor-cpuid-only-v2")


def _name_hyperv_vendor(cpu: X86CPU) -> None:
    if cpu._hv_vendor_id is None:
        cpu._hv_vendor_id = "Microsoft Hv"
    if len(cpu._hv_vendor_id.encode()) > 12:
        cpu.warn("hv-vendor-id truncated to 12 characters")


def _set_lbr_format(cpu: X86CPU) -> None:
    """A user's lbr-fmt replaces the format in perf-capabilities; only KVM with a PMU has any."""
    index = cpu.facts.features.index["perf-capabilities"]
    if cpu._lbr_fmt != LBR_FMT_UNSET:
        if cpu._lbr_fmt & ~LBR_FMT_MASK:
            raise PyqomError("invalid lbr-fmt")
        cpu.words[index] = cpu.words[index] & ~LBR_FMT_MASK | cpu._lbr_fmt
    wanted = cpu.words[index] & LBR_FMT_MASK
    if wanted and cpu.accel.name == "kvm":
        if not cpu.pmu:
            raise PyqomError("vPMU: LBR is unsupported without pmu=on")
        host = cpu.accel.supported(index) & LBR_FMT_MASK
        if wanted != host:
            raise PyqomError(
                f"vPMU: the lbr-fmt value (0x{wanted:x}) does not match"
                f" the host value (0x{host:x})."
            )


def _repeat_amd_aliases(cpu: X86CPU) -> None:
    """AMD repeats bits of leaf 1 in leaf 80000001h."""
    features = cpu.facts.features
    target, source = features.index["80000001.EDX"], features.index["1.EDX"]
    mask = features.words[target].amd_aliases
    cpu.words[target] = cpu.words[target] & ~mask | cpu.words[source] & mask


def _warn_of_threads(cpu: X86CPU) -> None:
    if cpu.vendor not in AMD or cpu.threads_per_core < 2 or cpu.get("topoext"):
        return
    hint = "Please configure -smp options properly or try enabling topoext feature."
    text = f"This family of AMD CPU doesn't support hyperthreading({cpu.threads_per_core})"
    glue = ". " if "thread-warning-is-one-line" in cpu.facts.rules else "\n"
    cpu.warn(text + glue + hint, once=True)


def _settle_phys_bits(cpu: X86CPU) -> None:
    """The width of physical addresses: the user's, or 40 bits; 36 or 32 without long mode."""
    bits = cpu._phys_bits
    if cpu.get("lm"):
        _check_phys_bits(cpu, bits)
        cpu._phys_bits = bits = bits or TCG_PHYS_BITS
        guest = cpu._guest_phys_bits
        if guest and not 32 <= guest <= bits:
            raise PyqomError(f"guest-phys-bits should be between 32 and {bits}  (but is {guest})")
        return
    if bits:
        raise PyqomError("phys-bits is not user-configurable in 32 bit")
    if cpu._guest_phys_bits:
        raise PyqomError("guest-phys-bits is not user-configurable in 32 bit")
    wide = cpu.get("pse36") or ("pae-widens-addresses" in cpu.facts.rules and cpu.get("pae"))
    cpu._phys_bits = 36 if wide else 32


def _check_phys_bits(cpu: X86CPU, bits: int) -> None:
    if "phys-bits-have-no-upper-bound" in cpu.facts.rules:
        if 0 < bits < 32:
            raise PyqomError(f"phys-bits should be at least 32 (but is {bits})")
    elif bits and not 32 <= bits <= MOST_PHYS_BITS:
        raise PyqomError(f"phys-bits should be between 32 and {MOST_PHYS_BITS}  (but is {bits})")


def _has_caches(cpu: X86CPU) -> bool:
    return cpu.definition is not None and caches_of(cpu, versions_of(cpu)) is not None
