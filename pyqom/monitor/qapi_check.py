"""Checks a JSON value against a QAPI type, with QEMU's texts and in QEMU's order.

A type becomes a function once (qobject-input-visitor.c and the visitors that QEMU generates); it
takes a value and gives a new one in which everything is as QEMU's C code would see it: members in
the type's order, a negative number for an unsigned 64 bit one wrapped around, an integer for a
``number`` made a float.

Functions do not know where in the arguments their value stands.  When one refuses, it raises
`Refused`, every container on the way out adds its step, and only at the root the error is made
with the full name (``model.props``, ``rules[0].match``).  QEMU's generated code knows only the
innermost name for some texts; then so do we: "Parameter 'null' ..." in a list.

The same for values of ``key=value`` options, where every scalar is a text (`keyval`).
"""

from __future__ import annotations

from pyqom.errors import (
    InvalidParameterValue,
    MissingParameter,
    ParameterError,
    UnexpectedParameter,
)
from pyqom.monitor.qapi_order import first_left
from pyqom.monitor.qapi_types import Alternate, Array, Builtin, Enum, Object
from pyqom.types import visitor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pyqom.errors import PyqomError
    from pyqom.monitor.qapi_types import Type

    Check = Callable[[Any], Any]
    Fill = Callable[[dict[str, Any], dict[str, Any]], None]
    Row = tuple[str, bool, Check]


class Refused(Exception):
    """A value does not fit; `path` leads to it, the innermost step first.

    `error` makes QEMU's error from a name: the full one, or with `local` the innermost.
    """

    def __init__(self, error: Callable[[str], PyqomError], local: bool = False) -> None:
        super().__init__()
        self.error = error
        self.local = local
        self.path: list[str | int] = []

    def told(self, keyval: bool) -> PyqomError:
        """The error, with the name that QEMU gives the value."""
        if self.local:
            innermost = self.path[0] if self.path else None
            return self.error(innermost if isinstance(innermost, str) else "null")
        return self.error(full_name(self.path, keyval))


def full_name(path: list[str | int], keyval: bool = False) -> str:
    """The name of what a path leads to: ``a.b[0]``; for ``key=value`` options ``a.b.0``."""
    steps = [
        f".{step}" if isinstance(step, str) or keyval else f"[{step}]" for step in reversed(path)
    ]
    return "".join(steps).removeprefix(".") or "<anonymous>"


def wrong_type(expected: str, local: bool = False) -> Refused:
    """ "Invalid parameter type for 'NAME', expected: EXPECTED"."""
    return Refused(lambda name: visitor.wrong_type(name, expected), local)


def expects(what: str, local: bool = False) -> Refused:
    """ "Parameter 'NAME' expects WHAT"."""
    return Refused(lambda name: visitor.expects(name, what), local)


def missing() -> Refused:
    """ "Parameter 'NAME' is missing"; who looked for the member adds its name to the path."""
    return Refused(lambda name: MissingParameter(f"Parameter '{name}' is missing"))


def unexpected(name: str) -> Refused:
    """ "Parameter 'NAME' is unexpected", of a member that nobody asked for."""
    refused = Refused(lambda full: UnexpectedParameter(f"Parameter '{full}' is unexpected"))
    refused.path.append(name)
    return refused


# --- scalars -----------------------------------------------------------------


def _str(value: Any) -> Any:
    if isinstance(value, str):
        return value
    raise wrong_type("string")


def _bool(value: Any) -> Any:
    if value is True or value is False:
        return value
    raise wrong_type("boolean")


def _null(value: Any) -> Any:
    if value is None:
        return None
    raise wrong_type("null")


def _number(value: Any) -> Any:
    if isinstance(value, (int, float)) and value is not True and value is not False:
        return float(value)
    raise wrong_type("number")


def _int64(value: Any) -> Any:
    if isinstance(value, int) and value is not True and value is not False:
        if visitor.INT64_MIN <= value <= visitor.INT64_MAX:
            return value
    raise wrong_type("integer")


def _uint64(value: Any) -> Any:
    if isinstance(value, int) and value is not True and value is not False:
        if visitor.INT64_MIN <= value <= visitor.UINT64_MAX:
            return value & visitor.UINT64_MAX
    raise expects("uint64")


def _texts(read: Callable[[Any, str], Any]) -> Check:
    """A visitor of texts, which makes its errors with a name, as a function without one."""

    def check(value: Any) -> Any:
        try:
            return read(value, "")
        except ParameterError:
            raise Refused(lambda name: _error_of(read, value, name)) from None

    return check


def _error_of(read: Callable[[Any, str], Any], value: Any, name: str) -> PyqomError:
    try:
        read(value, name)
    except ParameterError as error:
        return error
    raise AssertionError(f"{value!r} was refused before")


def _keyval_bool(value: Any, name: str) -> bool:
    return visitor.parse_bool(visitor.keyval_text(value, name), name)


def _keyval_number(value: Any, name: str) -> float:
    return visitor.parse_number(visitor.keyval_text(value, name), name)


_JSON = {"str": _str, "bool": _bool, "null": _null, "number": _number}
_KEYVAL = {
    "str": _texts(visitor.keyval_text),
    "bool": _texts(_keyval_bool),
    "null": _null,
    "number": _texts(_keyval_number),
    "size": _texts(visitor.keyval_size),
}


def integer_range(kind: str) -> tuple[int, int]:
    """The lowest and the highest value of an integer kind: ``int``, ``size``, ``uint8`` ..."""
    bits = int(kind.lstrip("uintsze") or 64)
    return (0, (1 << bits) - 1) if kind[0] in "us" else (-(1 << bits - 1), (1 << bits - 1) - 1)


def _ranged(check: Check, kind: str) -> Check:
    """An integer of fewer bits than 64; `kind` is ``uint8`` to ``int32``."""
    low, high = integer_range(kind)

    def ranged(value: Any) -> Any:
        value = check(value)
        if low <= value <= high:
            return value
        raise expects(f"{kind}_t", local=True)

    return ranged


# --- types -------------------------------------------------------------------


class Checker:
    """Makes the functions of one release's types, each when it is first asked for."""

    def __init__(self, keyval: bool = False) -> None:
        self.keyval = keyval
        self._checks: dict[Type, Check] = {}
        self._fills: dict[Type, Fill] = {}

    def check(self, kind: Type) -> Check:
        """The function that checks a value of the type; it raises `Refused`."""
        found = self._checks.get(kind)
        if found is None:
            found = self._checks[kind] = self._made(kind)
        return found

    def _made(self, kind: Type) -> Check:
        if isinstance(kind, Builtin):
            return self._scalar(kind.name)
        if isinstance(kind, Enum):
            return self._enum(kind)
        if isinstance(kind, Array):
            return self._array(kind)
        if isinstance(kind, Alternate):
            return self._alternate(kind)
        assert isinstance(kind, Object)
        return self._object(kind)

    def _scalar(self, name: str) -> Check:
        leaves = _KEYVAL if self.keyval else _JSON
        if name == "any":
            return lambda value: value
        if name in leaves:
            return leaves[name]
        unsigned = name[0] in "us"
        if self.keyval:
            wide = _texts(visitor.keyval_uint64 if unsigned else visitor.keyval_int64)
        else:
            wide = _uint64 if unsigned else _int64
        return wide if name in ("int", "int64", "uint64", "size") else _ranged(wide, name)

    def _enum(self, kind: Enum) -> Check:
        text, values = self._scalar("str"), frozenset(kind.values)

        def enum(value: Any) -> Any:
            if text(value) in values:
                return value
            raise Refused(
                lambda name: InvalidParameterValue(
                    f"Parameter '{name}' does not accept value '{value}'"
                ),
                local=True,
            )

        return enum

    def _array(self, kind: Array) -> Check:
        element = self.check(kind.element)

        def array(value: Any) -> Any:
            if not isinstance(value, (list, tuple)):
                raise wrong_type("array")
            checked: list[Any] = []
            try:
                for entry in value:
                    checked.append(element(entry))  # noqa: PERF401 (its length is the index)
            except Refused as refused:
                refused.path.append(len(checked))
                raise
            return checked

        return array

    def _alternate(self, kind: Alternate) -> Check:
        checks: dict[type, Check] | None = None

        def alternate(value: Any) -> Any:
            nonlocal checks
            if checks is None:
                checks = {
                    python: self.check(choice)
                    for choice in kind.alternatives
                    for python in _python_types(choice)
                }
            check = checks.get(type(value))
            if check is None:
                raise wrong_type(kind.name, local=True)
            return check(value)

        return alternate

    def _object(self, kind: Object) -> Check:
        fill = self.fill(kind)

        def check(value: Any) -> Any:
            if not isinstance(value, dict):
                raise wrong_type("object")
            checked: dict[str, Any] = {}
            fill(value, checked)
            if len(checked) != len(value):
                raise unexpected(first_left(value, checked))
            return checked

        return check

    def fill(self, kind: Object) -> Fill:
        """The function that checks the members of an object, into a second one."""
        found = self._fills.get(kind)
        if found is None:
            found = self._fills[kind] = self._filler(kind)
        return found

    def _filler(self, kind: Object) -> Fill:
        rows: list[Row] | None = None
        branches: dict[str, Fill] = {}

        def fill(value: dict[str, Any], checked: dict[str, Any]) -> None:
            nonlocal rows
            if rows is None:
                rows = [(m.name, m.optional, self.check(m.type)) for m in kind.members]
            name = ""
            try:
                for name, optional, check in rows:
                    if name in value:
                        checked[name] = check(value[name])
                    elif not optional:
                        raise missing()
            except Refused as refused:
                refused.path.append(name)
                raise
            if kind.tag is not None and checked[kind.tag] in kind.branches:
                tag = checked[kind.tag]
                if tag not in branches:
                    branches[tag] = self.fill(kind.branches[tag])
                branches[tag](value, checked)

        return fill


def _python_types(kind: Type) -> tuple[type, ...]:
    """The Python types of the JSON values that an alternate gives to a branch of this type."""
    if isinstance(kind, Object):
        return (dict,)
    if isinstance(kind, Array):
        return (list, tuple)
    if isinstance(kind, Enum):
        return (str,)
    return {
        "string": (str,),
        "boolean": (bool,),
        "null": (type(None),),
    }.get(kind.json_type if isinstance(kind, Builtin) else "", (int, float))
