"""A host as QEMU sees it: the CPUID instruction, and what KVM answers to QEMU's ioctls."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

Registers = tuple[int, int, int, int]
"""EAX, EBX, ECX and EDX, 32 bits each."""

NOTHING: Registers = (0, 0, 0, 0)


class CpuidEntry(NamedTuple):
    """An entry of a table as KVM has them: function, index (``struct kvm_cpuid_entry2``)."""

    leaf: int
    subleaf: int
    flags: int
    registers: Registers


class Extension(NamedTuple):
    """What KVM_CHECK_EXTENSION answers for one capability, asked of ``/dev/kvm`` and of a VM."""

    name: str | None
    kvm: int
    vm: int


def _by_place(entries: tuple[CpuidEntry, ...]) -> dict[tuple[int, int], CpuidEntry]:
    """The first entry of each leaf and subleaf is the one that counts."""
    return {(entry.leaf, entry.subleaf): entry for entry in reversed(entries)}


@attrs.frozen(eq=False)
class Host:
    """A record of a host; a part that it lacks is empty or None, and ``assumed`` tells what then.

    ``hardware`` is what the CPUID instruction says, by leaf and subleaf; ``supported``,
    ``emulated`` and ``hyperv`` are the tables of KVM_GET_SUPPORTED_CPUID, KVM_GET_EMULATED_CPUID
    and KVM_GET_SUPPORTED_HV_CPUID (None where KVM has no such table), ``extensions`` the answers
    of KVM_CHECK_EXTENSION by number, ``msr_features`` KVM's feature MSRs and their 64-bit values,
    ``msr_indices`` KVM_GET_MSR_INDEX_LIST, ``mce_cap`` KVM_X86_GET_MCE_CAP_SUPPORTED,
    ``xcomp_guest_supp`` the XSAVE components that guests may use, ``tsc_khz`` KVM_GET_TSC_KHZ.

    For people are ``kernel``, ``recorded`` (when, or how it came about), ``source`` (the format
    that it was read from), ``missing`` (parts that could not be read, with the reason) and
    ``unplaced`` (names of features that stand for no CPUID bit).

    Hosts are equal where every answer about them is: where their `signature` is the same.
    """

    name: str
    hardware: Mapping[tuple[int, int], Registers]
    supported: tuple[CpuidEntry, ...] = ()
    emulated: tuple[CpuidEntry, ...] = ()
    hyperv: tuple[CpuidEntry, ...] | None = None
    extensions: Mapping[int, Extension] = attrs.Factory(dict)
    msr_features: Mapping[int, int] = attrs.Factory(dict)
    msr_indices: tuple[int, ...] = ()
    mce_cap: int | None = None
    xcomp_guest_supp: int | None = None
    tsc_khz: int | None = None
    kernel: str | None = None
    assumed: tuple[str, ...] = ()
    recorded: str | None = None
    source: str | None = None
    missing: Mapping[str, str] = attrs.Factory(dict)
    unplaced: tuple[str, ...] = ()
    api_version: int | None = None
    _supported: Mapping[tuple[int, int], CpuidEntry] = attrs.field(init=False, repr=False)
    _signature: str = attrs.field(init=False, repr=False, default="")

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_supported", _by_place(self.supported))

    def cpuid(self, leaf: int, subleaf: int = 0) -> Registers:
        """What the CPUID instruction says on this host (QEMU's ``host_cpuid``); 0 if not known."""
        return self.hardware.get((leaf, subleaf), NOTHING)

    def kvm_cpuid(self, leaf: int, subleaf: int = 0) -> Registers:
        """What KVM says it can give; 0 for what it does not list (``cpuid_find_entry``)."""
        entry = self._supported.get((leaf, subleaf))
        return NOTHING if entry is None else entry.registers

    def msr(self, index: int) -> int:
        """A feature MSR of KVM; 0 for one that it does not have."""
        return self.msr_features.get(index, 0)

    def extension(self, number: int) -> int:
        """A capability as QEMU mostly asks for it, of ``/dev/kvm``; 0 if KVM lacks it."""
        found = self.extensions.get(number)
        return 0 if found is None else found.kvm

    def vm_extension(self, number: int) -> int:
        """A capability as QEMU asks a virtual machine for it (``kvm_vm_check_extension``)."""
        found = self.extensions.get(number)
        return 0 if found is None else found.vm

    def signature(self) -> str:
        """64 hexadecimal digits that are the same for hosts that get the same answers.

        They are those of what was read and assumed, less names and what depends on the CPU that
        ran the recording (APIC ids).
        """
        if not self._signature:
            from pyqom.hosts.signature import signature

            object.__setattr__(self, "_signature", signature(self))
        return self._signature

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Host):
            return NotImplemented
        return self is other or self.signature() == other.signature()

    def __hash__(self) -> int:
        return hash((self.cpuid(0), self.kvm_cpuid(1)[2:], self.kvm_cpuid(7), self.tsc_khz))
