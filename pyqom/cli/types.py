"""``pyqom types``: the QOM types as a tree or a list, or one of them with its properties."""

from __future__ import annotations

import re
from itertools import pairwise

from pyqom import release as releases
from pyqom.catalog import registry
from pyqom.cli import inputs, options
from pyqom.cli.options import Argument, Option, Syntax, UsageError
from pyqom.cli.page import Cell, Page, shown
from pyqom.devices.parts import listed
from pyqom.errors import UnknownType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from pyqom.cli.options import Given
    from pyqom.cli.output import Output
    from pyqom.types import Property, Registry

SYNTAX = Syntax(
    "types",
    "The QOM types of a release (qom-list-types), as a tree; with a NAME that type's parents,\n"
    "interfaces and properties.  Without --abstract a tree has those abstract types only that\n"
    "others stand under.",
    [Argument("name", "a QOM type", "?")],
    [
        Option("--implements", metavar="T", help="only types that are a T, an interface or parent"),
        Option("--abstract", help="abstract types too"),
        Option("--list", help="a flat list of names instead of the tree"),
        Option("--release", metavar="R", help="QEMU release (default: the newest)"),
        options.JSON,
        options.MODELS,
    ],
    ["types --implements x86_64-cpu --list", "types SandyBridge-x86_64-cpu"],
)


FEW, SHOWN = 8, 4
"""How many children are all named, and how many of more than that."""


def run(given: Given, out: Output) -> int:
    """Print the tree, the list, or one type.  1 where no type is what was asked for."""
    release = releases.get(given.release)
    types = inputs.own_types(release.name, given.models) or registry(release)
    if given.name is not None:
        if given.list or given.implements is not None:
            raise UsageError("NAME is one type, --list and --implements are for many")
        return _one(given, types, out)
    if given.implements is not None and given.implements not in types:
        text = f"unknown type '{given.implements}'"
        raise UnknownType(text, given.implements, types.names())
    names = sorted(types.list(given.implements, given.abstract), key=natural)
    if given.json:
        out.json([_entry(types, name) for name in names])
    elif given.list:
        out.write("".join(f"{name}\n" for name in names))
    else:
        tree(types, names, release.name).show(out)
    return 0 if names else 1


def natural(name: str) -> list[Any]:
    """What names are sorted by so that pc-q35-10.0 follows pc-q35-9.2: numbers by their value."""
    parts = re.split(r"([0-9]+)", name)
    return [int(part) if at % 2 else part for at, part in enumerate(parts)]


def _entry(types: Registry, name: str) -> dict[str, Any]:
    """An entry of ``qom-list-types`` (QAPI ObjectTypeInfo)."""
    entry: dict[str, Any] = {"name": name}
    if types.abstract(name):
        entry["abstract"] = True
    parent = types.parent(name)
    if parent is not None:
        entry["parent"] = parent
    return entry


def tree(types: Registry, names: Sequence[str], release: str) -> Page:
    """The types with all that stands above them, as a tree."""
    below: dict[str | None, set[str]] = {}
    for name in names:
        chain = (name, *types.ancestors(name), None)
        for child, parent in pairwise(chain):
            below.setdefault(parent, set()).add(child or "")
    page = Page()
    page.title(f"{len(names)} types of QEMU {release}")
    wanted = frozenset(names)
    page.tree(_branches(types, below, wanted, None, 0))
    return page


def _branches(
    types: Registry,
    below: dict[str | None, set[str]],
    wanted: frozenset[str],
    parent: str | None,
    depth: int,
) -> Iterator[tuple[int, str, str]]:
    for name in sorted(below.get(parent, ()), key=natural):
        mark = "(abstract)" if types.abstract(name) else ""
        yield depth, name if name in wanted else Cell(name, "dim"), mark
        yield from _branches(types, below, wanted, name, depth + 1)


def _one(given: Given, types: Registry, out: Output) -> int:
    cls = types.get(given.name)
    properties = {prop.name: prop for prop in listed(cls)}
    named = [properties[name] for name in sorted(properties)]
    children = sorted(types.children(given.name), key=natural)
    if given.json:
        out.json(
            {
                **_entry(types, given.name),
                "parents": list(types.ancestors(given.name)),
                "interfaces": list(types.interfaces(given.name)),
                "children": children,
                "properties": [_property(prop) for prop in named],
            }
        )
        return 0
    page = Page()
    page.title(given.name + (" (abstract)" if types.abstract(given.name) else ""))
    facts = (
        ("parents", types.ancestors(given.name)),
        ("interfaces", types.interfaces(given.name)),
        ("children", _some(children)),
    )
    page.words((label, words) for label, words in facts if words)
    page.heading("1 property" if len(named) == 1 else f"{len(named)} properties")
    if not getattr(cls, "has_model", True):
        page.text("there is no model behind it yet: it can be asked about, not made")
    page.table(
        ("property", "type", "default", "access", "description"),
        (
            (
                prop.name,
                prop.type,
                shown(prop.wire(prop.default)) if prop.has_default else "",
                Cell(access(prop), "dim"),
                prop.description or "",
            )
            for prop in named
        ),
    )
    page.show(out)
    return 0


def _some(names: Sequence[str]) -> list[str]:
    """The names where they are few, else the first of them and their number."""
    if len(names) <= FEW:
        return list(names)
    return [*names[:SHOWN], f"and {len(names) - SHOWN} more (--json names them)"]


def access(prop: Property) -> str:
    """What cannot be done with a property."""
    if not prop.writable:
        return "read-only"
    return "" if prop.readable else "write-only"


def _property(prop: Property) -> dict[str, Any]:
    """A property as ``qom-list-properties`` tells it (QAPI ObjectPropertyInfo)."""
    info: dict[str, Any] = {"name": prop.name, "type": prop.type}
    if prop.description is not None:
        info["description"] = prop.description
    if prop.has_default:
        info["default-value"] = prop.wire(prop.default)
    return info
