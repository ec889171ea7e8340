"""Reading a file of CPU models, and finding everything that is wrong with it at once.

The file is JSON of the shape of ``schema/cpu-models.json``, that of pyqom's own records.  First
the text is looked at, then the shape, then (`modelcheck`) what only a release can tell: whether the
features, properties and parents exist there and take the values.  Whatever is in a file, it is
read, or `BadData` says why not.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pyqom import schema
from pyqom.devices.cpu.x86.data import known
from pyqom.devices.cpu.x86.modelcheck import check_models
from pyqom.errors import BadData

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from pyqom.devices.cpu.x86.records import ModelRecord
    from pyqom.schema import Fault, Path
    from pyqom.types import Registry

    Source = str | os.PathLike[str] | Mapping[str, Any] | ModelRecord

DEEPEST = 32
"""How deep objects and arrays may stand in each other; the shape needs eight."""


def read_models(source: Source, registry: Registry) -> list[dict[str, Any]]:
    """The records of a model file, checked for a registry and its release; parents come first.

    `source` is a path, the parsed content, or one `ModelRecord`.  Records that the release does not
    have are left out.  Raises BadData with all faults as (path in the file, text); where the text
    is no JSON the path is ``line:column``.
    """
    name, content = _content(source)
    return _checked(name, content, registry)


def _content(source: Source) -> tuple[str, Any]:
    """What to call the source, and what is in it."""
    if isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
        return name, parse(_text(name), name)
    if isinstance(source, Mapping):
        try:
            return "models", json_like(source)
        except RecursionError as error:
            raise bad("models", [("", "nested too deep")]) from error
    from pyqom.devices.cpu.x86.records import unstructure

    return f"model '{source.name}'", {"models": [unstructure(source)]}


def _checked(name: str, content: Any, registry: Registry) -> list[dict[str, Any]]:
    found = list(_texts(content, ()))
    if not found:
        found, ordered = check_models(content, registry)
        # Where both have something to say, a release can say it better than the shape.
        better = {path for path, _ in found}
        found += [each for each in schema.found(content, "cpu-models") if each[0] not in better]
        if not found:
            assert registry.release is not None
            return known(ordered, registry.release)
    raise bad(name, schema.told(content, found))


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


def parse(text: str, name: str = "models") -> Any:
    """The content of a JSON text.  Raises BadData for what is none.

    Stricter than Python's: no NaN, no member twice in an object.
    """
    twice: list[tuple[dict[str, Any], str]] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        content = dict(pairs)
        if len(content) < len(pairs):
            names = [member for member, _ in pairs]
            repeated = (member for member in content if names.count(member) > 1)
            twice.extend((content, member) for member in repeated)
        return content

    try:
        content = json.loads(text, object_pairs_hook=members, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise bad(name, [(f"{error.lineno}:{error.colno}", _why(text, error))]) from error
    except RecursionError as error:
        raise bad(name, [("", "nested too deep")]) from error
    except _NoNumber as error:
        raise bad(name, [("", f"{error} is no JSON number")]) from error
    except ValueError as error:  # Python's own limit
        raise bad(name, [("", "a number has thousands of digits")]) from error
    if twice:
        raise bad(name, [(_where(content, *each), "the member stands twice") for each in twice])
    return content


def _where(content: Any, holder: dict[str, Any], member: str) -> str:
    """The path of a member of an object that is somewhere in the content."""
    todo: list[tuple[Path, Any]] = [((), content)]
    for path, each in todo:
        if each is holder:
            return schema.path_text((*path, member))
        if isinstance(each, dict):
            todo += [((*path, key), value) for key, value in each.items()]
        elif isinstance(each, list):
            todo += [((*path, index), value) for index, value in enumerate(each)]
    return schema.path_text((member,))  # in what a second member of one name replaced


class _NoNumber(ValueError):
    """NaN or Infinity."""


def _no_constant(constant: str) -> Any:
    raise _NoNumber(constant)


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


def _texts(content: Any, path: Path) -> Iterator[Fault]:
    """What no shape is checked for: half characters, endless nesting and endless numbers."""
    if len(path) > DEEPEST:
        yield path[:8], "nested too deep"
    elif isinstance(content, str):
        if not _is_text(content):
            yield path, f"{schema.shown(content)} is not Unicode text"
    elif isinstance(content, int) and content.bit_length() > 64:
        yield path, "the number has more than 64 bits"
    elif isinstance(content, dict):
        for member, value in content.items():
            if not isinstance(member, str) or not _is_text(member):
                yield path, f"{schema.shown(member)} cannot name a member"
            else:
                yield from _texts(value, (*path, member))
    elif isinstance(content, list):
        for index, value in enumerate(content):
            yield from _texts(value, (*path, index))


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
