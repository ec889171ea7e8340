"""``-numa node,nodeid=0,cpus=0-3``: the text of an option as a record for `pyqom.machines.numa`.

QEMU reads this option with its options visitor (``qapi/opts-visitor.c``): of a key that is given
twice the last one counts, but a list takes all of them, and ranges.
"""

from __future__ import annotations

from pyqom.errors import InvalidParameterValue, MissingParameter, UnexpectedParameter
from pyqom.types.keyval import parse_opts
from pyqom.types.visitor import INT64_MAX, INT64_MIN, UINT64_MAX, expects, scan_integer, strtosz

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pyqom.release import Release

MIB = 1 << 20
MOST_IN_RANGE = 65536
"""``OPTS_VISITOR_RANGE_MAX``."""


def _unsigned(bits: int) -> Callable[[str, str], int]:
    def read(text: str, name: str) -> int:
        found = scan_integer(text)
        if found is None or found[1] != len(text) or not _is_unsigned(text, found[0]):
            raise expects(name, "a uint64 value")
        if found[0] >> bits:
            raise expects(name, f"uint{bits}_t")
        return found[0]

    return read


def _is_unsigned(text: str, value: int) -> bool:
    """``parse_uint`` takes no minus sign."""
    return "-" not in text and value <= UINT64_MAX


def _int64(text: str, name: str) -> int:
    found = scan_integer(text)
    if found is None or found[1] != len(text) or not INT64_MIN <= found[0] <= INT64_MAX:
        raise expects(name, "an int64 value")
    return found[0]


def _size(text: str, name: str) -> int:
    try:
        return strtosz(text)
    except (OverflowError, ValueError):
        raise expects(name, "a size value") from None


def _megabytes(text: str, name: str) -> int:
    """A size that without a suffix counts MiB, for compatibility."""
    size = _size(text, name)
    return size * MIB if text[-1:].isdigit() or text[:2].lower() == "0x" else size


def _text(text: str, name: str) -> str:
    return text


def _one_of(*words: str) -> Callable[[str, str], str]:
    def read(text: str, name: str) -> str:
        if text not in words:
            raise InvalidParameterValue(f"Parameter '{name}' does not accept value '{text}'")
        return text

    return read


def _cpus(texts: list[str], name: str) -> list[int]:
    """A list of CPU numbers: every text is one, or a range."""
    numbers: list[int] = []
    for text in texts:
        first, dash, last = text.partition("-")
        low, high = scan_integer(first), scan_integer(last if dash else first)
        if (
            low is None
            or high is None
            or (low[1], high[1]) != (len(first), len(last if dash else first))
            or not 0 <= high[0] - low[0] < MOST_IN_RANGE
            or "-" in last
        ):
            raise expects(name, "a uint64 value or range")
        if high[0] > 0xFFFF:
            raise expects("null", "uint16_t")  # an element has no name
        numbers.extend(range(low[0], high[0] + 1))
    return numbers


U8, U16, U32, U64 = map(_unsigned, (8, 16, 32, 64))

MEMBERS: dict[str, tuple[tuple[str, Any], ...]] = {
    "node": (
        ("*nodeid", U16),
        ("*cpus", _cpus),
        ("*mem", _megabytes),
        ("*memdev", _text),
        ("*initiator", U16),
    ),
    "dist": (("src", U16), ("dst", U16), ("val", U8)),
    "cpu": tuple(
        (f"*{name}-id", _int64)
        for name in (
            *("node", "drawer", "book", "socket", "die"),
            *("cluster", "module", "core", "thread"),
        )
    ),
    "hmat-lb": (
        ("initiator", U16),
        ("target", U16),
        ("hierarchy", _one_of("memory", "first-level", "second-level", "third-level")),
        (
            "data-type",
            _one_of(
                *("access-latency", "read-latency", "write-latency"),
                *("access-bandwidth", "read-bandwidth", "write-bandwidth"),
            ),
        ),
        ("*latency", U64),
        ("*bandwidth", _size),
    ),
    "hmat-cache": (
        ("node-id", U32),
        ("size", _size),
        ("level", U8),
        ("associativity", _one_of("none", "direct", "complex")),
        ("policy", _one_of("none", "write-back", "write-through")),
        ("line", U16),
    ),
}
"""What a record of each type has, in QEMU's order, and how it is read; "*" is optional."""

LATER = {"*module-id": "11.1", "*book-id": "11.1", "*drawer-id": "11.1"}
"""Members that not all releases know: since when."""


def parse_numa(text: str, release: Release) -> dict[str, Any]:
    """The record that the text of a ``-numa`` option means.

    Raises MissingParameter, UnexpectedParameter, InvalidParameterValue with QEMU's texts.
    """
    given: dict[str, list[str]] = {}
    for name, value in parse_opts(text, "type"):
        given.setdefault(name, []).append(value)
    kind = _one_of(*MEMBERS)(_taken(given, "type")[-1], "type")
    record: dict[str, Any] = {"type": kind}
    for name, read in MEMBERS[kind]:
        if not release.knows(LATER.get(name), None):
            continue
        plain = name.lstrip("*")
        if name != plain and plain not in given:
            continue
        texts = _taken(given, plain)
        record[plain] = read(texts if read is _cpus else texts[-1], plain)
    for name in given:
        raise UnexpectedParameter(f"Invalid parameter '{name}'")
    return record


def _taken(given: dict[str, list[str]], name: str) -> list[str]:
    if name not in given:
        raise MissingParameter(f"Parameter '{name}' is missing")
    return given.pop(name)
