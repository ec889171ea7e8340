"""Hyper-V's leaves, by which a guest under KVM finds the enlightenments (``hyperv_fill_cpuids``).

Which bits an enlightenment sets is known to the accelerator, whose kernel has to have them.
"""

from __future__ import annotations

from pyqom.devices.cpu.x86.cpuid.facts import text_words
from pyqom.devices.cpu.x86.kinds import c_string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyqom.devices.cpu.x86.cpuid.facts import Registers
    from pyqom.devices.cpu.x86.cpuid.source import Source

VENDOR, INTERFACE, VERSION, FEATURES, RECOMMENDED, LIMITS = range(0x40000000, 0x40000006)
NESTED = 0x4000000A
SYNDBG = 0x40000080
"""The leaves; those between the limits and NESTED are zero, SYNDBG is the first of three."""

HYPERCALL = 1 << 5
"""In FEATURES EAX: any enlightenment needs it."""
MESSAGES_AND_EVENTS = 1 << 4 | 1 << 5
"""In FEATURES EBX: hypercalls of the interrupt controller."""
PARTITIONING = 1 << 3
"""In FEATURES EDX: Windows wants it for CPU hotplug."""
USE_MSRS = 1 << 3
"""In RECOMMENDED EAX: access the APIC by MSRs."""
NO_CORE_SHARING = 1 << 18
EVMCS_VERSIONS = 1 << 8 | 1
"""In NESTED EAX: the versions of the enlightened VMCS, the highest and the lowest."""
KERNEL_DEBUGGING = 1 << 1


def hyperv_leaves(source: Source) -> Iterator[tuple[int, Registers]]:
    """The leaves in order; none where the guest is not to see Hyper-V."""
    hyperv = source.cpu.accel.hyperv
    if hyperv is None or not hyperv.wanted(source.cpu):
        return
    for leaf, registers in _leaves(source):
        eax, ebx, ecx, edx = (value & 0xFFFFFFFF for value in registers)
        yield leaf, (eax, ebx, ecx, edx)


def _leaves(source: Source) -> Iterator[tuple[int, tuple[int, ...]]]:
    cpu = source.cpu
    on = _enabled(source)
    nested = _bits(source, NESTED)[0] | (EVMCS_VERSIONS if "hv-evmcs" in on else 0)
    last = NESTED if nested else LIMITS
    if "hv-syndbg" in on:
        last = max(last, SYNDBG + 2)
    yield VENDOR, (last, *text_words(c_string(cpu._hv_vendor_id or ""), 3))
    yield INTERFACE, cpu.hyperv_interface
    yield VERSION, _version(source)
    eax, ebx, _, edx = _bits(source, FEATURES)
    if "hv-synic" in on and not cpu._x_hv_synic_kvm_only:
        ebx |= MESSAGES_AND_EVENTS
    yield FEATURES, (eax | HYPERCALL, ebx, 0, edx | PARTITIONING)
    yield RECOMMENDED, (_recommended(source, on), cpu._hv_spinlocks, 0, 0)
    yield LIMITS, (cpu._x_hv_max_vps, *cpu.hyperv_limits)
    if nested:
        for leaf in range(LIMITS + 1, NESTED):
            yield leaf, (0, 0, 0, 0)
        yield NESTED, (nested, 0, 0, 0)
    if "hv-syndbg" in on:
        yield SYNDBG, (0, *text_words(b"Microsoft VS", 3))
        yield SYNDBG + 1, (*text_words(b"VS#1", 1), 0, 0, 0)
        yield SYNDBG + 2, (KERNEL_DEBUGGING, 0, 0, 0)


def _enabled(source: Source) -> set[str]:
    """The properties of the enlightenments that are on."""
    features = source.cpu.hyperv_features
    known = source.cpu.accel.hyperv.known
    return {each.property for each in known if features >> each.bit & 1}


def _bits(source: Source, wanted: int) -> list[int]:
    """What the enlightenments that are on set in a leaf."""
    found = [0, 0, 0, 0]
    for each in source.cpu.accel.hyperv.known:
        if source.cpu.hyperv_features >> each.bit & 1:
            for leaf, place, bits in each.flags:
                if leaf == wanted:
                    found[place] |= bits
    return found


def _version(source: Source) -> tuple[int, ...]:
    cpu = source.cpu
    return (
        cpu._hv_version_id_build,
        cpu._hv_version_id_major << 16 | cpu._hv_version_id_minor,
        cpu._hv_version_id_spack,
        cpu._hv_version_id_sbranch << 24 | cpu._hv_version_id_snumber & 0xFFFFFF,
    )


def _recommended(source: Source, on: set[str]) -> int:
    eax = _bits(source, RECOMMENDED)[0]
    if "hv-vapic" in on and "hv-avic" not in on:
        eax |= USE_MSRS
    sharing = source.cpu.hv_no_nonarch_coresharing
    if sharing == "on":
        eax |= NO_CORE_SHARING
    elif sharing == "auto":
        eax |= source.cpu.accel.hyperv.get(source.cpu, RECOMMENDED)[0] & NO_CORE_SHARING
    return eax
