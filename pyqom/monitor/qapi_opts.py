"""Checks the flat key=value pairs of ``-object``, ``-netdev`` and ``-numa`` against a QAPI type.

These options are older than nested keys.  QEMU reads them with a visitor of its own
(``qapi/opts-visitor.c``), which knows no nesting: members of structs inside are looked up by their
plain name among all pairs, a list is a key that is given more than once, and an integer in a list
may be a range.  Its texts are its own, too.  JSON goes the way of QMP instead.
"""

from __future__ import annotations

from pyqom.errors import InvalidParameterValue, MissingParameter, UnexpectedParameter
from pyqom.monitor.qapi_check import integer_range
from pyqom.monitor.qapi_types import Array, Builtin, Enum, Object
from pyqom.types import visitor
from pyqom.types.hashtable import HashTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from pyqom.monitor.qapi_types import Type

RANGE_MAX_ELEMENTS = 65536


class OptsVisitor:
    """One visit of the pairs of one option."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._left: dict[str, list[str]] = {}
        self._order = HashTable()
        # QEMU keeps the id apart, and adds it behind the others
        for key, value in sorted(pairs, key=lambda pair: pair[0] == "id"):
            if key not in self._left:
                self._order.add(key)
            self._left.setdefault(key, []).append(value)
        self._in_list: tuple[str, str] | None = None

    def visit(self, kind: Object) -> dict[str, Any]:
        """All pairs as a value of the type."""
        value = self._object(kind)
        for key in self._order:
            raise UnexpectedParameter(f"Invalid parameter '{key}'")
        return value

    def _object(self, kind: Object) -> dict[str, Any]:
        value: dict[str, Any] = {}
        for member in kind.members:
            if not member.optional or member.name in self._left:
                value[member.name] = self._value(member.type, member.name)
        if kind.tag is not None and value[kind.tag] in kind.branches:
            value |= self._object(kind.branches[value[kind.tag]])
        return value

    def _value(self, kind: Type, name: str) -> Any:
        if isinstance(kind, Object):
            return self._object(kind)
        if isinstance(kind, Array):
            return self._array(kind.element, name)
        key, text = self._text(name)
        if isinstance(kind, Enum):
            if text not in kind.values:
                raise InvalidParameterValue(f"Parameter '{name}' does not accept value '{text}'")
            return text
        if not isinstance(kind, Builtin):
            raise UnexpectedParameter(f"Invalid parameter '{name}'")
        return self._scalar(kind.name, key, text, name)

    def _text(self, name: str) -> tuple[str, str]:
        """The key and the text of a scalar, which then has been processed."""
        if self._in_list is not None:
            return self._in_list
        texts = self._take(name)
        return name, texts[-1]

    def _take(self, name: str) -> list[str]:
        texts = self._left.pop(name, None)
        if texts is None:
            raise MissingParameter(f"Parameter '{name}' is missing")
        self._order.remove(name)
        return texts

    def _array(self, element: Type, name: str) -> list[Any]:
        values: list[Any] = []
        for text in self._take(name):
            self._in_list = name, text
            if isinstance(element, Builtin) and element.json_type == "int":
                values += self._range(element.name, name, text)
            else:
                values.append(self._value(element, "null"))
        self._in_list = None
        return values

    def _scalar(self, kind: str, key: str, text: str, name: str) -> Any:
        if kind == "str":
            return text
        if kind == "bool":
            return visitor.parse_bool(text, key)
        if kind == "size":
            try:
                return visitor.strtosz(text)
            except (OverflowError, ValueError):
                raise visitor.expects(key, "a size value") from None
        if kind in ("number", "null", "any"):
            raise UnexpectedParameter(f"Invalid parameter '{name}'")
        found = _scan(kind, text)
        if found is None or found[1] != len(text):
            raise visitor.expects(key, "a uint64 value" if kind[0] == "u" else "an int64 value")
        return _fitting(kind, found[0], name)

    def _range(self, kind: str, name: str, text: str) -> Iterable[int]:
        """One integer, or all from one to another: ``3`` or ``0-3``."""
        if kind == "size":
            return [self._scalar(kind, name, text, name)]
        first = _scan(kind, text)
        if first is not None:
            low, end = first
            last = _scan(kind, text, end + 1) if text[end : end + 1] == "-" else first
            if last is not None and last[1] == len(text):
                if low <= last[0] < low + RANGE_MAX_ELEMENTS:
                    return [_fitting(kind, value, "null") for value in range(low, last[0] + 1)]
        what = "a uint64 value or range" if kind[0] == "u" else "an int64 value or range"
        raise visitor.expects(name, what)


def _scan(kind: str, text: str, at: int = 0) -> tuple[int, int] | None:
    """The integer at `at`, and where it ends; None where there is none that fits 64 bits."""
    found = visitor.scan_integer(text, at)
    if found is None:
        return None
    if kind[0] == "u":
        fits = text[at:].lstrip()[:1] != "-" and found[0] <= visitor.UINT64_MAX
    else:
        fits = visitor.INT64_MIN <= found[0] <= visitor.INT64_MAX
    return found if fits else None


def _fitting(kind: str, value: int, name: str) -> int:
    low, high = integer_range(kind)
    if low <= value <= high:
        return value
    raise visitor.expects(name, f"{kind}_t")
