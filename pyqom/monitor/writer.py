"""JSON as QEMU prints it (``qobject/json-writer.c``)."""

from __future__ import annotations

import json
import re

from pyqom.monitor.unicode import is_character
from pyqom.types.qdict import qdict_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

INDENT = "    "

_quoted = json.encoder.encode_basestring_ascii


def _compiled() -> Callable[[Any], str]:
    """What writes plain values; made once, since `json.JSONEncoder.encode` makes it each time."""
    encoder = json.JSONEncoder(check_circular=False)
    make = json.encoder.c_make_encoder  # type: ignore[attr-defined]  # None without C
    if make is None:
        return encoder.encode
    parts = make(None, encoder.default, _quoted, None, ": ", ", ", False, False, True)
    join = "".join
    return lambda value: join(parts(value, 0))


_plain_json = _compiled()

# What only a text with a double has, as Python spells it, or a string that looks like one.
_POINT = re.compile(r"\.\d")
_EXPONENT = re.compile(r"e[+-]\d")
_ESCAPE = re.compile(r"\\(?:u(d[89ab]..)\\u(d[c-f]..)|u(....)|.)")
_END = object()


class Encoded(str):
    """JSON that `to_json` has written already, for answers that are asked for again."""

    __slots__ = ()

    def pretty(self) -> str:
        """The same value, indented."""
        return to_json(self.value(), True)

    def value(self) -> Any:
        """The value itself."""
        return json.loads(self)


def to_json(value: Any, pretty: bool = False, *, ordered: bool = False) -> str:
    """The value as one line of JSON, or with an indentation of four if `pretty`; no line end.

    The value is made of dict, list, tuple, str, int, float, bool and None, nested as deep as you
    like.  Doubles have 17 digits, and everything beyond ASCII is escaped; characters that QEMU
    does not know become U+FFFD.  Members stand as in the dict, or, if `ordered`, as QEMU's hash
    table would have them.  Raises TypeError for other types.
    """
    if pretty or ordered:
        return _write(value, pretty, ordered)
    try:
        text = _plain_json(value)
    except RecursionError:
        return _write(value, pretty, ordered)
    if _like_double(text) and _has_double(value):
        return _write(value, pretty, ordered)
    return as_qemu_escapes(text)


def _like_double(text: str) -> bool:
    """Whether something in the text could be a double; to be sure, one has to look at the value."""
    return (
        ("." in text and _POINT.search(text) is not None)
        or _EXPONENT.search(text) is not None
        or "Infinity" in text
        or "NaN" in text
    )


def _has_double(value: Any) -> bool:
    """Whether a double is anywhere in the value."""
    stack = [value]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, (list, tuple)):
            stack.extend(value)
        elif isinstance(value, float):
            return True
    return False


def as_qemu_escapes(text: str) -> str:
    """What Python escaped, spelled as QEMU does: upper case, and DEL too."""
    if "\\u" in text:
        text = _ESCAPE.sub(_escape, text)
    # Nothing but a string has it.
    return text.replace("\x7f", "\\u007F")


def _escape(match: re.Match[str]) -> str:
    leading, trailing, single = match.groups()
    if leading:
        code = 0x10000 + ((int(leading, 16) & 0x3FF) << 10) + (int(trailing, 16) & 0x3FF)
        return f"\\u{leading.upper()}\\u{trailing.upper()}" if is_character(code) else "\\uFFFD"
    if single:
        return f"\\u{single.upper()}" if is_character(int(single, 16)) else "\\uFFFD"
    return match[0]


def _scalar(value: Any) -> str:
    """A value that holds no other."""
    if isinstance(value, str):
        return as_qemu_escapes(_quoted(value))
    if value is None or isinstance(value, bool):
        return {None: "null", False: "false", True: "true"}[value]
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return f"{value:.17g}"
    raise TypeError(f"{type(value).__name__} has no JSON")


def _write(value: Any, pretty: bool, ordered: bool) -> str:
    """QEMU's own writer; needs no more stack for more depth."""
    parts: list[str] = []
    stack: list[tuple[Iterator[Any], str]] = []
    while True:
        opened = True
        if isinstance(value, dict):
            parts.append("{")
            keys = qdict_order(value) if ordered else value
            stack.append((iter([(key, value[key]) for key in keys]), "}"))
        elif isinstance(value, (list, tuple)):
            parts.append("[")
            stack.append((iter(value), "]"))
        else:
            parts.append(_scalar(value))
            opened = False
        while stack:
            members, close = stack[-1]
            member: Any = next(members, _END)
            if member is not _END:
                break
            stack.pop()
            parts.append("\n" + INDENT * len(stack) + close if pretty else close)
            opened = False
        else:
            return "".join(parts)
        if not opened:
            parts.append("," if pretty else ", ")
        if pretty:
            parts.append("\n" + INDENT * len(stack))
        if close == "}":
            key, value = member
            parts.append(_scalar(key) + ": ")
        else:
            value = member
