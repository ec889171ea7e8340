"""Property kinds made of other kinds: lists, arrays and structs.

    ports = Array(Str())                      a qdev array: type "list"
    host_nodes = UInt16List()                 a QAPI list: type "uint16List"
    rng = Struct("Range", {"low": UInt64(), "high": UInt64()})

Lists are stored as tuples, so that a default can be shared; QMP shows them as
arrays.  QEMU: hw/core/qdev-properties.c, qapi/qobject-input-visitor.c.
"""

from __future__ import annotations

from pyqom.errors import MissingParameter, PropertyError, UnexpectedParameter
from pyqom.types import scalars, visitor
from pyqom.types.property import UNSET, Property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


class ListOf(Property):
    """A list of `element` values; `type` is the QAPI name ("uint16List")."""

    def __init__(
        self, element: Property, type: str | None = None, default: Any = UNSET, **options: Any
    ) -> None:
        super().__init__(default, **options)
        self.element = element
        self.type = type or f"{element.type}List"
        if default is UNSET:
            self.default = []

    def declare_default(self, owner: type) -> None:
        setattr(owner, self.slot, tuple(self.default))

    def check(self, value: Any, name: str, owner: Any = None) -> tuple[Any, ...]:
        element = self.element
        return tuple(
            element.check(item, f"{name}[{index}]", owner)
            for index, item in enumerate(visitor.json_list(value, name))
        )

    def parse(self, text: str, name: str, owner: Any = None) -> tuple[Any, ...]:
        element = self.element
        if not isinstance(element, scalars.Integer):
            # QEMU's string visitor knows lists of integers only
            raise visitor.wrong_type(name, "array")
        # the elements have no name
        values = visitor.parse_ranges(text, "null", element.low < 0)
        return tuple(element.in_range(value, owner) for value in values)

    def keyval(self, value: Any, name: str, owner: Any = None) -> tuple[Any, ...]:
        element = self.element
        return tuple(
            element.keyval(item, f"{name}.{index}", owner)
            for index, item in enumerate(visitor.json_list(value, name))
        )

    def wire(self, value: Any) -> list[Any]:
        return [self.element.wire(item) for item in value]

    def format(self, value: Any, human: bool = False) -> str:
        if isinstance(self.element, scalars.Integer):
            return visitor.format_ranges(value, human)
        return ", ".join(self.element.format(item, human) for item in value)


class _NamedList(ListOf):
    """A list kind whose element is known from its class."""

    of: Callable[[], Property]

    def __init__(self, default: Any = UNSET, **options: Any) -> None:
        super().__init__(type(self).of(), None, default, **options)


class StrList(_NamedList):
    """A list of texts ("strList")."""

    of = scalars.Str


class UInt8List(_NamedList):
    """A list of integers 0 to 255 ("uint8List")."""

    of = scalars.UInt8


class UInt16List(_NamedList):
    """A list of integers 0 to 65535 ("uint16List")."""

    of = scalars.UInt16


class UInt32List(_NamedList):
    """A list of integers 0 to 2**32 - 1 ("uint32List")."""

    of = scalars.UInt32


class UInt64List(_NamedList):
    """A list of integers 0 to 2**64 - 1 ("uint64List")."""

    of = scalars.UInt64


class Int64List(_NamedList):
    """A list of signed integers ("int64List")."""

    of = scalars.Int64


def _set_twice(name: str) -> PropertyError:
    return PropertyError(f"array size property {name} may not be set more than once")


class Array(ListOf):
    """A qdev array ("list", DEFINE_PROP_ARRAY): set once, as a whole.

    Its default, an empty list, is always shown.
    """

    def __init__(self, element: Property, default: Any = UNSET, **options: Any) -> None:
        options.setdefault("show_default", True)
        super().__init__(element, "list", default, **options)

    def bind(self, attr: str) -> None:
        super().bind(attr)
        if not isinstance(self.element, scalars.Integer):
            self.element.name = self.name

    def set(self, obj: Any, value: Any, name: str | None = None, how: str = "check") -> None:
        self.allow_set(obj)
        if getattr(obj, self.slot):
            raise _set_twice(self.name)
        super().set(obj, value, name, how)


class ArrayLength(scalars.UInt32):
    """The older form of a qdev array: "len-foo" makes properties foo[0], foo[1], ...

    `array` is the attribute that holds the values (a tuple in `_<array>`),
    `element` the kind of one.  Releases have either this or `Array`.
    """

    def __init__(self, element: Callable[[], Property], array: str, **options: Any) -> None:
        options.setdefault("name", "len-" + array.replace("_", "-"))
        super().__init__(0, **options)
        self.element = element
        self.array = array

    def declare_default(self, owner: type) -> None:
        super().declare_default(owner)
        setattr(owner, "_" + self.array, ())

    def make_setter(self) -> Callable[[Any, Any], None]:
        return self.set

    def store(self, obj: Any, value: Any) -> None:
        if getattr(obj, self.slot):
            raise _set_twice(self.name)
        super().store(obj, value)
        kinds = [self.element() for _ in range(value)]
        setattr(obj, "_" + self.array, tuple(kind.default for kind in kinds))
        for index, kind in enumerate(kinds):
            item = ArrayItem(kind, self.array, index)
            obj.add_property(item, f"{self.name.removeprefix('len-')}[{index}]")


class ArrayItem(Property):
    """One element of an `ArrayLength` array, a property of the instance."""

    def __init__(self, kind: Property, array: str, index: int) -> None:
        super().__init__(kind.default, description=kind.description)
        self.kind, self.array, self.index = kind, "_" + array, index
        self.type = kind.type
        self.check, self.parse, self.keyval = kind.check, kind.parse, kind.keyval  # type: ignore[method-assign]
        self.wire, self.format = kind.wire, kind.format  # type: ignore[method-assign]

    def bind(self, attr: str) -> None:
        self.kind.name = self.name
        super().bind(attr)

    def make_getter(self) -> Callable[[Any], Any]:
        return lambda obj: getattr(obj, self.array)[self.index]

    def store(self, obj: Any, value: Any) -> None:
        values = list(getattr(obj, self.array))
        values[self.index] = value
        setattr(obj, self.array, tuple(values))


class Struct(Property):
    """A JSON object; `type` is its schema's name.

    `members` maps names to the properties that check them; those in `optional`
    may be absent.  Without `members` any object is taken.  Stored as a dict.
    """

    def __init__(
        self,
        type: str,
        members: Mapping[str, Property] | None = None,
        optional: tuple[str, ...] = (),
        default: Any = UNSET,
        **options: Any,
    ) -> None:
        super().__init__(default, **options)
        self.type = type
        self.members = members
        self.optional = optional
        for name, member in (members or {}).items():
            member.name = member.name or name

    def check(self, value: Any, name: str, owner: Any = None) -> dict[str, Any]:
        return self._members(value, name, owner, "check")

    def parse(self, text: str, name: str, owner: Any = None) -> Any:
        # QEMU's string visitor has no structs at all
        raise visitor.wrong_type(name, "object")

    def keyval(self, value: Any, name: str, owner: Any = None) -> dict[str, Any]:
        return self._members(value, name, owner, "keyval")

    def _members(self, value: Any, name: str, owner: Any, how: str) -> dict[str, Any]:
        given = visitor.json_object(value, name)
        if self.members is None:
            return given
        checked: dict[str, Any] = {}
        for key, member in self.members.items():
            if key in given:
                checked[key] = getattr(member, how)(given.pop(key), f"{name}.{key}", owner)
            elif key not in self.optional:
                raise MissingParameter(f"Parameter '{name}.{key}' is missing")
        for key in given:
            raise UnexpectedParameter(f"Parameter '{name}.{key}' is unexpected")
        return checked

    def wire(self, value: Any) -> Any:
        if value is None or self.members is None:
            return value
        return {key: self.members[key].wire(item) for key, item in value.items()}

    def format(self, value: Any, human: bool = False) -> str:
        # the string output visitor skips what is in a struct
        return "<omitted>"
