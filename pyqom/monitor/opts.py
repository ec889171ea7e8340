"""Options with declared types (``util/qemu-option.c``): what ``-chardev`` and ``-mon`` take."""

from __future__ import annotations

import re

from pyqom.errors import (
    InvalidParameterType,
    InvalidParameterValue,
    ParameterError,
    UnexpectedParameter,
)
from pyqom.types.keyval import parse_opts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STRING, BOOL, NUMBER = "string", "bool", "number"

UINT64_MAX = (1 << 64) - 1

_BOOLS = {
    **dict.fromkeys(("on", "yes", "true", "y"), True),
    **dict.fromkeys(("off", "no", "false", "n"), False),
}
_ID = re.compile(r"[A-Za-z][A-Za-z0-9\-._]*")
_NUMBER = re.compile(r"[ \t\n\v\f\r]*([+-]?)(0[xX][0-9a-fA-F]+|[0-9]+)")
_ID_HINT = "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter."


class Opts:
    """Options as given: `id`, the last value of each by name, and what to warn of."""

    __slots__ = ("id", "values", "warnings")

    def __init__(self, id: str | None) -> None:
        self.id = id
        self.values: dict[str, str | bool | int] = {}
        self.warnings: list[str] = []

    def text(self, name: str) -> str | None:
        """The value of a string option, None where it was not given."""
        value = self.values.get(name)
        return value if isinstance(value, str) else None

    def flag(self, name: str, default: bool = False) -> bool:
        """The value of a bool option."""
        value = self.values.get(name, default)
        return value if isinstance(value, bool) else default

    def number(self, name: str, default: int = 0) -> int:
        """The value of a number option."""
        value = self.values.get(name, default)
        return default if isinstance(value, (str, bool)) else value


def parse(text: str, types: Mapping[str, str], implied: str | None, *, ids: bool = True) -> Opts:
    """Options out of ``VALUE,key=value,...``; a first value without key is `implied`'s.

    `ids` tells whether there is an ``id``, and whether QEMU warns of a flag without value.
    Raises ParameterError with QEMU's text; what belongs to it but is not its first line, the
    hint, follows after a line end.
    """
    pairs = parse_opts(text, implied)
    opts = typed(_id(pairs) if ids else None, pairs, types)
    if ids:
        opts.warnings = [_short_form(key) for key in _short_keys(text)]
    return opts


def typed(id: str | None, pairs: Iterable[tuple[str, str]], types: Mapping[str, str]) -> Opts:
    """Options out of texts, ``id`` left out.  Raises ParameterError."""
    opts = Opts(id)
    for name, value in pairs:
        if name != "id":
            opts.values[name] = _value(name, value, types)
    return opts


def _id(pairs: list[tuple[str, str]]) -> str | None:
    """The first ``id``, which has to be an identifier."""
    for name, value in pairs:
        if name == "id":
            if not _ID.fullmatch(value):
                raise ParameterError(f"Parameter 'id' expects an identifier\n{_ID_HINT}")
            return value
    return None


def _short_keys(text: str) -> list[str]:
    """The keys without value, but for the first."""
    parts = re.split(r"(?<!,),(?!,)", text.replace(",,", ""))
    return [part for part in parts[1:] if part and "=" not in part]


def _short_form(key: str) -> str:
    name, value = (key[2:], "off") if key.startswith("no") else (key, "on")
    return f"short-form boolean option '{key}' deprecated\nPlease use {name}={value} instead"


def _value(name: str, value: str, types: Mapping[str, str]) -> str | bool | int:
    """The value by its declared type."""
    kind = types.get(name)
    if kind is None:
        raise UnexpectedParameter(f"Invalid parameter '{name}'")
    if kind == BOOL:
        if value not in _BOOLS:
            raise InvalidParameterType(f"Parameter '{name}' expects 'on' or 'off'")
        return _BOOLS[value]
    return _number(name, value) if kind == NUMBER else value


def _number(name: str, value: str) -> int:
    """A number as C reads it, with 0x and 0 for other bases, and modulo 2^64 if negative."""
    match = _NUMBER.fullmatch(value)
    digits = match[2] if match else ""
    if not match or re.fullmatch(r"0[0-7]*[89].*", digits):
        raise InvalidParameterType(f"Parameter '{name}' expects a number")
    if digits[:2].lower() == "0x":
        number = int(digits, 16)
    else:
        number = int(digits, 8 if digits.startswith("0") else 10) if len(digits) < 30 else -1
    if not 0 <= number <= UINT64_MAX:
        raise InvalidParameterValue(f"Value '{value}' is too large for parameter '{name}'")
    return -number & UINT64_MAX if match[1] == "-" else number
