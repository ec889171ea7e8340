"""Where words become names: a CPU's state as the properties that QMP shows.

What a type's properties are is compiled once per property table; the part of an answer that one
value of a feature word makes is kept, so that an answer is put together from some 45 ready parts
and some 90 single values.
"""

from __future__ import annotations

from pyqom.devices.context import unaliased
from pyqom.devices.cpu.x86.kinds import FeatureBit
from pyqom.quick import quoted
from pyqom.types.scalars import Bool, Enum, Integer, Str

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

    from pyqom.devices.cpu.x86.cpu import X86CPU

    Getter = Callable[[Any], Any]
    Value = tuple[str, Getter, Getter, dict[Any, str] | None]
    """Name, how to read it, how QMP shows it, and the texts of values met before."""
    Word = tuple[int, tuple[tuple[str, int], ...], dict[int, dict[str, bool]], dict[int, str]]
    """Index, (name, mask) of its features, and the parts and texts that its values make."""

STATIC = ("min-level", "min-xlevel", "family", "model", "stepping", "model-id", "vendor", "lmce")
"""What a static expansion has beside the features (``x86_cpu_static_props``)."""

UNCOPIED = frozenset({"hotplugged"})
"""Writable, but different for a CPU made only for a query (``x86_cpu_to_dict_full``)."""


PLAIN = (Bool, Integer, Str, Enum)
"""The kinds whose values are all of one Python type, so that equal ones have equal texts."""


class Edge:
    """How the properties of one property table are read off a CPU."""

    def __init__(self, cls: Any, names: Collection[str] | None = None) -> None:
        table = cls.properties()
        self.table = table  # kept, since edges are found by its identity
        self.values: list[Value] = []
        features: dict[int, list[tuple[str, int]]] = {}
        for name, prop in table.items():
            if name in UNCOPIED or not (prop.readable and prop.writable):
                continue
            if names is not None and name not in names:
                continue
            target = unaliased(cls, prop)
            if isinstance(target, FeatureBit):
                features.setdefault(target.index, []).append((name, target.mask))
            else:
                assert target.fget is not None
                known: dict[Any, str] | None = {} if isinstance(target, PLAIN) else None
                self.values.append((name, target.fget, target.wire, known))
        self.words: list[Word] = [
            (index, tuple(pairs), {}, {}) for index, pairs in sorted(features.items())
        ]

    def names(self) -> list[str]:
        """The names of the properties."""
        names = [name for name, _, _, _ in self.values]
        for _, pairs, _, _ in self.words:
            names.extend(name for name, _ in pairs)
        return names

    def props(self, cpu: X86CPU) -> dict[str, Any]:
        """The properties as QMP's ``model.props``."""
        props: dict[str, Any] = {name: wire(get(cpu)) for name, get, wire, _ in self.values}
        words = cpu.words
        for index, pairs, parts, _ in self.words:
            word = words[index]
            part = parts.get(word)
            if part is None:
                part = parts[word] = {name: word & mask == mask for name, mask in pairs}
            props.update(part)
        return props

    def text(self, cpu: X86CPU) -> str:
        """The same as JSON text."""
        parts = []
        for name, get, wire, known in self.values:
            value = get(cpu)
            if known is None:
                parts.append(f'"{name}": {json_text(wire(value))}')
                continue
            text = known.get(value)
            if text is None:
                text = known[value] = f'"{name}": {json_text(wire(value))}'
            parts.append(text)
        words = cpu.words
        for index, pairs, _, texts in self.words:
            word = words[index]
            text = texts.get(word)
            if text is None:
                text = texts[word] = ", ".join(
                    f'"{name}": {"true" if word & mask == mask else "false"}'
                    for name, mask in pairs
                )
            parts.append(text)
        return "{" + ", ".join(parts) + "}"


def json_text(value: Any) -> str:
    """The JSON text of a property value."""
    kind = value.__class__
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return repr(value)
    if kind is str:
        return quoted(value)
    import json

    return json.dumps(value)


_edges: dict[tuple[int, str], Edge] = {}


def edge(cls: Any, type: str) -> Edge:
    """The edge of a class for a full or a static expansion; classes with one table share it."""
    key = id(cls.properties()), type
    found = _edges.get(key)
    if found is None:
        names = None if type == "full" else {*STATIC, *cls.facts.features.places}
        found = _edges[key] = Edge(cls, names)
    return found
