"""What a schema cannot say of CPU models: whether a release has what they name.

Everything is looked at as far as its shape allows, so that all faults of a file come at once; what
has the wrong shape is the schema's matter and passed over here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyqom.devices.context import unaliased
from pyqom.devices.cpu.x86.data import known, load, within
from pyqom.devices.cpu.x86.features import bit_range
from pyqom.devices.cpu.x86.kinds import MODEL_ID_SIZE, VENDOR_SIZE
from pyqom.devices.cpu.x86.modelfamily import Family, records_in
from pyqom.errors import PropertyNotFound, PyqomError, nearest
from pyqom.schema import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from pyqom.devices.cpu.x86.features import FeatureWord
    from pyqom.release import Release
    from pyqom.schema import Fault, Path
    from pyqom.types import Registry


UNSETTABLE = frozenset({"realized", "memory"})
"""Properties that can be written and yet are no part of a model."""


def check_models(
    content: Any, registry: Registry, *, special: bool = False
) -> tuple[list[Fault], list[Any]]:
    """The faults of a model file for a registry, as (path, text), and its models, parents first.

    `content` is parsed JSON of any shape.  `special` allows models that a class makes.
    """
    models = records_in(content.get("models") if isinstance(content, dict) else None, ("models",))
    checker = Checker(registry, special)
    faults = [fault for path, model in models for fault in checker.model(path, model)]
    family = Family(models, registry, checker.has, checker.near)
    faults += family.names()
    faults += family.parents()
    return faults, family.order


def _strings(entries: Any, path: Path) -> Iterator[tuple[Path, str, dict[str, Any]]]:
    """The names of an array of names and objects with a name: (path, name, lifetime)."""
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        record = entry if isinstance(entry, dict) else {"name": entry}
        if isinstance(record.get("name"), str):
            yield (*path, index), record["name"], record


class Checker:
    """Checks records against one registry."""

    def __init__(self, registry: Registry, special: bool = False) -> None:
        assert registry.release is not None
        self.special = special
        self.registry = registry
        self.release: Release = registry.release
        self.base = registry.get("x86_64-cpu")
        self.features = self.base.facts.features
        self.aliases = dict(load("aliases.json")["aliases"])
        self.caches = {
            record["name"] for record in known(load("caches.json")["caches"], self.release)
        }

    def has(self, entry: Any) -> bool:
        """Whether the release knows an entry; one whose lifetime is no lifetime counts."""
        if not isinstance(entry, dict):
            return True
        since, until = entry.get("since"), entry.get("until")
        if not all(bound is None or _is_release(bound) for bound in (since, until)):
            return True
        return self.release.knows(since, until)

    def value(self, entry: Any) -> Any:
        """What the release has of a value with or without lifetime."""
        return within(entry, self.release) if self.has(entry) and _is_entry(entry) else None

    # --- one model -----------------------------------------------------------

    def model(self, path: Path, model: dict[str, Any]) -> Iterator[Fault]:
        """The faults of one model, its versions included."""
        if not self.has(model):
            return
        if "class" in model:
            if not self.special:
                yield (*path, "class"), "only QEMU's own max, host and base are made by a class"
            return
        yield from self._texts(path, model)
        lists = model.get("features")
        for word, entries in (lists if isinstance(lists, dict) else {}).items():
            yield from self._features((*path, "features", word), word, entries)
        yield from self._features((*path, "without"), None, model.get("without"))
        yield from self._assignments(path, model)
        if isinstance(model.get("avx10-version"), int) and "avx10-version" in self.properties:
            yield from self._setting((*path, "avx10-version"), "avx10-version", model)
        yield from self._versions(path, model)

    def _texts(self, path: Path, model: dict[str, Any]) -> Iterator[Fault]:
        """CPUID counts bytes, the schema characters."""
        for member, size in (("vendor", VENDOR_SIZE), ("model-id", MODEL_ID_SIZE)):
            text = model.get(member)
            if isinstance(text, str) and len(text) <= size < len(text.encode()):
                yield (*path, member), f"{shown(text)} has {len(text.encode())} bytes, not {size}"

    def _versions(self, path: Path, model: dict[str, Any]) -> Iterator[Fault]:
        due = 1
        for where, version in records_in(model.get("versions"), (*path, "versions")):
            if not self.has(version):
                continue
            number = version.get("version")
            if isinstance(number, int) and number != due:
                yield (*where, "version"), f"version {shown(number)} stands where {due} is due"
            due += 1
            yield from self._assignments(where, version)

    # --- features ------------------------------------------------------------

    def _features(self, path: Path, word: str | None, entries: Any) -> Iterator[Fault]:
        """The faults of a list of features, of one word (None: of any)."""
        if word is not None and word not in self.features.index:
            if not any(self.has(entry) for _, _, entry in _strings(entries, path)):
                return
            yield (
                path,
                f"release {self.release.name} has no feature word {shown(word)}"
                + (self.near(word, self.features.index)),
            )
            return
        for where, name, entry in _strings(entries, path):
            if self.has(entry):
                text = self._feature(name, word)
                if text:
                    yield where, text

    def _feature(self, name: str, word: str | None) -> str | None:
        """What is wrong with a feature in a word's list, None where nothing is."""
        prefix, colon, bits = name.rpartition(":")
        if colon:
            return self._bits(name, prefix, bits, word)
        place = self.features.places.get(name)
        if place is None:
            text = f"release {self.release.name} has no feature '{name}'"
            return text + self.near(name, self.features.places)
        stands = self.features.words[place[0]].name
        if word is not None and stands != word:
            return f"feature '{name}' stands in the word {stands}, not in {word}"
        return None

    def _bits(self, name: str, prefix: str, bits: str, word: str | None) -> str | None:
        """What is wrong with bits without a name, ``WORD:BIT`` or ``WORD:LOW-HIGH``."""
        if prefix not in self.features.index or (word is not None and prefix != word):
            return f"'{name}' is no bit of {word or 'a feature word'}"
        low, _, high = bits.partition("-")
        if not (low.isdecimal() and (high or low).isdecimal() and len(bits) <= len("63-63")):
            return None  # the schema says it
        found: FeatureWord = self.features.words[self.features.index[prefix]]
        last = 31 if found.msr is None else 63
        if not int(low) <= int(high or low) <= last:
            return f"'{name}' is no bit of {prefix}, which has bits 0 to {last}"
        if bit_range(bits) & found.amd_aliases:
            return f"'{name}' repeats what another word has, if the vendor is AMD: leave it out"
        return None

    # --- properties ----------------------------------------------------------

    @property
    def properties(self) -> Any:
        """The properties of x86 CPUs by name."""
        return self.base.properties()

    def _assignments(self, path: Path, holder: dict[str, Any]) -> Iterator[Fault]:
        """The faults of what a model or a version sets: its properties and its caches."""
        props = holder.get("props")
        for name, entry in (props if isinstance(props, dict) else {}).items():
            if self.has(entry):
                yield from self._setting((*path, "props", name), name, props)
        caches = self.value(holder.get("caches"))
        if isinstance(caches, str) and caches not in self.caches:
            text = f"no cache description '{caches}'" + self.near(caches, self.caches)
            yield (*path, "caches"), text

    def _setting(self, path: Path, name: str, holder: Any) -> Iterator[Fault]:
        """The fault of one property value."""
        try:
            prop = self.base.find(name)
        except PropertyNotFound as error:
            yield path, f"{error}{self.near(name, self.properties)}"
            return
        if not prop.writable or name in UNSETTABLE:
            yield path, f"property '{name}' cannot be set by a model"
            return
        value = self.value(holder[name])
        if not isinstance(value, (bool, int, str)):
            return  # the schema says it
        try:
            unaliased(self.base, prop).check(value, name, self.base)
        except PyqomError as error:
            yield path, str(error)

    def near(self, name: str, names: Iterable[str]) -> str:
        """What somebody may have meant who wrote this name."""
        known_ = list(names)
        meant = [self.aliases[name]] if self.aliases.get(name) in known_ else nearest(name, known_)
        return f", did you mean {' or '.join(map(repr, meant))}?" if meant else ""


def _is_release(name: Any) -> bool:
    if not isinstance(name, str):
        return False
    parts = name.split(".")
    return len(parts) == 2 and all(
        part.isascii() and part.isdecimal() and len(part) < 4 for part in parts
    )


def _is_entry(entry: Any) -> bool:
    return not isinstance(entry, dict) or "value" in entry
