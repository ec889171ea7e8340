"""Containers and the root of a composition tree.

QEMU: qom/container.c, and object_root_initialize() of qom/object.c.
"""

from __future__ import annotations

from pyqom.types.object import Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# what every QEMU has below its root
ROOT_CONTAINERS = ("audiodevs", "chardevs", "objects", "backend")


class Container(Object, typename="container"):
    """An object that is there to have children."""


def container_get(root: Any, path: str) -> Any:
    """The container at an absolute path, made with all on the way where missing."""
    node = root
    for part in path.split("/"):
        if part:
            if not node.has_property(part):
                node.add_child(part, Container())
            node = node.property(part).resolve(node)
    return node


def make_root(containers: tuple[str, ...] = ROOT_CONTAINERS) -> Container:
    """A new tree: a root container with the system containers below it."""
    root = Container()
    root.settle(root)
    for name in containers:
        root.add_child(name, Container())
    return root
