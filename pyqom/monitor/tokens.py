"""What the tokens of QMP's JSON are worth (``qobject/json-parser.c``)."""

from __future__ import annotations

import re

from pyqom.monitor.unicode import decode, decode_loosely, is_character

# The kinds of tokens; a structural character is its own kind.
STRING, INTEGER, FLOAT, KEYWORD = "string", "integer", "float", "keyword"
# Bytes that begin no token, and a token that grew too long.
STRAY, OVERLONG = "stray", "overlong"

INT64_MIN, UINT64_MAX = -(1 << 63), (1 << 64) - 1

# How much of a text QEMU puts into the message of a parse error: its buffer less the NUL.
MESSAGE_SIZE = 1023

_ESCAPES = {
    b'"': '"', b"'": "'", b"\\": "\\", b"/": "/",
    b"b": "\b", b"f": "\f", b"n": "\n", b"r": "\r", b"t": "\t",
}  # fmt: skip
_PIECE = re.compile(rb"[^\\]+|\\(.)", re.DOTALL)
_HEX4 = re.compile(rb"[0-9A-Fa-f]{4}")
_KEYWORDS = {b"true": True, b"false": False, b"null": None}


class Mistake(Exception):
    """A token, or its place, is wrong; `str()` is QEMU's text without the location."""


def token_value(kind: str, token: bytes) -> str | int | float | bool | None:
    """The value of a token that is a value by itself; raises Mistake where it is none."""
    if kind == STRING:
        return string_value(token)
    if kind in (INTEGER, FLOAT):
        return number_value(kind, token)
    if kind == KEYWORD:
        if token in _KEYWORDS:
            return _KEYWORDS[token]
        text = f"invalid keyword '{token.decode('ascii')}'"
        raise Mistake(text[:MESSAGE_SIZE])
    raise Mistake("expecting value")


def number_value(kind: str, token: bytes) -> int | float:
    """An integer if 64 bits hold it, signed or unsigned, else a double."""
    # More than 20 digits fit nowhere, and Python refuses to convert thousands.
    if kind == INTEGER and len(token) <= 20:
        value = int(token)
        if INT64_MIN <= value <= UINT64_MAX:
            return value
    return float(token)


def string_value(token: bytes) -> str:
    """The text of a string token with its quotes; raises Mistake where it is no text."""
    end = len(token) - 1
    if b"\\" not in token:
        return _plain(token[1:end])
    parts: list[str] = []
    at = 1
    while at < end:
        piece = _PIECE.match(token, at, end)
        assert piece is not None
        escaped = piece[1]
        at = piece.end()
        if escaped is None:
            parts.append(_plain(piece[0]))
        elif escaped == b"u":
            character, at = _unicode_escape(token, piece.start())
            parts.append(character)
        elif escaped in _ESCAPES:
            parts.append(_ESCAPES[escaped])
        else:
            raise Mistake("invalid escape sequence in string")
    return "".join(parts)


def _plain(raw: bytes) -> str:
    """Text without escapes."""
    text = decode(raw)
    if text is None:
        raise Mistake("invalid UTF-8 sequence in string")
    return text


def _unicode_escape(token: bytes, start: int) -> tuple[str, int]:
    """The character of the ``\\u`` escape at `start`, and where the text goes on.

    Raises Mistake where the escape, with the one behind a leading surrogate, names none.  The
    text shows the six bytes that should be the escape, the closing quote among them if digits
    are missing.
    """
    end = start + 6
    code = _hex4(token, start + 2)
    if 0xD800 <= code <= 0xDBFF and token.startswith(b"\\u", end):
        trailing = _hex4(token, end + 2)
        if 0xDC00 <= trailing <= 0xDFFF:
            code = 0x10000 + ((code & 0x3FF) << 10) + (trailing & 0x3FF)
            end += 6
        else:
            code = -1
    if code < 0 or not is_character(code):
        raise Mistake(f"{decode_loosely(token[start:end])} is not a valid Unicode character")
    return chr(code), end


def _hex4(token: bytes, at: int) -> int:
    """The number that four hexadecimal digits make, -1 where there are fewer."""
    digits = _HEX4.match(token, at)
    return int(digits[0], 16) if digits else -1
