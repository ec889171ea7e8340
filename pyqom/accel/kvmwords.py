"""The feature words that KVM supports on a host, as QEMU corrects them.

QEMU ``target/i386/kvm/kvm.c``: ``kvm_arch_get_supported_cpuid`` and
``kvm_arch_get_supported_msr_feature``.  The corrections stand in ``data/kvm.json``, each with its
condition and its reason, so that who asks why a feature is missing can be told.
"""

from __future__ import annotations

import os.path

from pyqom.devices.cpu.x86.data import known
from pyqom.devices.cpu.x86.facts import facts
from pyqom.devices.cpu.x86.features import number
from pyqom.quick import memo, read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from pyqom.devices.cpu.x86.facts import XsaveArea
    from pyqom.devices.cpu.x86.features import Features, FeatureWord
    from pyqom.hosts.host import Host
    from pyqom.release import Release

DATA = os.path.join(os.path.dirname(__file__), "data", "kvm.json")

REGISTERS = ("EAX", "EBX", "ECX", "EDX")

ALL32 = 0xFFFFFFFF


@memo
def kvm_data() -> Any:
    """The content of ``data/kvm.json``; not to be changed."""
    return read_json(DATA, "default-props", "capabilities", "corrections", "msrs")


class Mode:
    """What of a machine decides what KVM can give to its CPUs; immutable.

    ``irqchip`` is "on", "split" or "off" (``kernel-irqchip``), ``cpu_pm`` whether the guest may
    stop the CPU (``-overcommit cpu-pm=on``), ``pc`` whether it is a PC, which alone can have SGX.
    """

    __slots__ = ("cpu_pm", "irqchip", "pc")

    def __init__(self, irqchip: str, cpu_pm: bool, pc: bool) -> None:
        self.irqchip = irqchip
        self.cpu_pm = cpu_pm
        self.pc = pc


class Correction:
    """One thing that QEMU changes in what KVM lists: bits of a word, added, removed or copied.

    ``copied`` bits are as the CPUID instruction has them.  ``applies`` tells where.
    """

    __slots__ = ("added", "copied", "index", "reason", "record", "removed")

    def __init__(self, record: dict[str, Any], names: Features) -> None:
        word = names.words[names.index[record["word"]]]
        self.index = word.index
        self.added = word.mask(record.get("add", ()))
        self.removed = word.mask(record.get("remove", ()))
        self.copied = word.mask(record.get("copy", ()))
        self.reason: str = record["reason"]
        self.record = record

    def applies(self, host: Host, mode: Mode) -> bool:
        """Whether the host and the machine are such that QEMU does it."""
        record = self.record
        if "irqchip" in record and mode.irqchip not in record["irqchip"]:
            return False
        if record.get("cpu-pm", mode.cpu_pm) != mode.cpu_pm:
            return False
        if record.get("pc", mode.pc) != mode.pc:
            return False
        if "without-msr" in record and number(record["without-msr"]) in host.msr_indices:
            return False
        if "broken-tsx" in record and not tsx_is_broken(host):
            return False
        if "capability" not in record:
            return True
        bits: int = record.get("capability-bits", -1)
        return bool(capability(host, record["capability"]) & bits)


@memo
def corrections(release: Release) -> tuple[Correction, ...]:
    """The corrections of a release, in QEMU's order."""
    names = facts(release).features
    return tuple(
        Correction(record, names) for record in known(kvm_data()["corrections"], release)
    )


def capability(host: Host, name: str) -> int:
    """What KVM_CHECK_EXTENSION answers of ``/dev/kvm`` for a capability by its name."""
    return host.extension(number_of(name))


def number_of(name: str) -> int:
    """The number of a capability of ``data/kvm.json``."""
    found: int = kvm_data()["capabilities"][name]
    return found


def tsx_is_broken(host: Host) -> bool:
    """Whether the host is a Haswell whose TSX must not be used (``host_tsx_broken``)."""
    vendor, family, model, stepping = identity(host, strict=True)
    return any(
        vendor == each["vendor"]
        and family == each["family"]
        and model == each["model"]
        and stepping < each.get("stepping-below", stepping + 1)
        for each in kvm_data()["broken-tsx"]
    )


def identity(host: Host, strict: bool) -> tuple[str, int, int, int]:
    """Vendor, family, model and stepping of the host's CPU (``host_cpu_vendor_fms``).

    `strict` is for the extended family and model where the base family allows them alone.
    """
    _, ebx, ecx, edx = host.cpuid(0)
    vendor = b"".join(word.to_bytes(4, "little") for word in (ebx, edx, ecx))
    eax = host.cpuid(1)[0]
    family, model = eax >> 8 & 0xF, eax >> 4 & 0xF
    if not strict or family == 0xF:
        family += eax >> 20 & 0xFF
    if not strict or family >= 6:
        model |= eax >> 12 & 0xF0
    return vendor.rstrip(b"\0").decode("latin-1"), family, model, eax & 0xF


def brand(host: Host) -> str:
    """The brand string of the host's CPU (``host_cpu_fill_model_id``)."""
    words = [word for leaf in (0x80000002, 0x80000003, 0x80000004) for word in host.cpuid(leaf)]
    text = b"".join(word.to_bytes(4, "little") for word in words)
    return text.partition(b"\0")[0].decode("utf-8", "replace")


def listed(host: Host, word: FeatureWord) -> int:
    """What the host's KVM itself says of a feature word: its table, or its feature MSR."""
    if word.msr is not None:
        return host.msr(word.msr)
    assert word.leaf is not None
    assert word.register is not None
    return host.kvm_cpuid(word.leaf, word.subleaf or 0)[REGISTERS.index(word.register)]


def hardware(host: Host, word: FeatureWord) -> int | None:
    """What the host's CPU says of a feature word; None for an MSR, or where it is not known."""
    if word.leaf is None or not host.hardware:
        return None
    assert word.register is not None
    return host.cpuid(word.leaf, word.subleaf or 0)[REGISTERS.index(word.register)]


def supported_words(release: Release, host: Host, mode: Mode) -> tuple[int, ...]:
    """What QEMU takes KVM to support on a host, word by word."""
    known_facts = facts(release)
    features = known_facts.features
    words = [listed(host, word) for word in features.words]
    for each in corrections(release):
        if each.applies(host, mode):
            words[each.index] = words[each.index] & ~each.removed | each.added
            if each.copied:
                own = hardware(host, features.words[each.index]) or 0
                words[each.index] |= own & each.copied
    components = guest_components(host)
    if components is not None:
        low, high = known_facts.xcr0
        words[low], words[high] = components & ALL32, components >> 32
    _repeat_for_amd(words, features)
    _correct_msrs(words, features, host, release)
    return tuple(words)


def guest_components(host: Host) -> int | None:
    """The XSAVE components that guests may use, where KVM tells it (KVM_X86_XCOMP_GUEST_SUPP).

    A record in which KVM can tell but the answer is missing is taken to say what the CPU says.
    """
    if not capability(host, "KVM_CAP_SYS_ATTRIBUTES"):
        return None
    if host.xcomp_guest_supp is not None:
        return host.xcomp_guest_supp
    if (0xD, 0) not in host.hardware:
        return None
    eax, _, _, edx = host.cpuid(0xD)
    return edx << 32 | eax


def traces_as_promised(host: Host, wants_lip: bool) -> bool:
    """Whether KVM's Intel PT has all that QEMU shows of it, and its linear addresses or not.

    The capabilities of a guest's Intel PT are fixed (``x86_cpu_filter_features``).
    """
    promise = kvm_data()["intel-pt"]
    first, second = host.kvm_cpuid(0x14), host.kvm_cpuid(0x14, 1)
    for registers, wanted in ((first, promise["leaf-0"]), (second, promise["leaf-1"])):
        for name, bits in wanted.items():
            if number(bits) & ~registers[REGISTERS.index(name)]:
                return False
    ranges = second[0] & promise["address-ranges-mask"]
    return bool(first[0]) and ranges >= promise["address-ranges"] and (
        bool(first[2] & INTEL_PT_LIP) == wants_lip
    )


INTEL_PT_LIP = 1 << 31
"""Whether traces tell linear addresses (CPUID leaf 14h, ECX)."""


def saved_areas(release: Release, words: tuple[int, ...]) -> tuple[XsaveArea, ...]:
    """The parts of the XSAVE area that are supported, as user or as supervisor state.

    Releases that do not size the areas by what the accelerator supports save all.
    """
    known_facts = facts(release)
    if "xsave-follows-accelerator" not in release.rules:
        return known_facts.xsave
    pairs = zip(known_facts.xcr0, known_facts.xss, strict=True)
    low, high = (words[user] | words[supervisor] for user, supervisor in pairs)
    supported = low | high << 32
    return tuple(area for area in known_facts.xsave if area.number < 2 or supported & area.bit)


def placed_areas(
    release: Release, words: tuple[int, ...], saved: tuple[XsaveArea, ...]
) -> frozenset[int]:
    """The areas that are laid out as the host has them (``kvm_cpu_xsave_init``).

    Releases that save all of them look only at those whose features are supported.
    """
    if "xsave-follows-accelerator" in release.rules:
        return frozenset(area.number for area in saved)
    return frozenset(
        area.number
        for area in saved
        if all(words[index] & mask == mask for index, mask in area.places)
    )


def _repeat_for_amd(words: list[int], features: Features) -> None:
    """KVM on Intel lists leaf 80000001h as Intel has it; QEMU adds what AMD repeats from leaf 1."""
    target = features.index["80000001.EDX"]
    words[target] |= words[features.index["1.EDX"]] & features.words[target].amd_aliases


def _correct_msrs(words: list[int], features: Features, host: Host, release: Release) -> None:
    """What the MSRs of VMX allow, and what others imply."""
    data = kvm_data()["msrs"]
    by_msr = {word.msr: word.index for word in features.words if word.msr is not None}
    forgotten = data["forgotten"]
    if number(forgotten["msr"]) not in host.msr_indices:
        index = by_msr[number(forgotten["msr"])]
        if number(forgotten["msr"]) in host.msr_features:
            for each in forgotten["bits"]:
                source, mask = features.place(each["feature"])
                if words[source] & mask:
                    words[index] |= 1 << each["bit"] + 32
    for text in data["allowed-settings"]:
        index = by_msr[number(text)]
        words[index] = words[index] >> 32 & ~words[index] & ALL32
    for each in known(data["implied"], release):
        index = by_msr[number(each["msr"])]
        wanted = _mask(features, index, each["where"])
        if words[index] & wanted == wanted:
            words[index] |= _mask(features, index, each["bits"])


def _mask(features: Features, index: int, names: Iterable[str]) -> int:
    return features.words[index].mask(names)
