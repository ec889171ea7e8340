"""The leaves from 40000000h on that a guest finds under KVM: Hyper-V's, KVM's and VMware's.

QEMU does not answer them itself but puts them in KVM's table (``kvm_arch_init_vcpu``).
"""

from __future__ import annotations

from pyqom.devices.cpu.x86.cpuid.facts import text_words
from pyqom.devices.cpu.x86.cpuid.hyperv import hyperv_leaves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.devices.cpu.x86.cpuid.facts import Registers
    from pyqom.devices.cpu.x86.cpuid.source import Source

SIGNATURE = 0x40000000
NEXT = 0x100
"""How far KVM's leaves move up where Hyper-V's come first."""

FREQUENCIES = SIGNATURE | 0x10
"""The leaf that tells frequencies as VMware does; only where KVM's leaves come first."""

APIC_BUS_KHZ = 1_000_000


def paravirtual_leaves(source: Source) -> dict[int, Registers]:
    """The registers of each such leaf, in the order of KVM's table; frequencies are its end."""
    cpu = source.cpu
    found = dict(hyperv_leaves(source))
    base = SIGNATURE + NEXT if found else SIGNATURE
    if not cpu._kvm:
        return found
    told = cpu._vmware_cpuid_freq and base == SIGNATURE and _known_tsc(source)
    last = FREQUENCIES if told else base | 1
    found[base] = (last, *text_words(b"KVMKVMKVM", 3))  # type: ignore[assignment]
    found[base | 1] = source.word("KVM"), 0, 0, source.word("KVM.HINTS")
    if told:
        found[FREQUENCIES] = cpu._tsc_frequency // 1000, APIC_BUS_KHZ, 0, 0
    return found


def _known_tsc(source: Source) -> bool:
    """Whether the TSC's frequency is known and stays (``tsc_is_stable_and_known``)."""
    cpu = source.cpu
    return bool(cpu._tsc_frequency and (source.has("invtsc") or cpu.user_tsc_frequency))
