"""What KVM may refuse: machines with too many CPUs, and CPUs when their turn comes.

QEMU ``kvm_init`` (``accel/kvm/kvm-all.c``) and ``kvm_arch_init_vcpu``
(``target/i386/kvm/kvm.c``), as far as a record of the host tells what the kernel would say.
"""

from __future__ import annotations

from pyqom.accel.kvmwords import capability
from pyqom.devices.cpu.x86.rules import INTEL, ZHAOXIN
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.accel.kvm import KVM
    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.hosts.host import Host

NOT_SUPPORTED = "Operation not supported"

NO_TSC = -95
"""What QEMU has for a frequency where KVM cannot tell it (``-ENOTSUP``)."""

MCG_CAP_DEFAULT = 0x1000100
"""The machine check capabilities of every CPU but the number of banks (``MCG_CAP_DEF``)."""
MCG_LMCE_P = 1 << 27
"""A machine check may be told to one CPU alone (IA32_MCG_CAP)."""
MCE_BANKS = 10

BUILT_IN_CPUS = 4
"""How many CPUs KVM is taken to recommend where it does not say."""


class TooManyCpus(PyqomError):
    """More CPUs than KVM has; ``bare`` where QEMU prints it without its name before it."""

    bare = False


def check_machine(kvm: KVM, machine: Any, reports: Any) -> None:
    """Warn of more CPUs than KVM recommends.  Raises PyqomError where it cannot have so many."""
    recommended = kvm.has("KVM_CAP_NR_VCPUS") or BUILT_IN_CPUS
    most = kvm.has("KVM_CAP_MAX_VCPUS") or recommended
    smp = machine.smp_config
    for what, number in (("SMP", smp.cpus), ("hotpluggable", smp.maxcpus)):
        if number <= recommended:
            continue
        text = f"Number of {what} cpus requested ({number}) exceeds the"
        reports.append(f"{text} recommended cpus supported by KVM ({recommended})")
        if number > most:
            error = TooManyCpus(f"{text} maximum cpus supported by KVM ({most})")
            error.bare = "kvm-limit-is-plain" in kvm.release.rules
            raise error


def init_vcpu(kvm: KVM, cpu: X86CPU) -> None:
    """Give a CPU what KVM decides last.  Raises PyqomError with QEMU's texts."""
    settle_frequency(kvm, cpu)
    kvm.hyperv.init_vcpu(cpu)
    if "pmu-needs-the-host-vendor" in kvm.release.rules and cpu._pmu:
        if not compatible_vendor(kvm.vendor, cpu.vendor):
            cpu.context.complain("host doesn't support requested feature: vPMU")
    _check_machine_checks(kvm.host, cpu)


def settle_frequency(kvm: KVM, cpu: X86CPU) -> None:
    """The TSC runs at the host's speed, unless KVM can scale it or the difference is nothing.

    In kHz (``kvm_arch_set_tsc_khz``).
    """
    own = kvm.host.tsc_khz if kvm.has("KVM_CAP_GET_TSC_KHZ") else None
    wanted = cpu._tsc_frequency // 1000
    if not wanted:
        cpu._tsc_frequency = (own or 0) * 1000
        return
    if kvm.has("KVM_CAP_TSC_CONTROL") or own == wanted:
        return
    if own is not None and abs(wanted - own) <= own * 250 // 1_000_000:
        return
    cpu.warn(
        f"TSC frequency mismatch between VM ({wanted} kHz) and"
        f" host ({NO_TSC if own is None else own} kHz), and TSC scaling unavailable"
    )
    raise failed(NOT_SUPPORTED)


def _check_machine_checks(host: Host, cpu: X86CPU) -> None:
    """The machine checks that QEMU promises must be KVM's (KVM_X86_SETUP_MCE)."""
    if cpu._family < 6 or not (cpu.get("mce") and cpu.get("mca")) or host.mce_cap is None:
        return
    banks = capability(host, "KVM_CAP_MCE")
    if banks < MCE_BANKS:
        cpu.context.complain(
            f"kvm: Unsupported MCE bank count (QEMU = {MCE_BANKS}, KVM = {banks})"
        )
        raise failed(NOT_SUPPORTED)
    wanted = MCG_CAP_DEFAULT | (MCG_LMCE_P if cpu._lmce else 0)
    missing = wanted & ~host.mce_cap
    if missing & MCG_LMCE_P:
        cpu.context.complain("kvm: LMCE not supported")
        raise failed(NOT_SUPPORTED)
    if missing:
        cpu.warn(f"Unsupported MCG_CAP bits: 0x{missing:x}")


def failed(reason: str) -> PyqomError:
    """The last word on a CPU that could not be made; `reason` is the system's error text."""
    return PyqomError(f"kvm_init_vcpu: kvm_arch_init_vcpu failed (0): {reason}")


def compatible_vendor(host: str, guest: str) -> bool:
    """Whether performance counters of one vendor's CPU work on the other's."""
    intel = ZHAOXIN | {INTEL}
    if host in intel:
        return guest in intel
    return host == guest == "AuthenticAMD"


