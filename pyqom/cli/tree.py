"""``pyqom tree``: the composition tree of a machine, as HMP's ``info qom-tree`` prints it."""

from __future__ import annotations

from pyqom.cli import options
from pyqom.cli.monitors import OPTIONS, target_of
from pyqom.cli.options import Argument, Option, Syntax

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from pyqom.cli.monitors import Target
    from pyqom.cli.options import Given
    from pyqom.cli.output import Output

SYNTAX = Syntax(
    "tree",
    "The composition tree of a machine (HMP's info qom-tree): of one behind a monitor's SOCKET\n"
    "(a unix socket's path, or HOST:PORT), or without it of one that is made for this.",
    [Argument("socket", "where a QMP monitor listens", "?")],
    [
        Option("--path", metavar="P", help="only what is at this QOM path (default: /machine)"),
        *OPTIONS,
        options.JSON,
    ],
    ["tree -M q35 --smp 2", "tree -M none --path /objects --json"],
)

_CHILD = "child<"


def run(given: Given, out: Output) -> int:
    """Print the tree."""
    target = target_of(given, given.socket)
    try:
        root = node(target, given.path or "/machine")
    finally:
        target.close()
    if given.json:
        out.json(root)
    else:
        out.write("".join(f"{line}\n" for line in lines(root)))
    return 0


def node(target: Target, path: str, name: str = "", typename: str = "") -> dict[str, Any]:
    """The object at a path as JSON: name, path, type and children, by name.

    Raises DeviceNotFound.
    """
    children = [
        (entry["name"], entry["type"][len(_CHILD) : -1])
        for entry in target.execute("qom-list", {"path": path})
        if entry["type"].startswith(_CHILD)
    ]
    if not typename:
        typename = target.execute("qom-get", {"path": path, "property": "type"})
    below = path.rstrip("/")
    return {
        "name": name or below.rpartition("/")[2],
        "path": path,
        "type": typename,
        "children": [
            node(target, f"{below}/{child}", child, kind)
            for child, kind in sorted(children, key=lambda each: each[0].encode())
        ],
    }


def lines(node: dict[str, Any], depth: int = 0) -> Iterator[str]:
    """The tree as text: the path at the top, names below it."""
    title = f"/{node['name']}" if depth else node["path"]
    yield f"{'  ' * depth}{title} ({node['type']})"
    for child in node["children"]:
        yield from lines(child, depth + 1)
