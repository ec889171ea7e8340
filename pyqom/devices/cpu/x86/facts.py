"""What one release knows of x86 CPUs, compiled from the data for the rules to compute with."""

from __future__ import annotations

from pyqom.devices.cpu.x86.data import known, load
from pyqom.devices.cpu.x86.features import Features, features, number
from pyqom.quick import memo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.release import Release

UNSET = 0xFFFFFFFF
"""A CPUID level that expansion fills in (``UINT32_MAX``)."""

ALL = 0xFFFFFFFFFFFFFFFF


class Dependency:
    """The bits `mask` of word `index` go where no bit of `needs_mask` is set in word `needs`."""

    __slots__ = ("index", "mask", "needs", "needs_mask", "reason")

    def __init__(self, record: dict[str, Any], names: Features) -> None:
        self.needs, self.needs_mask = names.place_all(record["from"])
        target = record["to"]
        if isinstance(target, dict):
            self.index = names.index[target["word"]]
            self.mask = number(target.get("mask", ALL))
        else:
            self.index, self.mask = names.place_all(target)
        self.reason = f"needs {' or '.join(record['from'])}, which is off"


class LevelNeed:
    """With one of the bits `mask` of word `index` set, the CPUID level must reach `leaf`."""

    __slots__ = ("feature", "index", "leaf", "mask")

    def __init__(self, record: dict[str, Any], names: Features) -> None:
        self.feature: str = record["feature"]
        self.leaf = number(record["leaf"])
        if self.feature in names.index:
            self.index, self.mask = names.index[self.feature], ALL
        else:
            self.index, self.mask = names.place(self.feature)


class XsaveArea:
    """A part of the XSAVE area: its bit in XCR0 (user state) or XSS, and who keeps state there.

    ``size`` and ``offset`` are in bytes; ``places`` are (word, mask) of the features, any of which
    is enough.
    """

    __slots__ = ("bit", "name", "number", "offset", "places", "size", "user")

    def __init__(self, record: dict[str, Any], names: Features, release: Release) -> None:
        self.number: int = record["component"]
        self.bit = 1 << self.number
        self.name: str = record["name"]
        self.user: bool = record["state"] == "user"
        self.size: int = record["size"]
        self.offset: int = record.get("offset", 0)
        self.places = tuple(names.place(name) for name in known(record["features"], release))


class Avx10:
    """A version of AVX10 and the (word, mask) of the features that it adds to the one before.

    ``max_subleaf`` is the highest subleaf of CPUID leaf 24h that it has.
    """

    __slots__ = ("max_subleaf", "number", "places")

    def __init__(self, record: dict[str, Any], names: Features) -> None:
        self.number: int = record["version"]
        self.max_subleaf: int = record.get("max-subleaf", 0)
        self.places = tuple(names.place(name) for name in record["features"])


class Facts:
    """The x86 facts of one release: feature words, dependencies, levels, XSAVE areas.

    ``rules`` are the release's named behaviours (`pyqom.release`).
    """

    def __init__(self, release: Release) -> None:
        self.release = release
        self.rules = release.rules
        self.names: dict[tuple[int, int], tuple[str, ...]] = {}
        """The names of bits of a word that were asked for, see `filter.names_of`."""
        self.features = names = features(release)
        data = load("dependencies.json")
        self.dependencies = tuple(
            Dependency(record, names) for record in known(data["dependencies"], release)
        )
        self.conflicts = tuple(
            tuple(
                (entry["name"], *names.place(entry["name"]), entry["message"])
                for entry in record["features"]
            )
            for record in known(data["conflicts"], release)
        )
        self.avx10_versions = tuple(
            Avx10(record, names) for record in known(data["avx10-versions"], release)
        )
        levels = load("levels.json")
        self.level_words = tuple(
            names.words[names.index[word]] for word in known(levels["words"], release)
        )
        self.level_needs = tuple(
            LevelNeed(record, names) for record in known(levels["features"], release)
        )
        self.xsave = tuple(
            XsaveArea(record, names, release)
            for record in known(load("xsave.json")["areas"], release)
        )
        self.xcr0 = names.index["XSAVE.XCR0.LO"], names.index["XSAVE.XCR0.HI"]
        self.xss = names.index["XSAVE.XSS.LO"], names.index["XSAVE.XSS.HI"]


@memo
def facts(release: Release) -> Facts:
    """The x86 facts of a release."""
    return Facts(release)
