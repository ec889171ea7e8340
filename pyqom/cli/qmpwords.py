"""A QMP command as words: ``qom-get path=/machine property=type``, or JSON.

What a word means is the schema's to say: a text stays a text where the command takes one, however
much it looks like a number.
"""

from __future__ import annotations

import json
import re

from pyqom.cli.options import UsageError
from pyqom.monitor.qapi_types import Alternate, Array, Enum, Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pyqom.monitor.qapi import QmpSchema
    from pyqom.monitor.qapi_types import Member, Type

_NUMBER = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|[0-9]+)")
_SWITCHES = {"on": True, "off": False, "true": True, "false": False, "yes": True, "no": False}


def request(words: Sequence[str], schema: QmpSchema) -> tuple[str, dict[str, Any]]:
    """The command and its arguments that words say; there is at least one word.

    The first is the command, or a whole request as JSON.  Each further one is ``key=value``, where
    dots in the key lead into records, or a JSON object of arguments.  Raises UsageError.
    """
    command, *rest = words
    arguments: dict[str, Any] = {}
    if command.startswith("{"):
        command, arguments = _whole(_object(command))
    stated = schema.command(command)
    kind = None if stated is None else stated.arguments
    pairs = []
    for word in rest:
        if word.startswith("{"):
            arguments.update(_object(word))
            continue
        key, equals, text = word.partition("=")
        if not key or not equals:
            raise UsageError(f"'{word}' is neither KEY=VALUE nor a JSON object")
        pairs.append((key, text))
    given = {key: text for key, text in pairs if "." not in key}
    for key, text in pairs:
        _place(arguments, key, text, kind, given)
    return command, arguments


def _whole(message: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    command, arguments = message.get("execute"), message.get("arguments", {})
    if not isinstance(command, str) or not isinstance(arguments, dict):
        raise UsageError('a request is {"execute": COMMAND, "arguments": {...}}')
    return command, arguments


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageError(f"no JSON: {error}") from None
    assert isinstance(value, dict)
    return value


def _place(
    arguments: dict[str, Any], key: str, text: str, kind: Type | None, given: dict[str, str]
) -> None:
    """Put a value where its key leads."""
    *path, last = _parts(key, kind)
    for part in path:
        kind = _type_of(kind, part, given)
        inner = arguments.setdefault(part, {})
        if not isinstance(inner, dict):
            raise UsageError(f"'{part}' is a value already, '{key}' would be in it")
        arguments = inner
    if isinstance(arguments.get(last), dict):
        raise UsageError(f"'{key}' has members already")
    arguments[last] = value(text, _type_of(kind, last, given))


def _parts(key: str, kind: Type | None) -> list[str]:
    """Names with dots are not many, but there are some."""
    if any(member.name == key for member in members(kind, {})):
        return [key]
    return key.split(".")


def members(kind: Type | None, given: dict[str, str]) -> list[Member]:
    """The members of a record, and of the branch that `given` chooses."""
    if not isinstance(kind, Object):
        return []
    found = list(kind.members)
    if kind.tag is not None:
        branch = kind.branches.get(given.get(kind.tag, ""))
        found += members(branch, given) if branch is not None else []
    return found


def _type_of(kind: Type | None, name: str, given: dict[str, str]) -> Type | None:
    return next((member.type for member in members(kind, given) if member.name == name), None)


def value(text: str, kind: Type | None) -> Any:
    """The value that a text stands for where a type is expected; None: nobody knows which.

    What does not look like the type stays a text, for the server to refuse.
    """
    if isinstance(kind, Enum) or (kind is not None and kind.name == "str"):
        return text
    if isinstance(kind, Array) and not text.startswith("["):
        return [value(each, kind.element) for each in text.split(",")] if text else []
    if isinstance(kind, (Array, Object, Alternate)):
        return _json(text)
    if kind is None or kind.name in ("any", "null"):
        return _json(text)
    if kind.name == "bool":
        return _SWITCHES.get(text, text)
    if _NUMBER.fullmatch(text):
        return int(text, 16 if "x" in text.lower() else 10)
    return _json(text)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
