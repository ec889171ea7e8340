"""A JSON file that somebody gives: its text, and what is in it that JSON does not allow.

Whatever is in a file, it is read, or `BadData` says why not.  What shape the content should have is
its reader's business.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from pyqom import schema
from pyqom.errors import BadData

if TYPE_CHECKING:
    from pyqom.schema import Fault, Path

DEEPEST = 32
"""How deep objects and arrays may stand in each other."""

NEEDED = 8
"""How deep the shapes of files go; what is nested too deep is refused there."""

DIGITS = 25
"""How many digits of a number are looked at; 64 bits have twenty."""

LARGEST = 1 << 24
"""How many bytes of a file are read; one that has more is none of ours."""


def bad(name: str, faults: list[tuple[str, str]]) -> BadData:
    """The error for a source: its text is the first fault, and how many more there are."""
    path, text = faults[0]
    more = len(faults) - 1
    others = f" (and {more} more fault{'s' if more > 1 else ''})" if more else ""
    return BadData(": ".join(part for part in (name, path, text) if part) + others, faults)


def read_text(name: str) -> str:
    """What stands in a file of UTF-8.

    Raises BadData where it cannot be read, is larger than `LARGEST`, or is no such text; the path
    is then ``line:column``.
    """
    try:
        with open(name, "rb") as file:
            raw = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:  # a name with a null character is a ValueError
        raise bad(name, [("", getattr(error, "strerror", None) or str(error))]) from error
    if len(raw) > LARGEST:
        raise bad(name, [("", f"the file has more than {LARGEST >> 20} MiB")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        text = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise bad(name, [(f"{line}:{column}", text)]) from error


class _Members(dict[str, Any]):
    """A JSON object that remembers which of its members stood there more than once."""

    repeated: tuple[str, ...] = ()


def _members_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) == len(pairs):
        return content
    marked = _Members(content)
    counts = Counter(member for member, _ in pairs)
    marked.repeated = tuple(member for member, count in counts.items() if count > 1)
    return marked


def parse(text: str, name: str) -> Any:
    """The content of a JSON text; what is in it that JSON does not allow, `texts` tells.

    Raises BadData for what is no JSON at all.
    """
    try:
        return json.loads(text, object_pairs_hook=_members_of, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise bad(name, [(f"{error.lineno}:{error.colno}", _why(text, error))]) from error
    except RecursionError as error:
        raise bad(name, [("", "nested too deep")]) from error


def _integer(digits: str) -> int:
    """A whole number; of one that is far too long only the first digits."""
    return int(digits[:DIGITS])


def _why(text: str, error: json.JSONDecodeError) -> str:
    if not text.strip():
        return "the file is empty"
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return "the file ends in the middle: it is truncated"
    return f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}"


def json_like(content: Any) -> Any:
    """A parsed content as plain dicts and lists, whatever mappings and tuples it is made of."""
    if isinstance(content, Mapping):
        return {member: json_like(value) for member, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [json_like(value) for value in content]
    return content


class _TooDeep(Exception):
    """Something is nested too deep."""


def texts(content: Any) -> tuple[list[Fault], Any]:
    """The faults that no shape is checked for, and the content with null in their places.

    They are half characters, members that stand twice, endless nesting, endless numbers and those
    that are none.
    """
    found: list[Fault] = []
    return found, _sound(content, (), found)


def _sound(content: Any, path: Path, found: list[Fault]) -> Any:
    if len(path) > DEEPEST:
        raise _TooDeep
    try:
        if isinstance(content, dict):
            return _members(content, path, found)
        if isinstance(content, list):
            return [_sound(each, (*path, index), found) for index, each in enumerate(content)]
    except _TooDeep:
        if len(path) > NEEDED:
            raise
        found.append((path, "nested too deep"))
        return None
    if isinstance(content, str) and not _is_text(content):
        found.append((path, f"{schema.shown(content)} is not Unicode text"))
    elif isinstance(content, int) and content.bit_length() > 64:
        found.append((path, "the number has more than 64 bits"))
    elif isinstance(content, float) and not isfinite(content):
        found.append((path, f"{schema.shown(content)} is no JSON number"))
    else:
        return content
    return None


def _members(content: dict[Any, Any], path: Path, found: list[Fault]) -> dict[str, Any]:
    if isinstance(content, _Members):
        found += [((*path, member), "the member stands twice") for member in content.repeated]
    sound = {}
    for member, value in content.items():
        if isinstance(member, str) and _is_text(member):
            sound[member] = _sound(value, (*path, member), found)
        else:
            text = ascii(member)[1:-1] if isinstance(member, str) else repr(member)
            found.append(((*path, text), f"{schema.shown(member)} cannot name a member"))
    return sound


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
