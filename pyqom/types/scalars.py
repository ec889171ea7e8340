"""Property kinds that hold one plain value: bool, integers, sizes, text, enums.

Each kind is the type string that QOM shows, the visitor functions and a range.
The setters of the kinds that are set most are closures whose good case is one
comparison; anything else takes the slow road through `Property.set`, which
finds out what is wrong and says it in QEMU's words.
QEMU: hw/core/qdev-properties.c, qapi/qapi-visit-core.c.
"""

from __future__ import annotations

from pyqom.errors import InvalidParameterValue
from pyqom.types import visitor
from pyqom.types.property import UNSET, Property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def has_own_ways(prop: Property) -> bool:
    """Whether the property's class, or one between it and the kinds here, checks or stores its own
    way, so that a setter may not take the short road round that."""
    mro = type(prop).__mro__
    kind = next(base for base in mro if base.__module__ == __name__)
    ways = ("set", "store", "check", "in_range")
    return any(getattr(mro[0], way, None) is not getattr(kind, way, None) for way in ways)


class Bool(Property):
    """A boolean ("bool")."""

    type = "bool"
    plain = True
    qdev_description = "on/off"
    initial = False

    def check(self, value: Any, name: str, owner: Any = None) -> bool:
        return visitor.json_bool(value, name)

    def parse(self, text: str, name: str, owner: Any = None) -> bool:
        return visitor.parse_bool(text, name)

    def format(self, value: Any, human: bool = False) -> str:
        return visitor.format_bool(value)

    def make_setter(self) -> Callable[[Any, Any], None]:
        if self.after_realize or has_own_ways(self):
            return self.set
        slot, slow = self.slot, self.set

        def set_bool(obj: Any, value: Any) -> None:
            if (value is True or value is False) and not obj._realized:
                setattr(obj, slot, value)
            else:
                slow(obj, value)

        return set_bool


class Integer(Property):
    """What the integer kinds have in common; not a kind itself."""

    low = 0
    high = visitor.UINT64_MAX
    c_type = ""
    initial = 0

    def check(self, value: Any, name: str, owner: Any = None) -> int:
        read = visitor.json_int64 if self.low < 0 else visitor.json_uint64
        return self.in_range(read(value, name), owner)

    def parse(self, text: str, name: str, owner: Any = None) -> int:
        read = visitor.parse_int64 if self.low < 0 else visitor.parse_uint64
        return self.in_range(read(as_known(text, owner), name), owner)

    def keyval(self, value: Any, name: str, owner: Any = None) -> int:
        read = visitor.keyval_int64 if self.low < 0 else visitor.keyval_uint64
        return self.in_range(read(value, name), owner)

    def in_range(self, value: int, owner: Any) -> int:
        """The value, if the C type holds it; the text has the plain name."""
        if self.low <= value <= self.high:
            return value
        # an element of an array has no name of its own
        raise visitor.expects(self.name or "null", self.c_type)

    def format(self, value: Any, human: bool = False) -> str:
        return visitor.format_int(value, human)

    def make_setter(self) -> Callable[[Any, Any], None]:
        if self.after_realize or has_own_ways(self):
            return self.set
        slot, slow, low, high = self.slot, self.set, self.low, self.high

        def set_integer(obj: Any, value: Any) -> None:
            if value.__class__ is int and low <= value <= high and not obj._realized:
                setattr(obj, slot, value)
            else:
                slow(obj, value)

        return set_integer


def as_known(text: str, owner: Any) -> str:
    """The text of a number; none where the owner's release has no binary numbers and it is one."""
    if "b" in text or "B" in text:
        release = owner.registry.release if owner is not None else None
        if release is not None and "numbers-are-not-binary" in release.rules:
            digits = text.strip().lstrip("+-")
            if digits[:2] in ("0b", "0B"):
                return ""
    return text


class UInt8(Integer):
    """0 to 255 ("uint8")."""

    type = "uint8"
    high = (1 << 8) - 1
    c_type = "uint8_t"


class UInt16(Integer):
    """0 to 65535 ("uint16")."""

    type = "uint16"
    high = (1 << 16) - 1
    c_type = "uint16_t"


class UInt32(Integer):
    """0 to 2**32 - 1 ("uint32")."""

    type = "uint32"
    high = (1 << 32) - 1
    c_type = "uint32_t"


class UInt64(Integer):
    """0 to 2**64 - 1 ("uint64"); JSON's negative numbers wrap around as in QEMU.

    `mask` are the bits that may be set (qdev_prop_uint64_checkmask), or None.
    """

    type = "uint64"
    c_type = "uint64_t"

    def __init__(self, default: Any = UNSET, *, mask: int | None = None, **options: Any) -> None:
        super().__init__(default, **options)
        self.mask = mask

    def in_range(self, value: int, owner: Any) -> int:
        if self.mask is not None and value & ~self.mask:
            raise InvalidParameterValue(
                f"Property value for '{self.name}' has bits outside mask '0x{self.mask:x}'"
            )
        return value

    def make_setter(self) -> Callable[[Any, Any], None]:
        return super().make_setter() if self.mask is None else self.set


class Int8(Integer):
    """-128 to 127 ("int8")."""

    type = "int8"
    low, high = -(1 << 7), (1 << 7) - 1
    c_type = "int8_t"


class Int16(Integer):
    """-32768 to 32767 ("int16")."""

    type = "int16"
    low, high = -(1 << 15), (1 << 15) - 1
    c_type = "int16_t"


class Int32(Integer):
    """-2**31 to 2**31 - 1 ("int32")."""

    type = "int32"
    low, high = -(1 << 31), (1 << 31) - 1
    c_type = "int32_t"


class Int64(Integer):
    """-2**63 to 2**63 - 1 ("int64")."""

    type = "int64"
    low, high = visitor.INT64_MIN, visitor.INT64_MAX
    c_type = "int64_t"


class Int(Int64):
    """The same range under QOM's older name ("int")."""

    type = "int"


class CInt(Int):
    """What QEMU reads as 64 bits and keeps in a C ``int``: the low 32 bits, signed."""

    def in_range(self, value: int, owner: Any) -> int:
        return (value + (1 << 31)) % (1 << 32) - (1 << 31)

    def make_setter(self) -> Callable[[Any, Any], None]:
        return self.set


class Size(Integer):
    """Bytes, 0 to 2**64 - 1 ("size"); texts may have suffixes k, M, G, T, P, E."""

    type = "size"

    def parse(self, text: str, name: str, owner: Any = None) -> int:
        return self.in_range(visitor.parse_size(text, name), owner)

    def keyval(self, value: Any, name: str, owner: Any = None) -> int:
        return self.in_range(visitor.keyval_size(value, name), owner)

    def format(self, value: Any, human: bool = False) -> str:
        return visitor.format_size(value, human)


class Size32(Size):
    """Bytes, 0 to 2**32 - 1 ("size"; qdev_prop_size32)."""

    high = (1 << 32) - 1

    def in_range(self, value: int, owner: Any) -> int:
        if value <= self.high:
            return value
        typename = getattr(owner, "typename", "")
        raise InvalidParameterValue(
            f"Property {typename}.{self.name} doesn't take value {value} (maximum: {self.high})"
        )


class Number(Property):
    """A floating point number ("number")."""

    type = "number"
    initial = 0.0

    def check(self, value: Any, name: str, owner: Any = None) -> float:
        return visitor.json_number(value, name)

    def parse(self, text: str, name: str, owner: Any = None) -> float:
        return visitor.parse_number(text, name)

    def format(self, value: Any, human: bool = False) -> str:
        return format(value, ".17g")


class Str(Property):
    """Text ("str"); never set it is None, which QMP shows as ""."""

    type = "str"

    def check(self, value: Any, name: str, owner: Any = None) -> str:
        return visitor.json_str(value, name)

    def wire(self, value: Any) -> Any:
        return "" if value is None else value

    def format(self, value: Any, human: bool = False) -> str:
        # qdev's getter shows an unset text as an empty one
        return visitor.format_str(value or "", human)


class String(Str):
    """Text, of a plain QOM property ("string", object_class_property_add_str())."""

    type = "string"

    def __init__(self, default: Any = UNSET, *, qdev: bool = False, **options: Any) -> None:
        super().__init__(default, qdev=qdev, **options)


class Enum(Property):
    """One of `names`; `type` is the enum's name (e.g. "FdcDriveType").

    The default is the first name unless one is given.
    """

    names: tuple[str, ...] = ()

    def __init__(
        self, names: Any = None, type: str | None = None, default: Any = UNSET, **options: Any
    ) -> None:
        super().__init__(default, **options)
        if names is not None:
            self.names = tuple(names)
        if type is not None:
            self.type = type
        if default is UNSET:
            self.default = self.names[0]

    def check(self, value: Any, name: str, owner: Any = None) -> str:
        text = visitor.json_str(value, name)
        if text not in self.names:
            raise InvalidParameterValue(
                f"Parameter '{self.name or 'null'}' does not accept value '{text}'"
            )
        return text


class OnOffAuto(Enum):
    """on, off or auto ("OnOffAuto"); the default is auto unless one is given."""

    type = "OnOffAuto"
    qdev_description = "on/off/auto"
    names = ("auto", "on", "off")

    def __init__(self, default: Any = UNSET, **options: Any) -> None:
        super().__init__(None, None, default, **options)
