"""Where features are in CPUID and MSRs, and which feature a bit of CPUID is."""

from __future__ import annotations

import re

from pyqom.answers.results import FeaturePlace
from pyqom.devices.cpu.x86.cpuid.decoding import known_leaf
from pyqom.devices.cpu.x86.kinds import FeatureBit
from pyqom.errors import PropertyNotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.devices.cpu.x86.features import FeatureWord
    from pyqom.types import Property

PLACE = re.compile(
    r"CPUID\.(?:0x)?([0-9a-f]{1,8})h?(?:\.(?:0x)?([0-9a-f]{1,8})h?)?:(E[ABCD]X)\[(\d{1,2})\]",
    re.IGNORECASE,
)
"""``CPUID.7.0:EBX[5]``: leaf and subleaf in hexadecimal, register, bit."""


def property_at(cls: Any, text: str) -> str:
    """The name of the property that `text` means: itself, or the feature at a place of CPUID.

    Raises PropertyNotFound for a place that is no feature of the class.
    """
    match = PLACE.fullmatch(text)
    if match is None:
        return text
    leaf, register, bit = int(match[1], 16), match[3].upper(), int(match[4])
    subleaf = int(match[2], 16) if match[2] else 0
    for word in cls.facts.features.words:
        if word.leaf == leaf and word.register == register and (word.subleaf or 0) == subleaf:
            if bit in word.bits:
                name: str = word.bits[bit]
                return name
    found = _part_of(leaf, subleaf, register, bit)
    what = f": it is part of '{found}'" if found is not None else ""
    raise PropertyNotFound(f"{text} is no feature that '{cls.typename}' has{what}", text, ())


def _part_of(leaf: int, subleaf: int, register: str, bit: int) -> str | None:
    known = known_leaf(leaf, subleaf)
    if known is not None:
        for field in known.read((0, 0, 0, 0)):
            if register in field.register.split("+") and field.low <= bit <= field.high:
                return field.name
    return None


def places_of(cls: Any, prop: Property) -> tuple[FeaturePlace, ...]:
    """The bits that a property stands for; none where it is no feature."""
    if not isinstance(prop, FeatureBit):
        return ()
    word = cls.facts.features.words[prop.index]
    bits = (bit for bit in range(prop.mask.bit_length()) if prop.mask >> bit & 1)
    return tuple(_place(word, bit) for bit in bits)


def _place(word: FeatureWord, bit: int) -> FeaturePlace:
    meaning = None
    if word.leaf is not None and word.register is not None:
        meaning = _part_of(word.leaf, word.subleaf or 0, word.register, bit)
    return FeaturePlace(
        word.name, word.symbol, bit, word.leaf, word.subleaf, word.register, word.msr, meaning
    )
