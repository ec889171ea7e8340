"""Leaves that show feature words, and those that a feature brings with it."""

from __future__ import annotations

from pyqom.devices.cpu.x86.cpuid.facts import ZERO
from pyqom.devices.cpu.x86.cpuid.state import CR4_PKE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.devices.cpu.x86.cpuid.facts import Registers
    from pyqom.devices.cpu.x86.cpuid.source import Source
    from pyqom.devices.cpu.x86.cpuid.state import State

OSPKE = 1 << 4
SGX = 1 << 2
SGX_LC = 1 << 30
LIP = 1 << 31
PERFMON_V2 = 1


def leaf_5(source: Source, subleaf: int, state: State) -> Registers:
    """MONITOR and MWAIT: what the accelerator found, and that interrupts always wake."""
    mwait: Registers = source.cpu.mwait
    return tuple(a | b for a, b in zip(mwait, source.facts.monitor, strict=True))  # type: ignore[return-value]


def leaf_6(source: Source, subleaf: int, state: State) -> Registers:
    """Power and temperature."""
    eax, _, _, _ = source.registers(6)
    return eax, 0, 0, 0


def leaf_7(source: Source, subleaf: int, state: State) -> Registers:
    """The structured features, and how many subleaves they have."""
    eax, ebx, ecx, edx = source.registers(7, subleaf)
    if subleaf:
        return eax, ebx, ecx, edx
    if source.has("pku") and state.cr4 & CR4_PKE:
        ecx |= OSPKE
    if "sgx-follows-the-host" in source.rules:
        host = source.supported(7, 0)
        if not host[1] & SGX:
            ebx &= ~SGX
        if not (ebx & SGX and host[2] & SGX_LC):
            ecx &= ~SGX_LC
    return source.cpu._level_func7, ebx, ecx, edx


def leaf_a(source: Source, subleaf: int, state: State) -> Registers:
    """The host's PMU."""
    return source.supported(0xA, subleaf) if source.cpu._pmu else ZERO


def leaf_12(source: Source, subleaf: int, state: State) -> Registers:
    """SGX, which only KVM gives; a machine without EPC memory has no sections."""
    if not source.kvm or not source.has("sgx") or subleaf > 1:
        return ZERO
    eax, ebx, ecx, edx = source.supported(0x12, subleaf)
    if subleaf == 0:
        return eax & source.word("12.0.EAX"), ebx & source.word("12.0.EBX"), ecx, edx
    ecx = ecx & source.word("XSAVE.XCR0.LO") | 0b11
    # PROVISIONKEY (bit 4) would need /dev/sgx_provision.
    return (
        eax & source.word("12.1.EAX") & ~(1 << 4),
        0,
        ecx,
        edx & source.word("XSAVE.XCR0.HI"),
    )


def leaf_14(source: Source, subleaf: int, state: State) -> Registers:
    """Intel processor trace, which only KVM gives: the same on every host."""
    if not source.kvm or not source.has("intel-pt"):
        return ZERO
    eax, ebx, ecx, edx = constants(source, 0x14, subleaf)
    if subleaf == 0 and source.has("intel-pt-lip"):
        ecx |= LIP
    return eax, ebx, ecx, edx


def leaf_1c(source: Source, subleaf: int, state: State) -> Registers:
    """The host's branch records."""
    if not source.cpu._pmu or not source.has("arch-lbr") or not source.uses_host:
        return ZERO if source.uses_host else source.facts.unset
    eax, ebx, ecx, _ = source.supported(0x1C, 0)
    return eax, ebx, ecx, 0


def leaf_1d(source: Source, subleaf: int, state: State) -> Registers:
    """The tiles of AMX."""
    return constants(source, 0x1D, subleaf) if source.has("amx-tile") else ZERO


def leaf_1e(source: Source, subleaf: int, state: State) -> Registers:
    """The multiplier of AMX, and in subleaf 1 its later features."""
    if not source.has("amx-tile"):
        return ZERO
    if subleaf == 1:
        return source.word("1E.1.EAX"), 0, 0, 0
    return constants(source, 0x1E, subleaf)


def constants(source: Source, leaf: int, subleaf: int) -> Registers:
    """What every CPU with the feature has in a leaf."""
    known = source.facts.subleaves[leaf]
    return known[subleaf] if subleaf < len(known) else ZERO


def leaf_24(source: Source, subleaf: int, state: State) -> Registers:
    """The version of AVX10 and its vector lengths, and in subleaf 1 its later features."""
    if not source.has("avx10"):
        return ZERO
    eax, ebx, ecx, edx = source.registers(0x24, subleaf)
    if subleaf == 0:
        version = source.cpu._avx10_version
        ebx |= version
        for known in source.cpu.facts.avx10_versions:
            if known.number <= max(version, source.cpu.avx10_asked):
                eax = known.max_subleaf
    return eax, ebx, ecx, edx


def leaf_29(source: Source, subleaf: int, state: State) -> Registers:
    """APX."""
    if subleaf or not source.has("apxf"):
        return ZERO
    return 0, source.word("29.0.EBX"), 0, 0


def leaf_80000007(source: Source, subleaf: int, state: State) -> Registers:
    """Advanced power management; machine check banks where not Intel's."""
    eax, ebx, ecx, edx = source.registers(0x80000007)
    if source.intel and source.option("x-vendor-cpuid-only-v2"):
        ebx = 0
    return eax, ebx, ecx, edx


def leaf_8000000a(source: Source, subleaf: int, state: State) -> Registers:
    """SVM."""
    if not source.has("svm"):
        return ZERO
    svm = source.facts.svm
    return svm["revision"], svm["asids"], 0, source.word("SVM")


def leaf_80000022(source: Source, subleaf: int, state: State) -> Registers:
    """AMD's performance counters, of the host's number."""
    if not source.kvm or not source.cpu._pmu or not source.word("80000022.EAX") & PERFMON_V2:
        return ZERO
    return PERFMON_V2, source.supported(0x80000022, subleaf)[1] & 0xF, 0, 0


def leaf_80000021(source: Source, subleaf: int, state: State) -> Registers:
    """AMD's later features."""
    eax, ebx, ecx, edx = source.registers(0x80000021)
    return eax, ebx, ecx, edx
