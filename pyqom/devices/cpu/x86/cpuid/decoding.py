"""What the bits of CPUID mean, in words (``data/cpuid-fields.json``)."""

from __future__ import annotations

from pyqom.devices.cpu.x86.cpuid.facts import REGISTERS
from pyqom.devices.cpu.x86.data import load
from pyqom.devices.cpu.x86.features import number
from pyqom.quick import memo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from pyqom.devices.cpu.x86.features import Features

ANY = "any"
ALL = 0xFFFFFFFF


class Field:
    """Some bits of a register, or a text over several.

    ``register`` is ``"EAX"`` or ``"EBX+EDX+ECX"``, ``low`` and ``high`` the bits; ``value`` what
    stands there: a bool for a single bit, else a number or a text; ``meaning`` says of a number
    what it stands for, where that is no number.
    """

    __slots__ = ("high", "low", "meaning", "name", "register", "value")

    def __init__(
        self,
        register: str,
        low: int,
        high: int,
        name: str,
        value: bool | int | str,
        meaning: str | None = None,
    ) -> None:
        self.register = register
        self.low = low
        self.high = high
        self.name = name
        self.value = value
        self.meaning = meaning

    @property
    def bits(self) -> str:
        """``"7"`` or ``"7:0"``."""
        return str(self.low) if self.low == self.high else f"{self.high}:{self.low}"

    def __str__(self) -> str:
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        if isinstance(self.value, str):
            return f'"{self.value}"'
        if self.meaning is not None:
            return f"{self.meaning} ({self.value})"
        return f"{self.value:#x} ({self.value})"

    def __repr__(self) -> str:
        return f"<Field {self.name} = {self}>"


class _Shape:
    """A field of a leaf as the data has it."""

    __slots__ = ("add", "high", "low", "mask", "name", "places", "register", "values")

    def __init__(self, record: Sequence[Any], values: dict[str, dict[str, str]]) -> None:
        self.register, bits, self.name, *more = record
        options = more[0] if more else {}
        self.places = tuple(REGISTERS.index(each) for each in self.register.split("+"))
        self.low, self.high = 0, 31
        if bits != "text":
            high, _, low = bits.partition("-")
            self.low, self.high = int(low or high), int(high)
        self.mask = (1 << self.high + 1) - (1 << self.low)
        self.add: int = options.get("add", 0)
        self.values = values[options["values"]] if "values" in options else None

    def read(self, registers: Sequence[int]) -> Field:
        place = self.register, self.low, self.high, self.name
        if len(self.places) > 1:
            data = b"".join(registers[at].to_bytes(4, "little") for at in self.places)
            return Field(*place, data.rstrip(b"\0").decode("latin-1"))
        bits = (registers[self.places[0]] & self.mask) >> self.low
        if self.low == self.high:
            return Field(*place, bool(bits))
        meaning = None if self.values is None else self.values.get(str(bits), "unknown")
        return Field(*place, bits + self.add, meaning)


class Leaf:
    """What is known of a leaf, or of one of its subleaves: its title and its fields."""

    def __init__(self, record: dict[str, Any], values: dict[str, dict[str, str]]) -> None:
        self.title: str = record["title"]
        self._shapes = [_Shape(each, values) for each in record["fields"]]
        self._named = [0, 0, 0, 0]
        for shape in self._shapes:
            for place in shape.places:
                self._named[place] |= shape.mask

    def read(self, registers: Sequence[int]) -> list[Field]:
        """The fields with what the registers say; bits that have no name come last, if set."""
        fields = [shape.read(registers) for shape in self._shapes]
        return [*fields, *_unnamed(registers, self._named)]


def _unnamed(registers: Sequence[int], named: Sequence[int]) -> Iterator[Field]:
    """The bits that are set although nothing is known of them, run by run."""
    for register, value, mask in zip(REGISTERS, registers, named, strict=True):
        rest = value & ~mask
        while rest:
            low = (rest & -rest).bit_length() - 1
            high = low
            while rest >> high + 1 & 1:
                high += 1
            bits = rest & (1 << high + 1) - 1
            rest &= ~bits
            shown = True if low == high else bits >> low
            yield Field(register, low, high, f"unnamed bits {register}", shown)


@memo
def _leaves() -> dict[tuple[int, int | str | None], Leaf]:
    data = load("cpuid-fields.json")
    return {
        (number(each["leaf"]), each.get("subleaf")): Leaf(each, data["values"])
        for each in data["leaves"]
    }


def known_leaf(leaf: int, subleaf: int = 0) -> Leaf | None:
    """What is known of a leaf; None for nothing."""
    known = _leaves()
    for place in (subleaf, ANY, None):
        found = known.get((leaf, place))
        if found is not None:
            return found
    return None


def decode(leaf: int, subleaf: int, registers: Sequence[int]) -> list[Field]:
    """The fields of a leaf with their values, in the order of the registers and bits.

    All set bits are in one of them; of a leaf that is not known the registers as they are.
    """
    known = known_leaf(leaf, subleaf)
    if known is not None:
        return known.read(registers)
    return [
        Field(register, 0, 31, f"register {register}", value)
        for register, value in zip(REGISTERS, registers, strict=True)
        if value
    ]


def feature_at(features: Features, leaf: int, subleaf: int, register: str, bit: int) -> str | None:
    """The name of the feature property that a bit of CPUID is; None where there is none."""
    for word in features.words:
        if word.leaf == leaf and word.register == register and word.subleaf in (None, subleaf):
            return word.bits.get(bit)
    return None
