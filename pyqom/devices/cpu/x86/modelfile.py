"""Reading a file of CPU models, and finding everything that is wrong with it at once.

The file is JSON of the shape of ``schema/cpu-models.json``, that of pyqom's own records.  First
the text is looked at, then the shape, then (`modelcheck`) what only a release can tell: whether the
features, properties and parents exist there and take the values.  Whatever is in a file, it is
read, or `BadData` says why not.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from pyqom import schema
from pyqom.devices.cpu.x86.data import known
from pyqom.devices.cpu.x86.modelcheck import check_models
from pyqom.errors import BadData

if TYPE_CHECKING:
    from pyqom.devices.cpu.x86.records import ModelRecord
    from pyqom.schema import Fault, Path
    from pyqom.types import Registry

    Source = str | os.PathLike[str] | Mapping[str, Any] | ModelRecord

DEEPEST = 32
"""How deep objects and arrays may stand in each other."""

NEEDED = 8
"""How deep the shape of a model file goes; what is nested too deep is refused there."""

DIGITS = 25
"""How many digits of a number are looked at; 64 bits have twenty."""


def read_models(source: Source, registry: Registry) -> list[dict[str, Any]]:
    """The records of a model file, checked for a registry and its release; parents come first.

    `source` is a path, the parsed content, or one `ModelRecord`.  Records that the release does not
    have are left out.  Raises BadData with all faults as (path in the file, text); where the text
    is no JSON the path is ``line:column``.
    """
    name, content = read(source)
    return _checked(name, content, registry)


def read(source: Source) -> tuple[str, Any]:
    """What to call the source, and what is in it, of whatever shape.

    Raises BadData where it is no JSON, TypeError where it is no source.
    """
    if isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
        if isinstance(name, str):
            return name, parse(_text(name), name)
    elif isinstance(source, (Mapping, list, tuple)):
        try:
            return "models", json_like(source)
        except RecursionError as error:
            raise bad("models", [("", "nested too deep")]) from error
    elif hasattr(source, "__attrs_attrs__"):
        from pyqom.devices.cpu.x86.records import ModelRecord, unstructure

        if isinstance(source, ModelRecord):
            return f"model '{source.name}'", {"models": [unstructure(source)]}
    raise TypeError(f"models are a path, what is in a file, or a ModelRecord, not {source!r}")


def _checked(name: str, content: Any, registry: Registry) -> list[dict[str, Any]]:
    found, ordered = faults_of(content, registry)
    if found:
        raise bad(name, schema.told(content, found))
    assert registry.release is not None
    return known(ordered, registry.release)


def faults_of(
    content: Any, registry: Registry, *, special: bool = False
) -> tuple[list[Fault], list[Any]]:
    """The faults of a file's content, in no special order, and its models, parents first.

    `special` allows models that a class makes, as only QEMU's own are.
    """
    found, sound = texts(content)
    checked, ordered = check_models(sound, registry, special=special)
    # Where several have something to say, the text is told first, then what a release says.
    for more in (checked, schema.found(sound, "cpu-models")):
        better = {path for path, _ in found}
        found += [each for each in more if each[0] not in better]
    return found, ordered


def bad(name: str, faults: list[tuple[str, str]]) -> BadData:
    """The error for a source: its text is the first fault, and how many more there are."""
    path, text = faults[0]
    more = len(faults) - 1
    others = f" (and {more} more fault{'s' if more > 1 else ''})" if more else ""
    return BadData(": ".join(part for part in (name, path, text) if part) + others, faults)


# --- the text ----------------------------------------------------------------


def _text(name: str) -> str:
    try:
        with open(name, "rb") as file:
            raw = file.read()
    except (OSError, ValueError) as error:  # a name with a null character is a ValueError
        raise bad(name, [("", getattr(error, "strerror", None) or str(error))]) from error
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


def parse(text: str, name: str = "models") -> Any:
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
