"""What KVM makes of a CPU of which only the CPUID leaves are known (``data/kvm-passes.json``).

KVM gives to guests the features that it knows and the CPU has, a few that it emulates, and no
others.  That is what is assumed of a host whose KVM was not recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from pyqom.hosts.flags import REGISTERS, source_bits
from pyqom.hosts.host import NOTHING, CpuidEntry, Extension, Registers
from pyqom.hosts.identity import vendor_of
from pyqom.hosts.names import load
from pyqom.quick import memo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pyqom.hosts.host import Host

    Place = tuple[int, int]
    Leaves = dict[Place, Registers]

SIGNIFICANT_INDEX = 1
"""KVM_CPUID_FLAG_SIGNIFCANT_INDEX: the entry is for its subleaf alone."""

INDEXED = frozenset({0x4, 0x7, 0xB, 0xD, 0xF, 0x10, 0x12, 0x14, 0x1D, 0x1E, 0x1F, 0x24, 0x8000001D})

XSAVE_HEADER = 576
"""Bytes of the legacy area and the header; the other components follow."""

AMX, SVM, VMX = "amx_tile", "svm", "vmx"

ASSUMED = (
    "what KVM supports (CPUID, Hyper-V, capabilities, list of MSRs): the CPU's features that"
    " Linux 6.12 passes on, with its modules' default parameters",
)
NO_MSRS = "feature MSRs (arch-capabilities, VMX): none"
HARDWARE_MSRS = "feature MSRs: the CPU's own"


@memo
def _data() -> Any:
    return load("kvm-passes.json", "registers", "implied", "capabilities")


def with_kvm(host: Host, msrs: Mapping[int, int] | None = None) -> Host:
    """The same host with what KVM would say on it; `msrs` are the hardware's."""
    supported = supported_leaves(host.hardware)
    vmx = _has(supported, VMX)
    areas = supported.get((0xD, 0), NOTHING)[0]
    return attrs.evolve(
        host,
        supported=table(supported),
        emulated=table(dict(_placed(_data()["emulated"]))),
        hyperv=table(_hyperv(vmx)),
        extensions=_extensions(vmx),
        msr_features=dict(msrs or {}),
        msr_indices=tuple(int(index, 16) for index in _data()["msr-indices"]),
        mce_cap=int(_data()["mce-cap"], 16),
        xcomp_guest_supp=areas or None,
        assumed=(*host.assumed, *ASSUMED, HARDWARE_MSRS if msrs else NO_MSRS),
    )


def table(leaves: Mapping[Place, Registers]) -> tuple[CpuidEntry, ...]:
    """Leaves as a table of KVM's."""
    return tuple(
        CpuidEntry(leaf, subleaf, SIGNIFICANT_INDEX if leaf in INDEXED else 0, registers)
        for (leaf, subleaf), registers in sorted(leaves.items())
    )


def supported_leaves(hardware: Mapping[Place, Registers]) -> Leaves:
    """What KVM_GET_SUPPORTED_CPUID would list for a CPU, by leaf and subleaf."""
    data = _data()
    found: dict[Place, list[int]] = {}
    _whole_leaves(hardware, found)
    for place, names in data["kept"].items():
        _keep(hardware, found, _place(place), names)
    for place, highest in data["highest"].items():
        at = _place(place)
        if at in hardware:
            eax, *rest = hardware[at]
            found[at] = [min(eax, int(highest, 16)), *(rest if at[0] != 7 else (0, 0, 0))]
    _features(hardware, found)
    _xsave(hardware, found)
    if not _has(found, AMX):
        for at in [at for at in found if at[0] in (0x1D, 0x1E)]:
            del found[at]
    if _has(found, SVM):
        found[0x8000000A, 0][:3] = (int(word, 16) for word in data["nested-svm"])
    else:
        found.pop((0x8000000A, 0), None)
    for at, registers in _placed(data["fixed"]):
        found[at] = list(registers)
    return {place: (a, b, c, d) for place, (a, b, c, d) in found.items()}


def _whole_leaves(hardware: Mapping[Place, Registers], found: dict[Place, list[int]]) -> None:
    whole = {int(leaf, 16) for leaf in _data()["whole"]}
    for place, registers in hardware.items():
        if place[0] in whole:
            found[place] = list(registers)


def _keep(
    hardware: Mapping[Place, Registers],
    found: dict[Place, list[int]],
    place: Place,
    names: Iterable[str],
) -> None:
    if place in hardware:
        kept = found.setdefault(place, [0, 0, 0, 0])
        for name in names:
            at = REGISTERS.index(name)
            kept[at] = hardware[place][at]


def _features(hardware: Mapping[Place, Registers], found: dict[Place, list[int]]) -> None:
    """The feature bits: what the CPU has of those that KVM passes, what it adds, what follows."""
    bits = source_bits()
    for record in _data()["registers"]:
        place = int(record["leaf"], 16), record["subleaf"]
        if place not in hardware:
            continue
        at = REGISTERS.index(record["register"])
        passed = _mask(record["passed"])
        registers = found.setdefault(place, [0, 0, 0, 0])
        registers[at] = hardware[place][at] & passed | _mask(record.get("added", ()))
    vendor = vendor_of(hardware)
    for rule in _data()["implied"]:
        if vendor not in rule.get("vendors", (vendor,)) or not _all(hardware, rule["if"]):
            continue
        for name in rule["adds"]:
            leaf, subleaf, register, bit = bits[name]
            if (leaf, subleaf) in found:
                found[leaf, subleaf][register] |= 1 << bit


def _mask(names: Iterable[str]) -> int:
    bits = source_bits()
    mask = 0
    for name in names:
        mask |= 1 << bits[name].bit
    return mask


def _all(leaves: Mapping[Place, Any], names: Iterable[str]) -> bool:
    return all(_has(leaves, name) for name in names)


def _has(leaves: Mapping[Place, Any], name: str) -> bool:
    leaf, subleaf, register, bit = source_bits()[name]
    return bool((leaf, subleaf) in leaves and leaves[leaf, subleaf][register] >> bit & 1)


def _xsave(hardware: Mapping[Place, Registers], found: dict[Place, list[int]]) -> None:
    """The components of the XSAVE area that guests may use, and how large it is with them."""
    if (0xD, 0) not in hardware:
        return
    areas = hardware[0xD, 0][0] & int(_data()["xcr0"], 16)
    size = XSAVE_HEADER
    for (leaf, component), (length, offset, more, _) in hardware.items():
        if leaf == 0xD and component >= 2 and areas >> component & 1:
            found[leaf, component] = [length, offset, more, 0]
            size = max(size, offset + length)
    found[0xD, 0] = [areas, size, size, 0]


def _placed(leaves: Mapping[str, list[str]]) -> Iterator[tuple[Place, Registers]]:
    for place, words in leaves.items():
        eax, ebx, ecx, edx = (int(word, 16) for word in words)
        yield _place(place), (eax, ebx, ecx, edx)


def _place(text: str) -> Place:
    leaf, _, subleaf = text.partition(".")
    return int(leaf, 16), int(subleaf, 16)


def _hyperv(vmx: bool) -> Leaves:
    """Hyper-V's leaves, which KVM makes up; nested VMX has its own enlightenments."""
    found = dict(_placed(_data()["hyperv"]))
    for place, more in _placed(_data()["hyperv-vmx"]) if vmx else ():
        eax, ebx, ecx, edx = (a | b for a, b in zip(found[place], more, strict=True))
        found[place] = eax, ebx, ecx, edx
    return found


def _extensions(vmx: bool) -> dict[int, Extension]:
    names = load("kvm-names.json", "capabilities", "msrs")["capabilities"]
    values = _data()["capabilities"] | (_data()["capabilities-vmx"] if vmx else {})
    return {
        int(number): Extension(name, values[name], values[name])
        for number, name in names.items()
        if name in values
    }
