"""Hyper-V enlightenments: whether KVM has what is asked for, and what ``hv-passthrough`` takes.

QEMU ``kvm_hyperv_expand_features`` and ``hyperv_init_vcpu`` (``target/i386/kvm/kvm.c``); the
enlightenments stand in ``data/hyperv.json``.
"""

from __future__ import annotations

import os.path

from pyqom.accel.kvmvcpu import failed
from pyqom.accel.kvmwords import REGISTERS, capability
from pyqom.devices.cpu.x86.data import within
from pyqom.devices.cpu.x86.features import number
from pyqom.errors import PyqomError
from pyqom.quick import memo, read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.hosts.host import Host
    from pyqom.release import Release

DATA = os.path.join(os.path.dirname(__file__), "data", "hyperv.json")

VENDOR, INTERFACE, VERSION, FEATURES, RECOMMENDED, LIMITS = range(0x40000000, 0x40000006)
"""CPUID leaves of Hyper-V."""
EVMCS_RECOMMENDED = 1 << 14

NEVER = 0xFFFFFFFF
"""``hv-spinlocks`` that nobody set."""

INVALID = "Invalid argument"
NOT_IMPLEMENTED = "Function not implemented"


class Enlightenment:
    """One enlightenment: its property, its bit, what CPUID of Hyper-V must say for it.

    ``flags`` are (leaf, register's place, bits); ``needs`` the bits of those that it depends on.
    """

    __slots__ = ("bit", "flags", "needs", "passes", "property", "text")

    def __init__(self, record: dict[str, Any], bits: dict[str, int], release: Release) -> None:
        self.property: str = record["property"]
        self.bit: int = record["bit"]
        self.text: str = record["text"]
        self.flags = _flags(record)
        self.needs = sorted(bits[name] for name in record.get("needs", ()))
        self.passes = not within(record.get("not-passed-through"), release)


def _flags(record: dict[str, Any]) -> tuple[tuple[int, int, int], ...]:
    return tuple(
        (number(each["leaf"]), REGISTERS.index(each["register"]), number(each["bits"]))
        for each in record["flags"]
    )


@memo
def _data() -> Any:
    return read_json(DATA, "enlightenments", "without-table")


@memo
def enlightenments(release: Release) -> tuple[Enlightenment, ...]:
    """All enlightenments, in the order of their bits."""
    records = _data()["enlightenments"]
    bits = {record["property"]: record["bit"] for record in records}
    return tuple(Enlightenment(record, bits, release) for record in records)


class HyperV:
    """Hyper-V as the KVM of a host has it."""

    def __init__(self, release: Release, host: Host) -> None:
        self.release = release
        self.host = host
        self.known = enlightenments(release)
        self.by_system = capability(host, "KVM_CAP_SYS_HYPERV_CPUID") > 0
        self._table = _listed(host) if self._has("HYPERV_CPUID") else None

    def _has(self, name: str) -> bool:
        return capability(self.host, f"KVM_CAP_{name}") > 0

    def wanted(self, cpu: X86CPU) -> bool:
        """Whether a CPU is to look like Hyper-V's (``hyperv_enabled``)."""
        asked = cpu.hyperv_features or cpu._hv_passthrough or cpu._hv_spinlocks != NEVER
        return bool(asked) and self._has("HYPERV")

    def get(self, cpu: X86CPU, leaf: int) -> tuple[int, ...]:
        """What KVM says of a leaf of Hyper-V (``hv_cpuid_get_host``)."""
        table = self._table
        if table is None:
            table = _made_up(self.host, cpu)
        return table.get(leaf, (0, 0, 0, 0))

    def supports(self, cpu: X86CPU, each: Enlightenment) -> bool:
        """Whether KVM has all that an enlightenment stands for."""
        return all(self.get(cpu, leaf)[at] & bits == bits for leaf, at, bits in each.flags)

    def expand(self, cpu: X86CPU) -> None:
        """Check what is asked for, or take all that there is.  Raises PyqomError."""
        if cpu._hv_passthrough:
            self._pass_through(cpu)
        else:
            for each in self.known:
                if cpu.hyperv_features >> each.bit & 1:
                    self._check(cpu, each)
        self._check_synic(cpu)

    def _check(self, cpu: X86CPU, each: Enlightenment) -> None:
        if not self.supports(cpu, each):
            raise PyqomError(f"Hyper-V {each.text} is not supported by kernel")
        for bit in each.needs:
            if not cpu.hyperv_features >> bit & 1:
                raise _requires(each, self.known[bit])

    def _check_synic(self, cpu: X86CPU) -> None:
        """The interrupt controller needs to know which CPU it is."""
        by_name = {each.property: each for each in self.known}
        synic, index = by_name["hv-synic"], by_name["hv-vpindex"]
        if cpu.hyperv_features >> synic.bit & 1 and not cpu._x_hv_synic_kvm_only:
            if not cpu.hyperv_features >> index.bit & 1:
                raise _requires(synic, index)

    def _pass_through(self, cpu: X86CPU) -> None:
        """Everything as KVM has it."""
        _, ebx, ecx, edx = self.get(cpu, VENDOR)
        vendor = b"".join(word.to_bytes(4, "little") for word in (ebx, ecx, edx))
        cpu._hv_vendor_id = vendor.partition(b"\0")[0].decode("utf-8", "replace")
        cpu.hyperv_interface = self.get(cpu, INTERFACE)
        eax, ebx, ecx, edx = self.get(cpu, VERSION)
        cpu._hv_version_id_build = eax
        cpu._hv_version_id_major, cpu._hv_version_id_minor = ebx >> 16, ebx & 0xFFFF
        cpu._hv_version_id_spack = ecx
        cpu._hv_version_id_sbranch, cpu._hv_version_id_snumber = edx >> 24, edx & 0xFFFFFF
        most, *limits = self.get(cpu, LIMITS)
        cpu._x_hv_max_vps = most - (most >> 31 << 32)
        cpu.hyperv_limits = tuple(limits)
        cpu._hv_spinlocks = self.get(cpu, RECOMMENDED)[1]
        for each in self.known:
            if each.passes and self.supports(cpu, each):
                cpu.hyperv_features |= 1 << each.bit

    def init_vcpu(self, cpu: X86CPU) -> None:
        """Look once more, and switch on what the kernel must be told.  Raises PyqomError."""
        if not self.wanted(cpu):
            return
        try:
            self.expand(cpu)
        except PyqomError as error:
            cpu.context.complain(str(error))
            raise failed(NOT_IMPLEMENTED) from error
        on = {each.property for each in self.known if cpu.hyperv_features >> each.bit & 1}
        synic = "HYPERV_SYNIC" if cpu._x_hv_synic_kvm_only else "HYPERV_SYNIC2"
        for wanted, name, text in (
            ("hv-synic" in on, synic, f"failed to turn on HyperV SynIC in KVM: {INVALID}"),
            ("hv-evmcs" in on, "HYPERV_ENLIGHTENED_VMCS", EVMCS_MISSING),
            (
                cpu._hv_enforce_cpuid,
                "HYPERV_ENFORCE_CPUID",
                f"failed to enable KVM_CAP_HYPERV_ENFORCE_CPUID: {INVALID}",
            ),
        ):
            if wanted and not self._has(name):
                cpu.context.complain(text)
                raise failed(INVALID)


EVMCS_MISSING = "Hyper-V enlightened VMCS (hv-evmcs) is not supported by kernel"


def _requires(each: Enlightenment, other: Enlightenment) -> PyqomError:
    return PyqomError(f"Hyper-V {each.text} requires Hyper-V {other.text}")


def _listed(host: Host) -> dict[int, tuple[int, ...]]:
    """KVM's own table (KVM_GET_SUPPORTED_HV_CPUID)."""
    table: dict[int, tuple[int, ...]] = {}
    for entry in reversed(host.hyperv or ()):
        table[entry.leaf] = entry.registers
    early = capability(host, "KVM_CAP_SYS_HYPERV_CPUID") <= 0
    if early and capability(host, "KVM_CAP_HYPERV_ENLIGHTENED_VMCS") > 0 and RECOMMENDED in table:
        # A table that is asked of a CPU lists it only when it has been switched on.
        eax, *others = table[RECOMMENDED]
        table[RECOMMENDED] = (eax | EVMCS_RECOMMENDED, *others)
    return table


def _made_up(host: Host, cpu: X86CPU) -> dict[int, tuple[int, ...]]:
    """What a KVM without a table has, by its capabilities and MSRs."""
    table = {leaf: [0, 0, 0, 0] for leaf in (FEATURES, RECOMMENDED)}
    table[RECOMMENDED][1] = cpu._hv_spinlocks
    for record in _data()["without-table"]:
        name = record.get("capability")
        if name == "KVM_CAP_HYPERV_SYNIC2" and cpu._x_hv_synic_kvm_only:
            name = "KVM_CAP_HYPERV_SYNIC"
        if name is not None and capability(host, name) <= 0:
            continue
        if "msr" in record and number(record["msr"]) not in host.msr_indices:
            continue
        for leaf, at, bits in _flags(record):
            table[leaf][at] |= bits
    return {leaf: tuple(registers) for leaf, registers in table.items()}
