"""Tokens of QMP's JSON: QEMU's automaton (``qobject/json-lexer.c``), fed any cut of the bytes.

The automaton is written down state by state below.  Bytes that leave a state where it is are
taken at one go by a regular expression.
"""

from __future__ import annotations

import re
from functools import cache

from pyqom.monitor.tokens import FLOAT, INTEGER, KEYWORD, OVERLONG, STRAY, STRING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Token = tuple[str, bytes, int, int]  # kind, bytes, line, column

MAX_TOKEN_SIZE = 64 << 20

START = "start"
RECOVERY = "recovery"

# For each state: which bytes lead where.  What is not named is a mistake, and the byte with it
# part of the stray token.  "=KIND" ends a token with the byte, "<KIND" in front of it; "<" alone
# is the end of what was skipped.
_DIGITS = b"0-9"
_TEXT = rb"\x20-\xfd"
_RULES: dict[str, tuple[tuple[bytes, str], ...]] = {
    START: (
        (rb" \t\r\n", START),
        (rb'"', "double"),
        (rb"'", "single"),
        (rb"0", "zero"),
        (rb"1-9", "digits"),
        (rb"\-", "sign"),
        (rb"a-z", "keyword"),
        *((b"\\" + bytes([c]), "=" + chr(c)) for c in b"{}[]:,"),
    ),
    "double": ((_TEXT, "double"), (rb"\\", "double escape"), (rb'"', "=" + STRING)),
    "double escape": ((_TEXT, "double"),),
    "single": ((_TEXT, "single"), (rb"\\", "single escape"), (rb"'", "=" + STRING)),
    "single escape": ((_TEXT, "single"),),
    "sign": ((rb"0", "zero"), (rb"1-9", "digits")),
    "zero": ((rb"\x00-\xff", "<" + INTEGER), (_DIGITS, ""), (rb".", "point")),
    "digits": (
        (rb"\x00-\xff", "<" + INTEGER), (_DIGITS, "digits"), (rb".", "point"), (rb"eE", "exponent"),
    ),
    "point": ((_DIGITS, "fraction"),),
    "fraction": ((rb"\x00-\xff", "<" + FLOAT), (_DIGITS, "fraction"), (rb"eE", "exponent")),
    "exponent": ((rb"\-+", "exponent sign"), (_DIGITS, "power")),
    "exponent sign": ((_DIGITS, "power"),),
    "power": ((rb"\x00-\xff", "<" + FLOAT), (_DIGITS, "power")),
    "keyword": ((rb"\x00-\xff", "<" + KEYWORD), (rb"a-z", "keyword")),
    # Structural characters, line ends and impossible bytes are where sense may begin again.
    RECOVERY: ((rb"\x00-\xff", "<"), (_TEXT, RECOVERY), (rb"\t", RECOVERY), (rb"\[\]{}:,", "<")),
}  # fmt: skip


def _table(rules: tuple[tuple[bytes, str], ...]) -> list[str]:
    """Where each of the 256 bytes leads; the later rule wins."""
    table = [""] * 256
    for members, target in rules:
        for match in re.compile(b"[%s]" % members).finditer(bytes(range(256))):
            table[match.start()] = target
    return table


def _run(state: str, table: list[str]) -> re.Pattern[bytes]:
    """What matches the bytes that leave the state where it is."""
    loop = b"".join(b"\\x%02x" % byte for byte in range(256) if table[byte] == state)
    return re.compile(b"[%s]*" % loop if loop else b"")


@cache
def _automaton() -> tuple[dict[str, list[str]], dict[str, re.Pattern[bytes]]]:
    """Tables and runs of all states; most sessions never need them, so they come when used."""
    tables = {state: _table(rules) for state, rules in _RULES.items()}
    return tables, {state: _run(state, table) for state, table in tables.items()}


class Lexer:
    """Bytes to tokens; their lines and columns count from 1, over all that was ever fed."""

    __slots__ = ("_begin", "_line", "_line_start", "_state", "_token")

    def __init__(self) -> None:
        self._state = START
        self._token = bytearray()
        self._begin = (1, 1)
        self._line = 1
        # Where the line began, counted from the first byte that is not read yet: never above 0.
        self._line_start = 0

    @property
    def idle(self) -> bool:
        """Whether nothing is under way: no token begun, nothing being skipped."""
        return self._state is START

    def skip(self, data: bytes) -> None:
        """Count bytes that somebody else has read; only while idle."""
        self._newlines(data, 0, len(data))
        self._line_start -= len(data)

    def _newlines(self, data: bytes, start: int, end: int) -> None:
        """Count the lines that end between `start` and `end`."""
        lines = data.count(b"\n", start, end)
        if lines:
            self._line += lines
            self._line_start = data.rindex(b"\n", start, end) + 1

    def feed(self, data: bytes) -> Iterator[Token]:
        """The tokens that end in `data`, each as (kind, bytes, line, column); to be read out.

        Where a token ends only because of the byte behind it, what begins with that very byte is
        told one column too far to the right, as QEMU does.
        """
        tables, runs = _automaton()
        token = self._token
        at, shifted = 0, -1
        while at < len(data):
            state = self._state
            at = self._stay(runs[self._state], data, at)
            if len(token) <= MAX_TOKEN_SIZE:
                if at == len(data):
                    break
                if state is START:
                    self._begin = self._line, at - self._line_start + 1 + (at == shifted)
                target = tables[state][data[at]]
                if target[:1] == "<":
                    if len(target) > 1:
                        yield target[1:], bytes(token), *self._begin
                    shifted = at
                    self._restart(START)
                    continue
                token.append(data[at])
                at += 1
                if not target:
                    self._newlines(data, at - 1, at)
                    yield STRAY, bytes(token), *self._begin
                    self._restart(RECOVERY)
                elif target[0] == "=":
                    yield target[1:], bytes(token), *self._begin
                    self._restart(START)
                else:
                    self._state = target
            if len(token) > MAX_TOKEN_SIZE:
                yield OVERLONG, bytes(token), *self._begin
                self._restart(START)
        self._line_start -= len(data)

    def _restart(self, state: str) -> None:
        self._token.clear()
        self._state = state

    def _stay(self, run: re.Pattern[bytes], data: bytes, at: int) -> int:
        """Take the bytes that leave the state where it is; where the next one stands."""
        match = run.match(data, at)
        assert match is not None
        end = match.end()
        if self._state is START:
            self._newlines(data, at, end)
        elif self._state is not RECOVERY and end > at:
            end = min(end, at + MAX_TOKEN_SIZE + 1 - len(self._token))
            self._token += data[at:end]
        return end
