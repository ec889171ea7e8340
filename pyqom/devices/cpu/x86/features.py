"""Feature words: which bit of which CPUID register or MSR a feature name stands for.

A *feature word* is a CPUID register or a feature MSR (QEMU's ``FeatureWordInfo``,
``target/i386/cpu.c``).  A model's features are one integer a word; a feature property is a view
on a bit, or several, of one of them.  The facts stand in ``data/features.json``.
"""

from __future__ import annotations

from pyqom.devices.cpu.x86.data import known, load, within
from pyqom.quick import memo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from pyqom.release import Release


class FeatureWord:
    """One feature word as one release knows it.

    ``name`` is ours (``"7.0.EBX"``), ``symbol`` QEMU's (``FEAT_7_0_EBX``).  A CPUID word has
    ``leaf``, ``subleaf`` (None where the leaf has none) and ``register``; an MSR word has ``msr``
    and up to 64 bits.  ``bits`` maps the number of each named bit to its property name; the masks
    say what ``migratable`` lets through, what ``max`` does not switch on by itself, and which bits
    AMD repeats from leaf 1.
    """

    __slots__ = (
        "amd_aliases", "bits", "index", "leaf", "migratable", "msr", "name", "no_autoenable",
        "register", "subleaf", "symbol",
    )  # fmt: skip

    def __init__(self, index: int, record: dict[str, Any], release: Release) -> None:
        self.index = index
        self.name: str = record["word"]
        self.symbol: str = record["symbol"]
        cpuid = record.get("cpuid")
        self.leaf: int | None = number(cpuid["leaf"]) if cpuid else None
        self.subleaf: int | None = cpuid.get("subleaf") if cpuid else None
        self.register: str | None = cpuid["register"] if cpuid else None
        self.msr: int | None = number(record["msr"]) if "msr" in record else None
        self.bits: dict[int, str] = {
            int(bit): name
            for bit, entry in record.get("bits", {}).items()
            if (name := within(entry, release)) is not None
        }
        named = mask_of(self.bits)
        migratable = named & ~self._mask(record, "unmigratable", release)
        self.migratable = migratable | self._mask(record, "migratable", release)
        self.amd_aliases = number(record["amd-aliases"]["mask"]) if "amd-aliases" in record else 0
        self.no_autoenable = self._mask(record, "no-autoenable", release)

    def _mask(self, record: dict[str, Any], key: str, release: Release) -> int:
        return self.mask(known(record.get(key, ()), release))

    def mask(self, names: Iterable[str]) -> int:
        """The bits of these names, each a feature name of this word or ``WORD:BIT``."""
        mask = 0
        for name in names:
            prefix, colon, bits = name.rpartition(":")
            if colon and prefix == self.name:
                mask |= bit_range(bits)
                continue
            found = mask_of(bit for bit, known_as in self.bits.items() if known_as == name)
            if not found:
                raise KeyError(f"{name} is no bit of {self.name}")
            mask |= found
        return mask

    def names(self, word: int) -> list[str]:
        """The names of the bits that are set in `word`, lowest bit first."""
        return [name for bit, name in self.bits.items() if word >> bit & 1]

    def __repr__(self) -> str:
        return f"<FeatureWord {self.name}>"


class Features:
    """All feature words of one release, and where each feature name lives."""

    def __init__(self, release: Release) -> None:
        self.release = release
        records = known(load("features.json")["words"], release)
        self.words = tuple(FeatureWord(i, record, release) for i, record in enumerate(records))
        self.index = {word.name: word.index for word in self.words}
        self.places: dict[str, tuple[int, int]] = {}
        for word in self.words:
            for bit, name in word.bits.items():
                index, mask = self.places.get(name, (word.index, 0))
                if index != word.index:
                    raise ValueError(f"{name} stands in two feature words")
                self.places[name] = index, mask | 1 << bit

    def place(self, name: str) -> tuple[int, int]:
        """(index of the word, mask) of a feature name, ``WORD:BIT`` or ``WORD:LOW-HIGH``.

        Raises KeyError for an unknown one."""
        found = self.places.get(name)
        if found is None:
            word, colon, bits = name.rpartition(":")
            if not colon or word not in self.index:
                raise KeyError(f"unknown feature {name}")
            found = self.index[word], bit_range(bits)
        return found

    def place_all(self, names: Iterable[str]) -> tuple[int, int]:
        """(index of the word, mask) of several features that stand in one word."""
        places = [self.place(name) for name in names]
        if len({index for index, _ in places}) != 1:
            raise KeyError(f"not all of one feature word: {names}")
        mask = 0
        for _, bits in places:
            mask |= bits
        return places[0][0], mask

    def words_of(self, names: Iterable[str]) -> list[int]:
        """All words, with the bits of these feature names set."""
        words = [0] * len(self.words)
        for name in names:
            index, mask = self.place(name)
            words[index] |= mask
        return words


def mask_of(bits: Iterable[int]) -> int:
    """The integer in which just these bits are set."""
    mask = 0
    for bit in bits:
        mask |= 1 << bit
    return mask


def bit_range(text: str) -> int:
    """The mask of ``"12"`` or of ``"2-9"``."""
    first, _, last = text.partition("-")
    low, high = int(first), int(last or first)
    return (1 << high + 1) - (1 << low)


def number(value: int | str) -> int:
    """A number of a data file: an integer, or text such as ``"0x80000008"``."""
    return value if isinstance(value, int) else int(value, 0)


@memo
def features(release: Release) -> Features:
    """The feature words of a release."""
    return Features(release)
