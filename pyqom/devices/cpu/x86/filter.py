"""What an accelerator does not give to a guest (QEMU's ``x86_cpu_filter_features``)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.devices.cpu.x86.facts import Facts
    from pyqom.devices.cpu.x86.features import FeatureWord

ALL = 0xFFFFFFFFFFFFFFFF
MOST_NAMES = 1 << 14
"""How many values of words are remembered with the names of their bits."""
AMD = frozenset({"AuthenticAMD"})


def supported(cpu: X86CPU, index: int) -> int:
    """The bits of word `index` that the accelerator gives to this CPU (all models but in a filter).

    QEMU's ``x86_cpu_get_supported_feature_word`` with a CPU: with ``migratable=on`` only what
    survives a migration.
    """
    word = cpu.facts.features.words[index]
    bits = cpu.accel.supported(index) & ~_withheld(cpu, word.name)
    if cpu.migratable:
        migratable = word.migratable
        if word.name == "80000007.EDX" and cpu._tsc_frequency and _by_vendor(cpu.facts):
            migratable |= word.mask(["invtsc"])
        bits &= migratable
    return bits


def _by_vendor(facts: Facts) -> bool:
    return "supported-features-follow-vendor" in facts.rules


def _withheld(cpu: X86CPU, word: str) -> int:
    """What a vendor's CPU does not get although the accelerator could."""
    if not _by_vendor(cpu.facts):
        return 0
    if word == "80000007.EBX" and cpu.vendor not in AMD:
        return ALL  # AMD's machine check architecture
    if word == "7.0.EDX" and cpu.vendor in AMD and not cpu._x_arch_cap_always_on:
        return cpu.facts.features.place("arch-capabilities")[1]
    return 0


def has_feature(cpu: X86CPU, name: str) -> bool:
    """Whether the CPU has a feature; one that its release does not know it has not."""
    index, mask = cpu.facts.features.places.get(name, (0, 0))
    return bool(cpu.words[index] & mask)


def is_filtered(cpu: X86CPU, name: str) -> bool:
    """Whether a feature was taken away; x-force-features may have kept it all the same."""
    index, mask = cpu.facts.features.places.get(name, (0, 0))
    return bool(cpu.filtered_words[index] & mask)


def mark_unavailable(cpu: X86CPU, index: int, mask: int, why: str | None = None) -> None:
    """Take bits of a word away and note that they were wanted; x-force-features keeps them.

    `why` is what a warning says about each of them, None for no warning.
    """
    if not cpu._x_force_features:
        cpu.words[index] &= ~mask
    cpu.filtered_words[index] |= mask
    if why is not None:
        word = cpu.facts.features.words[index]
        for bit in range(mask.bit_length()):
            if mask >> bit & 1:
                name = f".{word.bits[bit]}" if bit in word.bits else ""
                cpu.warn(f"{why}: {describe(word, cpu.facts)}{name} [bit {bit}]")


def describe(word: FeatureWord, facts: Facts) -> str:
    """How warnings name a word (``feature_word_description``)."""
    h = "h"
    if "warnings-name-the-subleaf" not in facts.rules:
        h = "H"
        if word.leaf is not None:
            return f"CPUID.{word.leaf:02X}H:{word.register}"
    if word.msr is not None:
        return f"MSR({word.msr:02X}{h})"
    subleaf = "" if word.subleaf is None else f",ecx={word.subleaf:02X}h"
    return f"CPUID[eax={word.leaf:02X}h{subleaf}].{word.register}"


def filter_features(cpu: X86CPU, why: str | None = None) -> bool:
    """Take away what the accelerator does not support; true where something was missing.

    `why` begins the warnings about it, None for no warnings.
    """
    supports, words = cpu.accel.supported, cpu.words
    for index, word in enumerate(words):
        missing = word & ~supports(index)
        if missing:
            mark_unavailable(cpu, index, missing, why)
    cpu.accel.filter_cpu(cpu, why)
    missing_version = _filter_avx10(cpu, why)
    return any(cpu.filtered_words) or missing_version


def _filter_avx10(cpu: X86CPU, why: str | None) -> bool:
    """Lower avx10-version to what the accelerator has; true where it was too high."""
    version = cpu._avx10_version
    if not version:
        return False
    prefix = f"{why}: avx10.{version}"
    if not has_feature(cpu, "avx10") or is_filtered(cpu, "avx10"):
        if why is not None:
            cpu.warn(f"{prefix}.")
        return True
    most = cpu.accel.avx10_version
    if version <= most:
        return False
    if why is not None:
        cpu.warn(f"{prefix}. Adjust to avx10.{most}")
    cpu.avx10_asked, cpu._avx10_version = version, most
    return True


def unavailable_features(cpu: X86CPU) -> list[str]:
    """The names of the filtered features, word by word, as ``unavailable-features`` lists them."""
    names: list[str] = []
    for index, filtered in enumerate(cpu.filtered_words):
        if filtered:
            names += names_of(cpu.facts, index, filtered)
    return names


def names_of(facts: Facts, index: int, word: int) -> tuple[str, ...]:
    """The names of the bits that are set in a word, lowest first; "" for one without a name."""
    found = facts.names.get((index, word))
    if found is None:
        bits = range(word.bit_length())
        found = tuple(feature_name(facts, index, bit) for bit in bits if word >> bit & 1)
        if len(facts.names) >= MOST_NAMES:
            facts.names.clear()
        facts.names[index, word] = found
    return found


def feature_name(facts: Facts, index: int, bit: int) -> str:
    """The name of a bit, or nothing; an XSAVE component goes by the feature that wants it."""
    if index in facts.xcr0:
        number = bit + 32 * facts.xcr0.index(index)
        for area in facts.xsave:
            if area.number == number:
                index, mask = area.places[0]
                bit = (mask & -mask).bit_length() - 1
    return facts.features.words[index].bits.get(bit, "")


def feature_words(cpu: X86CPU, words: list[int]) -> list[dict[str, Any]]:
    """The CPUID words as ``X86CPUFeatureWordInfo``, the last first, as QEMU lists them."""
    infos = []
    for word in reversed(cpu.facts.features.words):
        if word.leaf is None:
            continue
        info: dict[str, Any] = {"cpuid-input-eax": word.leaf}
        if word.subleaf is not None:
            info["cpuid-input-ecx"] = word.subleaf
        info["cpuid-register"] = word.register
        info["features"] = words[word.index]
        infos.append(info)
    return infos
