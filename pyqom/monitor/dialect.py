"""The JSON that QMP speaks: a streaming parser, sans I/O; and the writer.

QEMU's dialect of JSON (``qobject/json-*.c``) differs from RFC 8259: strings may have single
quotes, integers are 64 bits wide and wider ones become doubles, text is modified UTF-8 without
noncharacters, and a value is complete with its last byte, not with a line.  How deep a message
nests, its size and the number of its tokens are limited.  After a mistake the parser finds back by
itself; a byte 0xFE or 0xFF, which no text contains, makes it start afresh.
"""

from __future__ import annotations

import json
import re

from pyqom.errors import ParseError
from pyqom.monitor.lexer import Lexer
from pyqom.monitor.tokens import (
    MESSAGE_SIZE,
    OVERLONG,
    STRAY,
    STRING,
    Mistake,
    string_value,
    token_value,
)
from pyqom.monitor.unicode import decode_loosely
from pyqom.monitor.writer import to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["LOCATED", "UNLOCATED", "ParseError", "Parser", "Wording", "to_json"]

MAX_MESSAGE_SIZE = 64 << 20
MAX_TOKEN_COUNT = 2 << 20
MAX_NESTING = 1 << 10


class Wording:
    """What a release says of a mistake, and when.

    ``located``: the error begins with line and column of the token, and is told at once; what is
    left of the broken message is skipped in silence.  Otherwise it is told when the brackets of
    the message are closed.  ``any_key``: a key that is no string is a mistake only when it is
    read whole.
    """

    __slots__ = ("any_key", "colon", "key", "located", "separator")

    def __init__(
        self, *, located: bool, any_key: bool, key: str, colon: str, separator: dict[str, str]
    ) -> None:
        self.located = located
        self.any_key = any_key
        self.key = key
        self.colon = colon
        self.separator = separator


LOCATED = Wording(
    located=True,
    any_key=False,
    key="expecting key",
    colon="expecting ':'",
    separator={"}": "expected ',' or '}'", "]": "expected ',' or ']'"},
)
UNLOCATED = Wording(
    located=False,
    any_key=True,
    key="key is not a string in object",
    colon="missing : in object pair",
    separator={"}": "expected separator in dict", "]": "expected separator in list"},
)

# What may come next.
VALUE, FIRST_VALUE, KEY, FIRST_KEY, COLON, SEPARATOR = range(6)


class _Builder:
    """Tokens to one value: a push-down automaton, so that depth costs no stack."""

    __slots__ = ("_close", "_expect", "_key", "_open", "_stack", "_wording", "value")

    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self._stack: list[tuple[Any, str, str | None, int]] = []
        self._open: Any = None
        self._close = ""
        self._key: str | None = None
        self._expect = VALUE
        self.value: Any = None

    def take(self, kind: str, token: bytes) -> None:
        """Add a token; raises Mistake where it cannot stand."""
        expect = self._expect
        if expect == SEPARATOR:
            if kind == ",":
                self._expect = KEY if self._close == "}" else VALUE
            elif kind == self._close:
                self._pop()
            else:
                raise Mistake(self._wording.separator[self._close])
        elif expect == COLON:
            if kind != ":":
                raise Mistake(self._wording.colon)
            self._expect = VALUE
        elif (kind == "}" and expect == FIRST_KEY) or (kind == "]" and expect == FIRST_VALUE):
            self._pop()
        elif expect in (KEY, FIRST_KEY) and kind == STRING:
            self._key = string_value(token)
            self._expect = COLON
        elif expect in (KEY, FIRST_KEY) and not self._wording.any_key:
            raise Mistake(self._wording.key)
        elif kind == "{":
            self._push({}, "}", FIRST_KEY)
        elif kind == "[":
            self._push([], "]", FIRST_VALUE)
        else:
            self._put(token_value(kind, token))

    def _push(self, container: dict[str, Any] | list[Any], close: str, expect: int) -> None:
        self._stack.append((self._open, self._close, self._key, self._expect))
        self._open, self._close, self._expect = container, close, expect

    def _pop(self) -> None:
        value = self._open
        self._open, self._close, self._key, self._expect = self._stack.pop()
        self._put(value)

    def _put(self, value: Any) -> None:
        """Put a whole value where one was expected."""
        if self._expect in (KEY, FIRST_KEY):
            raise Mistake(self._wording.key)
        if self._close == "]":
            self._open.append(value)
        elif self._close == "}":
            if self._key in self._open:
                raise Mistake("duplicate key")
            self._open[self._key] = value
        else:
            self.value = value
        self._expect = SEPARATOR


class Parser:
    """Bytes to values and errors.

    One parser reads one client: where it stands in line and column, and in a message, outlives a
    chunk.  `wording` is the release's, `LOCATED` (11.1) or `UNLOCATED` (7.2).
    """

    def __init__(self, wording: Wording = LOCATED) -> None:
        self._wording = wording
        self._lexer = Lexer()
        self._found: list[Any] = []
        self._reset()

    def _reset(self) -> None:
        """Nothing of the next message has been read."""
        self._builder = _Builder(self._wording)
        self._error: ParseError | None = None
        self._braces = 0
        self._brackets = 0
        self._size = 0
        self._count = 0

    @property
    def idle(self) -> bool:
        """Whether nothing of a next message has been read."""
        return self._count == 0 and self._lexer.idle

    def feed(self, data: bytes) -> list[Any]:
        """What `data` completes, in order: values, and a ParseError for each mistake."""
        if self.idle and _looks_plain(data):
            found, end = _scan(data)
            self._lexer.skip(data[:end])
            if end == len(data):
                return found
            data = data[end:]
        else:
            found = []
        self._found = found
        for token in self._lexer.feed(data):
            self._token(*token)
        return found

    def _token(self, kind: str, token: bytes, line: int, column: int) -> None:
        if kind == STRAY:
            self._stray(token, line, column)
            return
        if kind == "{":
            self._braces += 1
        elif kind == "}":
            self._braces -= 1
        elif kind == "[":
            self._brackets += 1
        elif kind == "]":
            self._brackets -= 1
        limit = self._limit(kind, token)
        if limit:
            self._exceeded(limit)
            return
        self._size += len(token)
        self._count += 1
        if self._error is None:
            try:
                self._builder.take(kind, token)
            except Mistake as mistake:
                self._mistaken(str(mistake), line, column)
        if not self._open():
            self._finish()

    def _open(self) -> bool:
        """Whether brackets are to be closed yet."""
        braces, brackets = self._braces, self._brackets
        return (braces > 0 or brackets > 0) and braces >= 0 and brackets >= 0

    def _finish(self) -> None:
        if self._error is None:
            self._found.append(self._builder.value)
        elif not self._wording.located:
            self._found.append(self._error)
        self._reset()

    def _mistaken(self, text: str, line: int, column: int) -> None:
        self._error = self._parse_error(text, line, column)
        if self._wording.located:
            self._found.append(self._error)

    def _parse_error(self, text: str, line: int, column: int) -> ParseError:
        where = f"{line}:{column}: " if self._wording.located else ""
        return ParseError(f"{where}JSON parse error, {text}")

    def _stray(self, token: bytes, line: int, column: int) -> None:
        if not (self._wording.located and self._error):
            # QEMU prints the token as a C string.
            text = b"stray '%s'" % token.partition(b"\0")[0]
            if self._wording.located:
                text = text[:MESSAGE_SIZE]
            self._found.append(self._parse_error(decode_loosely(text), line, column))
        self._reset()

    def _limit(self, kind: str, token: bytes) -> str:
        """Which limit the token is beyond, if any."""
        if kind == OVERLONG or self._size + len(token) + 1 > MAX_MESSAGE_SIZE:
            return "size"
        if self._count + 1 > MAX_TOKEN_COUNT:
            return "count"
        if self._braces + self._brackets > MAX_NESTING:
            return "depth"
        return ""

    def _exceeded(self, limit: str) -> None:
        what = {"size": "token size", "count": "token count", "depth": "nesting depth"}[limit]
        error = ParseError(f"JSON {what} limit exceeded")
        if not self._wording.located:
            self._found.append(error)
            self._reset()
        elif self._error is None:
            self._found.append(error)
            self._error = error
        if self._wording.located and not self._open():
            self._reset()


# --- the fast road -------------------------------------------------------------------------------

# Where Python's scanner might give something else: escapes beyond ASCII, numbers beyond 64 bits, a
# zero with an exponent but no fraction.
_DOUBTFUL = re.compile(rb"\\u|\d{19}|0[eE]")
_BLANKS = re.compile(r"[ \t\r\n]*")


def _looks_plain(data: bytes) -> bool:
    """Whether Python's scanner reads what it accepts of `data` as QEMU does."""
    return (
        data.isascii()
        and data.count(b"{") + data.count(b"[") < MAX_NESTING // 2
        and len(data) < MAX_TOKEN_COUNT
        and not _DOUBTFUL.search(data)
    )


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate key")
    return members


def _no_constant(name: str) -> None:
    raise ValueError(name)


_decoder = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_no_constant)


def _scan(data: bytes) -> tuple[list[Any], int]:
    """The objects and arrays that stand whole at the beginning, and where the rest begins."""
    text = data.decode("ascii")
    found = []
    at = _BLANKS.match(text).end()  # type: ignore[union-attr]
    while text[at : at + 1] in ("{", "["):
        try:
            value, end = _decoder.raw_decode(text, at)
        except ValueError:
            break
        found.append(value)
        at = _BLANKS.match(text, end).end()  # type: ignore[union-attr]
    return found, at
