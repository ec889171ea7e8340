"""Completing QMP commands: names, arguments, values, QOM paths."""

from __future__ import annotations

import shlex

from pyqom.cli.qmpwords import members
from pyqom.errors import PyqomError
from pyqom.monitor.qapi_types import Array, Builtin, Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from pyqom.cli.monitors import Target
    from pyqom.monitor.qapi_types import Type

_PATHS = ("path", "paths", "qom-path")
_TYPES = {"typename": None, "implements": None, "driver": "device", "qom-type": "user-creatable"}
_IDS = {"object-del": "/objects", "device_del": "/machine/peripheral"}


class Completer:
    """Completes lines of a shell for one target; `own` are the words of the shell itself."""

    def __init__(self, target: Target, own: Iterable[str] = ()) -> None:
        self._target = target
        self._own = tuple(own)
        self._kept: dict[tuple[str, str], list[str]] = {}

    def complete(self, line: str) -> tuple[str, list[str]]:
        """The word that ends the line, and what it could become, sorted."""
        words, last = split(line)
        try:
            return last, self._candidates(words, last)
        except PyqomError:  # the line is dead, or the target lacks a command that is asked here
            return last, []

    def _candidates(self, words: list[str], last: str) -> list[str]:
        if not words or words[0] == "help":
            own = self._own if not words else ()
            return fitting((*self._commands(), *own), last) if len(words) < 2 else []
        command = words[0]
        given = dict(pair for word in words[1:] if len(pair := word.split("=", 1)) == 2)
        key, equals, text = last.partition("=")
        if not equals:
            names = (name for name in self._arguments(command, given) if name not in given)
            return [f"{name}=" for name in fitting(names, last)]
        head, comma, part = self._list_head(command, key, text, given)
        return [f"{key}={head}{comma}{each}" for each in self._values(command, key, part, given)]

    def _commands(self) -> list[str]:
        return self._ask("query-commands", "name")

    def _ask(self, command: str, member: str, **arguments: Any) -> list[str]:
        """One member of each entry that a query lists; asked once."""
        kept = (command, str(arguments))
        if kept not in self._kept:
            listed = self._target.execute(command, arguments)
            self._kept[kept] = [entry[member] for entry in listed]
        return self._kept[kept]

    def _arguments(self, command: str, given: dict[str, str]) -> list[str]:
        stated = self._target.schema.command(command)
        if stated is None:
            return []
        names = [member.name for member in members(stated.arguments, given)]
        if command == "device_add" and "driver" in given:
            names += self._ask("device-list-properties", "name", typename=given["driver"])
        return names

    def _type(self, command: str, key: str, given: dict[str, str]) -> Type | None:
        stated = self._target.schema.command(command)
        if stated is None:
            return None
        kinds = (each.type for each in members(stated.arguments, given) if each.name == key)
        return next(kinds, None)

    def _list_head(
        self, command: str, key: str, text: str, given: dict[str, str]
    ) -> tuple[str, str, str]:
        """Of a list with commas what is finished, and what is not."""
        if isinstance(self._type(command, key, given), Array):
            return text.rpartition(",")
        return "", "", text

    def _values(self, command: str, key: str, text: str, given: dict[str, str]) -> list[str]:
        kind = self._type(command, key, given)
        if isinstance(kind, Array):
            kind = kind.element
        if key in _PATHS or text.startswith("/"):
            return self._paths(text)
        if key == "property" and "path" in given:
            listed = self._target.execute("qom-list", {"path": given["path"]})
            return fitting([entry["name"] for entry in listed], text)
        if key == "id" and command in _IDS:
            children = self._children(_IDS[command])
            return fitting(children, text)
        if isinstance(kind, Enum):
            return fitting(kind.values, text)
        if key in _TYPES:
            implements = _TYPES[key]
            more = {} if implements is None else {"implements": implements}
            return fitting(self._ask("qom-list-types", "name", **more), text)
        if isinstance(kind, Builtin) and kind.name == "bool":
            return fitting(("true", "false"), text)
        return []

    def _paths(self, text: str) -> list[str]:
        above, slash, part = text.rpartition("/")
        if not slash:
            return ["/"] if not part else []
        below = fitting(self._children(above or "/"), part)
        return [f"{above}/{name}" for name in below]

    def _children(self, path: str) -> list[str]:
        listed = self._target.execute("qom-list", {"path": path})
        return [entry["name"] for entry in listed if entry["type"].startswith(("child<", "link<"))]


def fitting(names: Iterable[str], start: str) -> list[str]:
    """The names that begin like that, each once, sorted."""
    return sorted({name for name in names if name.startswith(start)})


def split(line: str) -> tuple[list[str], str]:
    """The whole words of a line, and the one at its end, which may be empty."""
    try:
        words = shlex.split(line)
    except ValueError:  # within quotes
        return [], line
    if not words or line[-1:].isspace():
        return words, ""
    return words[:-1], words[-1]
