"""Which layer stops one feature on a host: the CPU, KVM, or a capability that is not there."""

from __future__ import annotations

from attrs import frozen

from pyqom.accel.kvmwords import capability, corrections, hardware, listed, number_of
from pyqom.devices.cpu.x86.facts import facts
from pyqom.devices.cpu.x86.filter import feature_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.accel.accelerator import Accelerator
    from pyqom.accel.kvm import KVM
    from pyqom.accel.kvmwords import Correction
    from pyqom.devices.cpu.x86.facts import Facts
    from pyqom.devices.cpu.x86.features import FeatureWord

LAYERS = ("cpu", "kvm", "capability", "machine", "accelerator", "dependency", "conflict", "qemu")
"""Who can be to blame, see `Blame`."""


@frozen
class Blame:
    """A feature that a CPU does not get, and who stops it.

    ``layer`` is one of `LAYERS`: the host's ``cpu`` lacks it; ``kvm`` does not pass it on; it needs
    a ``capability`` that this machine does not use or this kernel does not have; the ``machine``
    type turns it off; the ``accelerator`` turns it off, or (TCG) does not emulate it; it needs a
    feature that is off (``dependency``) or excludes one that is on (``conflict``); ``qemu`` of this
    release does not know it.  ``reason`` is a sentence for people.

    ``word`` and ``bit`` say where it is; either ``leaf`` and ``register`` (and ``subleaf`` where
    the leaf has them) or ``msr`` are set, unless the release does not know it.  ``blocks`` tells
    whether ``enforce`` would refuse the CPU for it.
    """

    feature: str
    layer: str
    reason: str
    blocks: bool = True
    word: str | None = None
    bit: int | None = None
    leaf: int | None = None
    subleaf: int | None = None
    register: str | None = None
    msr: int | None = None


def placed(
    known: Facts, index: int, bit: int, layer: str, reason: str, blocks: bool = True
) -> Blame:
    """The blame for a bit of a feature word."""
    word = known.features.words[index]
    name = feature_name(known, index, bit) or f"{word.name}:{bit}"
    return located(name, word, bit, layer, reason, blocks)


def located(
    name: str, word: FeatureWord, bit: int, layer: str, reason: str, blocks: bool = True
) -> Blame:
    """The blame for a feature, and where it is."""
    return Blame(
        feature=name,
        layer=layer,
        reason=reason,
        blocks=blocks,
        word=word.name,
        bit=bit,
        leaf=word.leaf,
        subleaf=word.subleaf,
        register=word.register,
        msr=word.msr,
    )


def unsupported(accel: Accelerator, index: int, bit: int) -> Blame:
    """Why an accelerator does not give a bit of a feature word; found out once for each."""
    key = index, bit
    found: Blame | None = accel.blames.get(key)
    if found is None:
        known = facts(accel.release)
        layer, reason = _judge(accel, known, index, bit)
        found = accel.blames[key] = placed(known, index, bit, layer, reason)
    return found


def all_unsupported(accel: Accelerator, index: int, bits: int) -> tuple[Blame, ...]:
    """`unsupported` for several bits of a word; models often lack the same."""
    key = index, bits, "bits"
    found: tuple[Blame, ...] | None = accel.blames.get(key)
    if found is None:
        found = accel.blames[key] = tuple(
            unsupported(accel, index, bit) for bit in range(bits.bit_length()) if bits >> bit & 1
        )
    return found


def _judge(accel: Accelerator, known: Facts, index: int, bit: int) -> tuple[str, str]:
    if accel.name != "kvm":
        return "accelerator", f"{accel.name.upper()} does not emulate it"
    kvm: KVM = accel  # type: ignore[assignment]
    mask = 1 << bit
    for each in corrections(kvm.release):
        if each.index == index and (each.added | each.removed) & mask:
            verdict = _corrected(kvm, each, bool(each.removed & mask))
            if verdict is not None:
                return verdict
    word = known.features.words[index]
    if word.msr is not None:
        return "kvm", _of_msr(kvm, word)
    if index in (*known.xcr0, *known.xss):
        return _of_component(kvm, known, index, bit)
    if word.leaf is not None and 0x40000000 <= word.leaf < 0x50000000:
        return "kvm", f"KVM of this kernel{_kernel(kvm)} does not have it"
    own = hardware(kvm.host, word)
    if own is None:
        return "kvm", "KVM does not list it (what the CPU itself has is not in the record)"
    if own & mask:
        return "kvm", f"the CPU has it, but KVM of this kernel{_kernel(kvm)} does not pass it on"
    if listed(kvm.host, word) & mask:
        return "kvm", "KVM lists it, but not in the form that QEMU shows to guests"
    return "cpu", "the CPU does not have it"


def _kernel(kvm: KVM) -> str:
    return f" (Linux {kvm.host.kernel})" if kvm.host.kernel else ""


def _corrected(kvm: KVM, each: Correction, removed: bool) -> tuple[str, str] | None:
    """What a correction of QEMU's has to say of a bit that is missing; None for nothing."""
    record = each.record
    if removed:
        if not each.applies(kvm.host, kvm.mode):
            return None
        if "irqchip" in record:
            return "capability", f"{record['reason']} (kernel-irqchip={kvm.mode.irqchip})"
        layer = "machine" if "pc" in record else "cpu" if "broken-tsx" in record else "kvm"
        return layer, record["reason"]
    name = record.get("capability")
    if "irqchip" in record and kvm.mode.irqchip not in record["irqchip"]:
        wanted = " or ".join(f"kernel-irqchip={mode}" for mode in record["irqchip"])
        return "capability", f"it needs {wanted}, and it is {kvm.mode.irqchip}"
    if name is not None and not capability(kvm.host, name):
        return "capability", f"it needs {name} ({number_of(name)}), which this kernel does not have"
    if "cpu-pm" in record and not kvm.mode.cpu_pm:
        return "capability", "it needs -overcommit cpu-pm=on"
    return None


def _of_msr(kvm: KVM, word: FeatureWord) -> str:
    assert word.msr is not None
    where = f"MSR {word.msr:X}h"
    if not kvm.host.msr_features:
        return f"KVM of this kernel{_kernel(kvm)} has no feature MSRs, {where} among them"
    if word.msr not in kvm.host.msr_features:
        return f"KVM has no feature {where} on this host"
    return f"KVM does not allow it in {where} on this host"


def _of_component(kvm: KVM, known: Facts, index: int, bit: int) -> tuple[str, str]:
    """An XSAVE component that cannot be saved."""
    number = bit + 32 * (index in (known.xcr0[1], known.xss[1]))
    area = next((each for each in known.xsave if each.number == number), None)
    what = f"the XSAVE component {number}" + (f" ({area.name})" if area is not None else "")
    word = known.features.words[index]
    own = hardware(kvm.host, word)
    if own is not None and not own >> bit & 1:
        return "cpu", f"the CPU does not save {what}"
    return "kvm", f"KVM does not let guests have {what}"
