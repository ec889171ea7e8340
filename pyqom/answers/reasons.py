"""What a CPU model asks for and does not get on a host, and who is to blame for each feature."""

from __future__ import annotations

from attrs import frozen

from pyqom.answers.blame import Blame, all_unsupported, located, placed, unsupported
from pyqom.answers.cpu_definitions import filtered
from pyqom.answers.expansion import apply_props
from pyqom.answers.target import Target, model_name
from pyqom.devices.context import unaliased
from pyqom.devices.cpu.x86 import rules
from pyqom.devices.cpu.x86.features import features
from pyqom.devices.cpu.x86.featurestring import parse_model
from pyqom.devices.cpu.x86.filter import filter_features
from pyqom.devices.cpu.x86.kinds import FeatureBit
from pyqom.devices.cpu.x86.loading import loaded_words
from pyqom.devices.cpu.x86.realize import needs_host
from pyqom.release import releases

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from pyqom.accel.accelerator import Accelerator
    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.devices.cpu.x86.facts import Dependency, Facts
    from pyqom.devices.cpu.x86.featurestring import ModelString
    from pyqom.hosts.host import Host
    from pyqom.machines import MachineType
    from pyqom.types import Registry


@frozen
class Verdict:
    """What a model lacks on a machine type and a host.

    ``runnable`` tells whether QEMU would start it with ``enforce``: nothing that it lacks blocks
    it.  ``error`` is QEMU's where the model cannot be had at all, else None.  ``missing`` stands in
    the order of the feature words.
    """

    model: str
    machine: str
    release: str
    accel: str
    host: str | None
    runnable: bool
    missing: tuple[Blame, ...]
    error: str | None = None


def why(
    model: str | None = None,
    *,
    machine: str | MachineType | None = None,
    accel: str | Accelerator = "tcg",
    props: Mapping[str, Any] | None = None,
    release: str | None = None,
    types: Registry | None = None,
    host: Host | str | None = None,
) -> list[Verdict]:
    """What a model asks for and does not get, feature by feature; all models where none is named.

    `model` may carry features as ``-cpu`` does; a feature that only another release knows is blamed
    on this QEMU.  The arguments are those of `pyqom.expand`; models come in the order of
    `pyqom.definitions`.  Raises what `expand` raises.
    """
    target = Target(machine, accel, release, types, host)
    if model is not None:
        return [_verdict_of(target, parse_model(model), model, props)]
    return [_plain_verdict(cls, target) for cls in reversed(target.models())]


def _plain_verdict(cls: Any, target: Target) -> Verdict:
    if cls.host_cpuid_required and not target.accel.uses_host_cpuid:
        return _verdict(target, model_name(cls), (), str(needs_host(model_name(cls))))
    cpu = filtered(cls, target)
    error = None if cpu.cannot_expand is None else str(cpu.cannot_expand)
    return _verdict(target, model_name(cls), tuple(_missing(cpu, target)), error)


def _verdict(
    target: Target, name: str, missing: tuple[Blame, ...], error: str | None = None
) -> Verdict:
    host: Host | None = getattr(target.accel, "host", None)
    return Verdict(
        name,
        target.machine.name,
        target.release.name,
        target.accel.name,
        host.name if host is not None else None,
        error is None and not any(each.blocks for each in missing),
        missing,
        error,
    )


def _verdict_of(target: Target, wanted: ModelString, title: str, props: Any) -> Verdict:
    """The verdict on a model with features of the user's."""
    cls = target.model(wanted.name)
    unknown = tuple(_take_unknown(cls, wanted, target))
    if wanted.is_plain and not props:
        found = _plain_verdict(cls, target)
        return _verdict(target, title, (*unknown, *found.missing), found.error)
    if cls.host_cpuid_required and not target.accel.uses_host_cpuid:
        return _verdict(target, title, unknown, str(needs_host(wanted.name)))
    cpu: X86CPU = cls(target.configured(wanted, cls.typename))
    apply_props(cpu, props)
    asked = list(cpu.words)
    for name, on in cpu.context.switches:
        _place(cpu, asked, name, on)
    rules.expand(cpu)
    filter_features(cpu)
    return _verdict(target, title, (*unknown, *_missing(cpu, target, asked)))


def _take_unknown(cls: Any, wanted: ModelString, target: Target) -> Iterator[Blame]:
    """The features that this release does not know and another does; they leave the string."""
    names = [name for name, _ in wanted.switches] + [name for name, _ in wanted.properties]
    for name in dict.fromkeys(names):
        if name in cls.properties():
            continue
        others = [each for each in releases() if name in features(each).places]
        if not others:
            continue
        known_to = " and ".join(each.name for each in others)
        word = features(others[-1]).words[features(others[-1]).places[name][0]]
        mask = features(others[-1]).places[name][1]
        text = f"QEMU {target.release.name} does not know it, {known_to} does"
        yield located(name, word, mask.bit_length() - 1, "qemu", text)
        wanted.switches = [pair for pair in wanted.switches if pair[0] != name]
        wanted.properties = [pair for pair in wanted.properties if pair[0] != name]


def _place(cpu: X86CPU, words: list[int], name: str, on: bool) -> None:
    """Switch a feature in words, if it is one."""
    prop = cpu.properties().get(name)
    prop = unaliased(type(cpu), prop) if prop is not None else None
    if isinstance(prop, FeatureBit):
        words[prop.index] = words[prop.index] & ~prop.mask | (prop.mask if on else 0)


def _missing(cpu: X86CPU, target: Target, asked: list[int] | None = None) -> Iterator[Blame]:
    """All that the definition or the user asks for and the filtered CPU does not have.

    `asked` are the words with the user's own features; None for a plain model.
    """
    defined, words = loaded_words(cpu), cpu.words
    off = _Off(cpu, target)
    for index, taken in enumerate(cpu.filtered_words):
        wanted = defined[index] if asked is None else defined[index] | asked[index]
        silent = wanted & ~words[index] & ~taken & ~off.by_user[index]
        if taken | silent:
            here = taken & target.accel.supported(index)
            found = all_unsupported(target.accel, index, taken & ~here)
            if here | silent:
                others = [_taken(cpu, target, index, bit) for bit in _bits(here)]
                both = (*found, *others, *off.silent(index, silent))
                found = tuple(sorted(both, key=_bit))
            yield from found


def _bit(blame: Blame) -> int:
    assert blame.bit is not None
    return blame.bit


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        mask ^= low
        yield low.bit_length() - 1


def _taken(cpu: X86CPU, target: Target, index: int, bit: int) -> Blame:
    """A feature that was asked for and taken away again, though it is supported."""
    for each in cpu.facts.dependencies:
        if each.index == index and each.mask >> bit & 1 and not _met(cpu, each):
            return placed(cpu.facts, index, bit, "dependency", f"it {each.reason}")
    return _conflict(cpu.facts, index, bit) or unsupported(target.accel, index, bit)


def _met(cpu: X86CPU, dependency: Dependency) -> bool:
    return bool(cpu.words[dependency.needs] & dependency.needs_mask)


def _conflict(known: Facts, index: int, bit: int) -> Blame | None:
    for group in known.conflicts:
        if any(place == index and mask >> bit & 1 for _, place, mask, _ in group):
            others = [name for name, place, mask, _ in group if place != index]
            text = f"it excludes {' and '.join(others)}, and both are asked for"
            return placed(known, index, bit, "conflict", text)
    return None


class _Off:
    """Who switched features of a CPU off without a word.

    ``by_user`` are the bits that the user did: nobody is to blame for those.
    """

    def __init__(self, cpu: X86CPU, target: Target) -> None:
        self.cpu = cpu
        self.known = cpu.facts
        self.accel = target.accel
        self.machine = target.machine.name
        self.by_user = [0] * len(cpu.words)
        self.owners: dict[int, list[tuple[int, str, str]]] = {}
        self._look(cpu, target)

    def _look(self, cpu: X86CPU, target: Target) -> None:
        places = self.known.features.places
        for name, value in target.accel.model_props if cpu.definition is not None else ():
            index, mask = places.get(name, (-1, 0))
            self._set(index, mask, bool(value), "accelerator", self.accel.name.upper())
        for prop, value, override in cpu.context.bound(type(cpu)).entries:
            if isinstance(prop, FeatureBit):
                self._set(prop.index, prop.mask, value, override.layer, override.source)
        for name, on in cpu.context.switches:
            index, mask = places.get(name, (-1, 0))
            self._set(index, mask, on, "global", "-cpu")

    def _set(self, index: int, mask: int, on: bool, layer: str, source: str) -> None:
        if index < 0:
            return
        kept = [each for each in self.owners.get(index, ()) if not each[0] & mask]
        self.by_user[index] &= ~mask
        if not on and layer == "global":
            self.by_user[index] |= mask
        elif not on:
            kept.append((mask, layer, source))
        self.owners[index] = kept

    def silent(self, index: int, bits: int) -> list[Blame]:
        """The blame for bits of a word that went without a word."""
        found: list[Blame] = []
        for mask, layer, source in self.owners.get(index, ()):
            if mask & bits:
                text = f"{source} turns it off unless it is asked for"
                if layer == "machine":
                    text = f"{self.machine} turns it off, as machines did before ({source})"
                found += [placed(self.known, index, bit, layer, text, False)
                          for bit in _bits(mask & bits)]
                bits &= ~mask
        for each in self.known.dependencies:
            gone = each.mask & bits if each.index == index else 0
            if gone and not _met(self.cpu, each):
                found += self._dependents(each, gone)
                bits &= ~gone
        if bits:
            found += self._by_rule(index, bits)
        return found

    def _dependents(self, dependency: Dependency, bits: int) -> tuple[Blame, ...]:
        """The same for all models in which they go together."""
        memo = self.accel.blames
        key = dependency, bits
        found: tuple[Blame, ...] | None = memo.get(key)
        if found is None:
            text = f"it {dependency.reason}"
            found = memo[key] = tuple(
                placed(self.known, dependency.index, bit, "dependency", text, False)
                for bit in _bits(bits)
            )
        return found

    def _by_rule(self, index: int, bits: int) -> list[Blame]:
        """Features that go with a property that is no feature."""
        found = []
        word = self.known.features.words[index]
        for bit in _bits(bits):
            needs = "pmu=on" if word.bits.get(bit) in ("pdcm", "arch-lbr") else None
            if word.name == "KVM":
                needs = "KVM and kvm=on"
            if needs is not None:
                text = f"it needs {needs}"
                found.append(placed(self.known, index, bit, "dependency", text, False))
        return found
