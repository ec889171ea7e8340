"""Property kinds that only devices have: places on a bus, addresses, identifiers, block sizes.

QEMU: hw/core/qdev-properties-system.c.
"""

from __future__ import annotations

import uuid as uuids

from pyqom.errors import InvalidParameterType, InvalidParameterValue
from pyqom.types import Bool, Int32, Property, Size32, Str, visitor
from pyqom.types.property import UNSET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

UNPLACED = -1
"""What a PCI device's ``addr`` is before it is given a slot."""
SLOTS, FUNCTIONS = 32, 8
SMALLEST_BLOCK, LARGEST_BLOCK = 512, 2 << 20
MAC_LENGTH = len("00:00:00:00:00:00")


def refused(owner: Any, name: str, value: str) -> InvalidParameterValue:
    """The error of a text that a device property does not take."""
    typename = getattr(owner, "typename", "")
    return InvalidParameterValue(f"Property '{typename}.{name}' doesn't take value '{value}'")


class BitFlag(Bool):
    """A boolean that is one bit of a word ("bool", DEFINE_PROP_BIT); all releases describe it."""

    plain = False


class PCIDevfn(Int32):
    """Where a device sits on its PCI bus: ``8 * slot + function``, or -1 for the next free slot.

    A text is ``SLOT`` or ``SLOT.FUNCTION``, hexadecimal: "06.0", "1f".
    """

    def check(self, value: Any, name: str, owner: Any = None) -> int:
        if isinstance(value, str):
            return self.place(value, owner)
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidParameterType(f"Invalid parameter type for '{name}', expected int or str")
        number = super().check(value, name, owner)
        if not UNPLACED <= number < SLOTS * FUNCTIONS:
            raise visitor.expects(name, "a value between -1 and 255")
        return number

    def parse(self, text: str, name: str, owner: Any = None) -> int:
        return self.place(text, owner)

    def keyval(self, value: Any, name: str, owner: Any = None) -> int:
        return self.place(visitor.keyval_text(value, name), owner)

    @staticmethod
    def text(place: int) -> str:
        """The place as people write it."""
        slot, function = divmod(place, FUNCTIONS)
        return "<unset>" if place == UNPLACED else f"{slot:02x}.{function:x}"

    def place(self, text: str, owner: Any) -> int:
        """The number of a text.  Raises InvalidParameterValue."""
        slot, dot, function = text.partition(".")
        try:
            numbers = int(slot, 16), int(function, 16) if dot else 0
        except ValueError:
            raise refused(owner, self.name, text) from None
        if not (0 <= numbers[0] < SLOTS and 0 <= numbers[1] < FUNCTIONS):
            raise refused(owner, self.name, text)
        return numbers[0] * FUNCTIONS + numbers[1]


class MAC(Str):
    """An Ethernet address: six bytes in hexadecimal, between them ":" or "-"."""

    def check(self, value: Any, name: str, owner: Any = None) -> str:
        text = super().check(value, name, owner)
        separators = {text[at : at + 1] for at in range(2, MAC_LENGTH, 3)}
        pairs = [text[at : at + 2] for at in range(0, MAC_LENGTH, 3)]
        digits = "".join(pairs)
        hexadecimal = len(digits) == 12 and all(char in "0123456789abcdefABCDEF" for char in digits)
        if len(text) != MAC_LENGTH or not separators <= {":", "-"} or not hexadecimal:
            raise refused(owner, self.name, text)
        return ":".join(pairs).lower()

    def wire(self, value: Any) -> str:
        return "00:00:00:00:00:00" if value is None else value


class UUID(Str):
    """A UUID, or "auto" for one that each device makes itself."""

    def check(self, value: Any, name: str, owner: Any = None) -> str:
        text = super().check(value, name, owner)
        if text == "auto":
            return text
        try:
            parsed = str(uuids.UUID(text))
        except ValueError:
            parsed = ""
        if len(text) != 36 or parsed != text.lower():
            raise refused(owner, self.name, text)
        return parsed


class BlockSize(Size32):
    """Bytes of a disk's block: 0 for the backend's, or a power of two from 512 B to 2 MiB."""

    def check(self, value: Any, name: str, owner: Any = None) -> int:
        return self.power_of_two(super().check(value, name, owner), name)

    def parse(self, text: str, name: str, owner: Any = None) -> int:
        return self.power_of_two(super().parse(text, name, owner), name)

    def keyval(self, value: Any, name: str, owner: Any = None) -> int:
        return self.power_of_two(super().keyval(value, name, owner), name)

    @staticmethod
    def power_of_two(size: int, name: str) -> int:
        """The size, if it is one.  Raises InvalidParameterValue."""
        if size and (not SMALLEST_BLOCK <= size <= LARGEST_BLOCK or size & (size - 1)):
            raise InvalidParameterValue(
                f"parameter {name} must be a power of 2 between"
                f" {SMALLEST_BLOCK} and {LARGEST_BLOCK}"
            )
        return size


class BusNumber(Property):
    """The number of the bus that a PCI device sits on; the bus says it ("busnr")."""

    type = "busnr"

    def __init__(self, **options: Any) -> None:
        super().__init__(writable=False, **options)

    def make_getter(self) -> Any:
        return lambda obj: 0 if obj.parent_bus is None else obj.parent_bus.number


class Untyped(Property):
    """A property of a type that only QEMU's own code reads or writes; any JSON value is kept."""

    def __init__(self, default: Any = UNSET, *, type: str = "any", **options: Any) -> None:
        super().__init__(default, **options)
        self.type = type
