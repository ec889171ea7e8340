"""``query-qmp-schema``: the served commands and events, and the types that they reach.

The entries and their order are as QEMU's generator makes them (``scripts/qapi/introspect.py``):
commands and events first, then each type when it was first mentioned; types go by numbers, which
mean nothing and may be others in another answer.
"""

from __future__ import annotations

from pyqom.monitor.qapi_types import EMPTY, Alternate, Array, Builtin, Enum, Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from pyqom.monitor.qapi_entities import Command, Event
    from pyqom.monitor.qapi_types import Features, Member, Type, Types

    Entry = dict[str, Any]


class Introspection:
    """The entries, as they grow."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self.entries: list[Entry] = []
        self._used: dict[Type, None] = {}
        self._numbers: dict[Type, str] = {}

    def add(self, entities: Iterable[Command | Event]) -> list[Entry]:
        """The entries for these commands and events, in their order, and for all their types."""
        for entity in entities:
            self._entity(entity)
        queue = self._used
        done = 0
        while done < len(queue):
            for kind in list(queue)[done:]:
                self._type(kind)
                done += 1
        return self.entries

    def _entity(self, entity: Command | Event) -> None:
        if entity.meta_type == "command":
            entry: Entry = {
                "arg-type": self._use(entity.arguments),
                "ret-type": self._use(entity.returns or EMPTY),  # type: ignore[union-attr]
            }
            if entity.allow_oob:  # type: ignore[union-attr]
                entry["allow-oob"] = True
        else:
            entry = {"arg-type": self._use(entity.arguments)}
        self._append(entity.name, entity.meta_type, entry, entity.features)

    def _append(self, name: str, meta_type: str, entry: Entry, features: Features) -> None:
        entry["name"] = name
        entry["meta-type"] = meta_type
        if features:
            entry["features"] = list(features)
        self.entries.append(entry)

    def _use(self, kind: Type) -> str:
        """The name by which entries mention a type; it gets an entry of its own."""
        kind = self._plain(kind)
        self._used.setdefault(kind)
        if isinstance(kind, Builtin):
            return kind.name
        if isinstance(kind, Array):
            return f"[{self._use(kind.element)}]"
        return self._number(kind)

    def _plain(self, kind: Type) -> Type:
        """Integers of any width are ``int`` to a client."""
        if isinstance(kind, Builtin) and kind.json_type == "int":
            return self.types.builtin("int")
        if isinstance(kind, Array) and isinstance(kind.element, Builtin):
            return self.types.array(self._plain(kind.element))
        return kind

    def _number(self, kind: Type) -> str:
        return self._numbers.setdefault(kind, str(len(self._numbers)))

    def _type(self, kind: Type) -> None:
        if isinstance(kind, Builtin):
            self._append(kind.name, "builtin", {"json-type": kind.json_type}, ())
        elif isinstance(kind, Array):
            element = self._use(kind.element)
            self._append(f"[{element}]", "array", {"element-type": element}, ())
        elif isinstance(kind, Enum):
            members = [_marked({"name": name}, marks) for name, marks in kind.values.items()]
            entry = {"members": members, "values": list(kind.values)}
            self._append(self._number(kind), "enum", entry, kind.features)
        elif isinstance(kind, Alternate):
            entry = {"members": [{"type": self._use(choice)} for choice in kind.alternatives]}
            self._append(self._number(kind), "alternate", entry, kind.features)
        elif isinstance(kind, Object):
            self._append(self._number(kind), "object", self._object(kind), kind.features)

    def _object(self, kind: Object) -> Entry:
        entry: Entry = {"members": [self._member(member) for member in kind.members]}
        if kind.tag is not None:
            entry["tag"] = kind.tag
            entry["variants"] = [
                {"case": case, "type": self._use(branch)} for case, branch in cases(kind)
            ]
        return entry

    def _member(self, member: Member) -> Entry:
        entry: Entry = {"name": member.name, "type": self._use(member.type)}
        if member.optional:
            entry["default"] = None
        return _marked(entry, member.features)


def _marked(entry: Entry, features: Features) -> Entry:
    if features:
        entry["features"] = list(features)
    return entry


def cases(union: Object) -> list[tuple[str, Object]]:
    """All branches of a union: those with members first, then the tag's other values."""
    values = next(member.type for member in union.members if member.name == union.tag)
    assert isinstance(values, Enum)
    rest = [(value, EMPTY) for value in values.values if value not in union.branches]
    return [*union.branches.items(), *rest]
