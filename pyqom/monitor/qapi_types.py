"""QAPI's types as one release knows them, read from ``schema/qmp``.

A file there states one of QEMU's QAPI modules in JSON Schema: ``x-commands`` and ``x-events`` by
name, types under ``$defs``.  What JSON Schema lacks stands under other names: in schemas with an
``x-``, in our own objects (commands, enumeration values, features) without.

    x-qapi-type       the kind of an integer (``uint8`` to ``int64``, ``size``; none is ``int``),
                      or ``any``
    x-since, x-until  a lifetime: of a property, of a branch of a union, of one alternative in an
                      ``anyOf`` whose alternatives are one type in different releases
    x-required        of a property that has a lifetime, or is required only in some releases
    x-order           the order of an object's properties in other releases; QEMU checks in order
    x-tag             the member by which a union's branch in ``oneOf`` is chosen
    x-alternate       the names of an alternate's branches
    x-values          an enumeration's values that have features or lifetimes
    x-features        features, each a name, or a name with a lifetime
    x-pyqom           this is pyqom's, QEMU has no such thing

Only the modules that somebody asks for are read, and only the types that somebody asks for are
made.  Types are records that are not to be changed; one type is one object in one release.
"""

from __future__ import annotations

import json
import os.path
from functools import cache

from pyqom.schema import folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from pyqom.release import Release

    Features = tuple[str, ...]

_JSON_BUILTINS = {"string": "str", "boolean": "bool", "number": "number", "null": "null"}
_JSON_TYPES = {
    "str": "string",
    "bool": "boolean",
    "number": "number",
    "null": "null",
    "any": "value",
}


@cache
def module(name: str) -> dict[str, Any]:
    """The file of a QAPI module, or ``index``; read once, not to be changed."""
    with open(os.path.join(folder(), "qmp", f"{name}.json"), encoding="utf-8") as file:
        content: dict[str, Any] = json.load(file)
        return content


class Type:
    """A QAPI type; `name` is QEMU's, for people and for the error text of an alternate."""

    __slots__ = ("features", "name")

    def __init__(self, name: str, features: Features = ()) -> None:
        self.name = name
        self.features = features


class Builtin(Type):
    """``str``, ``bool``, ``number``, ``null``, ``any`` or an integer: ``int``, ``size``, ``uint8``.

    `json_type` is what introspection calls it: the integers are all ``int``.
    """

    __slots__ = ("json_type",)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.json_type = _JSON_TYPES.get(name, "int")


class Enum(Type):
    """Strings to choose from; `values` in QEMU's order, with their features."""

    __slots__ = ("values",)

    def __init__(self, name: str, features: Features, values: dict[str, Features]) -> None:
        super().__init__(name, features)
        self.values = values


class Array(Type):
    """A list of one type."""

    __slots__ = ("element",)

    def __init__(self, element: Type) -> None:
        super().__init__(f"[{element.name}]")
        self.element = element


class Alternate(Type):
    """One of several types that differ in their JSON type."""

    __slots__ = ("_alternatives", "_load")

    def __init__(self, name: str, features: Features, load: Callable[[], tuple[Type, ...]]) -> None:
        super().__init__(name, features)
        self._load = load
        self._alternatives: tuple[Type, ...] | None = None

    @property
    def alternatives(self) -> tuple[Type, ...]:
        """The types, in QEMU's order."""
        if self._alternatives is None:
            self._alternatives = self._load()
        return self._alternatives


class Member:
    """A member of an object: its type, whether it may be absent, its features."""

    __slots__ = ("features", "name", "optional", "pyqom", "type")

    def __init__(
        self, name: str, type: Type, optional: bool, features: Features, pyqom: bool
    ) -> None:
        self.name = name
        self.type = type
        self.optional = optional
        self.features = features
        self.pyqom = pyqom


class Object(Type):
    """A struct or union: `members` in the order in which QEMU checks them.

    Of a union, `tag` names the member that chooses among `branches`, whose members come after the
    common ones; a value of the tag without an entry there brings none.
    """

    __slots__ = ("_body", "_load")

    def __init__(self, name: str, features: Features, load: Callable[[], _Body]) -> None:
        super().__init__(name, features)
        self._load = load
        self._body: _Body | None = None

    def _loaded(self) -> _Body:
        if self._body is None:
            self._body = self._load()
        return self._body

    @property
    def members(self) -> tuple[Member, ...]:
        return self._loaded()[0]

    @property
    def tag(self) -> str | None:
        return self._loaded()[1]

    @property
    def branches(self) -> dict[str, Object]:
        return self._loaded()[2]


_Body = tuple[tuple[Member, ...], str | None, dict[str, Object]]

EMPTY = Object("q_empty", (), lambda: ((), None, {}))
"""No members: the arguments or the result of a command that has none."""


class Types:
    """The types of one release, made when they are first asked for."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self._named: dict[tuple[str, str], Type] = {}
        self._builtins: dict[str, Builtin] = {}
        self._arrays: dict[int, Array] = {}

    def knows(self, lifetime: Any, prefix: str = "") -> bool:
        """Whether the release has what has this lifetime: a mapping with ``since``, ``until``."""
        return self.release.knows(
            lifetime.get(f"{prefix}since") if prefix else lifetime.get("since"),
            lifetime.get(f"{prefix}until") if prefix else lifetime.get("until"),
        )

    def features(self, stated: Iterable[Any]) -> Features:
        """The features that the release has of those stated."""
        return tuple(
            entry if isinstance(entry, str) else entry["name"]
            for entry in stated
            if isinstance(entry, str) or self.knows(entry)
        )

    def builtin(self, name: str) -> Builtin:
        """The one builtin type of that name."""
        return self._builtins.setdefault(name, Builtin(name))

    def array(self, element: Type) -> Array:
        """The one array type of an element type."""
        return self._arrays.setdefault(id(element), Array(element))

    def named(self, module_name: str, name: str) -> Type:
        """A type by the module that defines it and its name.  Raises KeyError for an unknown."""
        key = (module_name, name)
        found = self._named.get(key)
        if found is None:
            stated = module(module_name)["$defs"][name]
            found = self._named[key] = self.defined(name, stated, module_name)
        return found

    def resolve(self, stated: Any, where: str) -> Type:
        """The type that a schema in the module `where` states: a reference, or one without name."""
        if "anyOf" in stated:
            known = [entry for entry in stated["anyOf"] if self.knows(entry, "x-")]
            return self.resolve(known[0], where)
        reference = stated.get("$ref")
        if reference is not None:
            file, _, name = reference.partition("#/$defs/")
            return self.named(file.removesuffix(".json") or where, name)
        if stated.get("type") == "array":
            return self.array(self.resolve(stated["items"], where))
        kind = stated.get("x-qapi-type") or _JSON_BUILTINS.get(stated["type"], "int")
        return self.builtin(kind)

    def defined(self, name: str, stated: Any, where: str) -> Type:
        """A type from its definition; its members are read when they are asked for."""
        features = self.features(stated.get("x-features", ()))
        if "x-alternate" in stated:
            branches = stated["oneOf"]
            return Alternate(
                name, features, lambda: tuple(self.resolve(branch, where) for branch in branches)
            )
        if stated["type"] == "object":
            return Object(name, features, lambda: self._body(stated, where))
        marks = stated.get("x-values", {})
        values = {
            value: self.features(marks.get(value, {}).get("features", ()))
            for value in stated["enum"]
            if self.knows(marks.get(value, {}))
        }
        return Enum(name, features, values)

    def _body(self, stated: Any, where: str) -> _Body:
        members = {
            name: self._member(name, entry, name in stated.get("required", ()), where)
            for name, entry in stated.get("properties", {}).items()
            if self.knows(entry, "x-")
        }
        order = next((x["names"] for x in stated.get("x-order", ()) if self.knows(x)), members)
        ordered = tuple(members[name] for name in order)
        tag = stated.get("x-tag")
        if tag is None:
            return ordered, None, {}
        known = [branch for branch in stated["oneOf"] if self.knows(branch, "x-")]
        values = members[tag].type.values if known else {}  # type: ignore[attr-defined]
        branches = {
            branch["properties"][tag]["const"]: self.resolve(branch, where)
            for branch in known
            if "$ref" in branch and branch["properties"][tag]["const"] in values
        }
        return ordered, tag if known else None, branches  # type: ignore[return-value]

    def _member(self, name: str, stated: Any, required: bool, where: str) -> Member:
        partly = stated.get("x-required")
        if partly is not None:
            required = partly is True or self.knows(partly)
        features = self.features(stated.get("x-features", ()))
        kind = self.resolve(stated, where)
        return Member(name, kind, not required, features, stated.get("x-pyqom", False))
