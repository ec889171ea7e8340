"""Where words become names: a CPU's state as the properties that QMP shows.

What a type's properties are is compiled once per property table; the part of an answer that one
value of a feature word makes is kept, so that an answer is put together from some 45 ready parts
and some 90 single values.
"""

from __future__ import annotations

from json.encoder import encode_basestring_ascii as quoted

from pyqom.devices.context import unaliased
from pyqom.devices.cpu.x86.kinds import FeatureBit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

    from pyqom.devices.cpu.x86.cpu import X86CPU

STATIC = ("min-level", "min-xlevel", "family", "model", "stepping", "model-id", "vendor", "lmce")
"""What a static expansion has beside the features (``x86_cpu_static_props``)."""

UNCOPIED = frozenset({"hotplugged"})
"""Writable, but different for a CPU made only for a query (``x86_cpu_to_dict_full``)."""


class Edge:
    """How the properties of one property table are read off a CPU."""

    def __init__(self, cls: Any, names: Collection[str] | None = None) -> None:
        table = cls.properties()
        self.table = table  # kept, since edges are found by its identity
        self.values: list[tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = []
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
                self.values.append((name, target.fget, target.wire))
        self.words = [(index, tuple(pairs), {}, {}) for index, pairs in sorted(features.items())]  # type: list[tuple[int, tuple[tuple[str, int], ...], dict[int, Any], dict[int, str]]]

    def names(self) -> list[str]:
        """The names of the properties."""
        names = [name for name, _, _ in self.values]
        for _, pairs, _, _ in self.words:
            names.extend(name for name, _ in pairs)
        return names

    def props(self, cpu: X86CPU) -> dict[str, Any]:
        """The properties as QMP's ``model.props``."""
        props: dict[str, Any] = {name: wire(get(cpu)) for name, get, wire in self.values}
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
        parts = [f'"{name}": {json_text(wire(get(cpu)))}' for name, get, wire in self.values]
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
