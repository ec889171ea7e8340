"""A host as a person reads it: who it is, what it and its KVM can do, what is not known."""

from __future__ import annotations

from pyqom import release as releases
from pyqom.cli.page import Page
from pyqom.devices.cpu.x86.facts import facts as cpu_facts
from pyqom.hosts.identity import identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from pyqom.devices.cpu.x86.features import FeatureWord
    from pyqom.hosts.host import Host, Registers

REGISTERS = ("EAX", "EBX", "ECX", "EDX")

NESTED = {
    "vmx": ("vmx-ept", "vmx-vpid", "vmx-unrestricted-guest", "vmx-apicv-vid", "vmx-shadow-vmcs"),
    "svm": ("npt", "nrip-save", "vgif", "avic", "v-vmsave-vmload", "vnmi"),
}
"""Features of virtualization itself, by the feature that they need."""

ONES = 1
"""What a capability answers that is just there."""


def facts(host: Host) -> dict[str, Any]:
    """What a record says, as JSON has it."""
    who = identity(host)
    cpu, kvm = features(host)
    return {
        "name": host.name,
        "source": host.source or "kvm-host/1",
        "signature": host.signature(),
        "recorded": host.recorded,
        "kernel": host.kernel,
        **{field.replace("_", "-"): value for field, value in who._asdict().items()},
        "tsc-khz": host.tsc_khz,
        "features": {
            "cpu": _flat(cpu),
            "kvm": _flat(kvm),
            "kvm-lacks": sorted({*_flat(cpu)} - {*_flat(kvm)}) if host.supported else [],
        },
        "virtualization": virtualization(host),
        "capabilities": {
            each.name or str(number): each.kvm for number, each in sorted(host.extensions.items())
        },
        "feature-msrs": {
            f"{index:#x}": value for index, value in sorted(host.msr_features.items())
        },
        "missing": dict(host.missing),
        "assumed": list(host.assumed),
        "unplaced": list(host.unplaced),
    }


def features(host: Host) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The features of the CPU, and those of KVM, by QEMU's names and feature words.

    A bit that QEMU has no name for is ``WORD:BIT``; words of MSRs are KVM's alone.
    """
    cpu: dict[str, list[str]] = {}
    kvm: dict[str, list[str]] = {}
    for word in cpu_facts(releases.get(None)).features.words:
        if word.msr is not None:
            value = host.msr(word.msr)
            if word.name.startswith("vmx.") and word.name not in ("vmx.misc", "vmx.basic"):
                value = _allowed(word, value)
            kvm[word.name] = word.names(value)
            continue
        cpu[word.name] = _names(word, _register(word, host.cpuid))
        kvm[word.name] = _names(word, _register(word, host.kvm_cpuid))
    return _full(cpu), _full(kvm)


def _allowed(word: FeatureWord, value: int) -> int:
    """What a VMX control MSR allows: its high half."""
    return value if word.name in ("vmx.ept-vpid", "vmx.vmfunc") else value >> 32


def _register(word: FeatureWord, cpuid: Any) -> int:
    assert word.leaf is not None
    assert word.register is not None
    registers: Registers = cpuid(word.leaf, word.subleaf or 0)
    return registers[REGISTERS.index(word.register)]


def _names(word: FeatureWord, value: int) -> list[str]:
    """The names of the bits that are set, and the bits that have none."""
    if not word.bits:
        return []
    repeated = word.amd_aliases
    names = (
        word.bits.get(bit, f"{word.name}:{bit}")
        for bit in range(value.bit_length())
        if value >> bit & 1 and (bit in word.bits or not repeated >> bit & 1)
    )
    return list(dict.fromkeys(names))


def _full(words: dict[str, list[str]]) -> dict[str, list[str]]:
    return {word: names for word, names in words.items() if names}


def _flat(words: dict[str, list[str]]) -> list[str]:
    return list(dict.fromkeys(name for names in words.values() for name in names))


def virtualization(host: Host) -> dict[str, Any]:
    """What the CPU and KVM have of virtualization."""
    cpu, kvm = ({*_flat(words)} for words in features(host))
    own = next((name for name in NESTED if name in cpu), None)
    nested = own if own in kvm else None
    return {
        "cpu": own,
        "nested": nested,
        "nested-features": [name for name in NESTED[nested] if name in kvm] if nested else [],
    }


# --- for people ------------------------------------------------------------------------------


def page(host: Host) -> Page:
    """What a record says, to be read."""
    made = Page()
    who = identity(host)
    made.title(f"{host.name}: {who.brand or who.vendor or 'a CPU that is not known'}")
    made.words((label, [text]) for label, text in _lines(host) if text)
    cpu, kvm = features(host)
    for title, words in _parts(host, cpu, kvm):
        if words:
            made.heading(title)
            made.words(words.items())
    if host.extensions:
        made.heading("capabilities of KVM")
        made.words([("have", _capabilities(host))])
    for title, texts in _unknown(host):
        if texts:
            made.heading(title)
            for text in texts:
                made.text(f"  {text}")
    return made


def _lines(host: Host) -> Iterator[tuple[str, str]]:
    who = identity(host)
    if who.family is not None:
        numbers = f"family {who.family}, model {who.model}, stepping {who.stepping}"
        yield "CPU", f"{who.vendor}, {numbers}"
    yield "microcode", "" if who.microcode is None else f"{who.microcode:#x}"
    if who.physical_bits is not None:
        yield "addresses", f"{who.physical_bits} bits physical, {who.linear_bits} bits linear"
    yield "TSC", "" if host.tsc_khz is None else f"{host.tsc_khz / 1000:.3f} MHz"
    virtual = virtualization(host)
    nested = f"nested with {' '.join(virtual['nested-features'])}" if virtual["nested"] else ""
    yield "virtualization", ", ".join(filter(None, (virtual["cpu"] or "not seen", nested)))
    yield "kernel", host.kernel or ""
    yield "recorded", host.recorded or ""
    yield "read from", host.source or ""
    yield "signature", host.signature()


def _parts(
    host: Host, cpu: dict[str, list[str]], kvm: dict[str, list[str]]
) -> Iterator[tuple[str, dict[str, list[str]]]]:
    if not host.supported:
        yield "features of the CPU", cpu
        return
    yield "features that KVM has for guests", kvm
    lost = {
        word: [name for name in names if name not in kvm.get(word, ())]
        for word, names in cpu.items()
    }
    yield "features of the CPU that KVM does not pass", _full(lost)


def _capabilities(host: Host) -> list[str]:
    names = []
    for number, each in sorted(host.extensions.items()):
        name = (each.name or str(number)).removeprefix("KVM_CAP_").lower().replace("_", "-")
        names.append(name if each.kvm == ONES else f"{name}={each.kvm}")
    return names


def _unknown(host: Host) -> Iterator[tuple[str, list[str]]]:
    yield "could not be read", [f"{part}: {why}" for part, why in host.missing.items()]
    yield "assumed", list(host.assumed)
    if host.unplaced:
        yield "names that stand for no CPUID bit", [" ".join(host.unplaced)]
