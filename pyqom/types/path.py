"""QOM paths: absolute, relative and partial ones.

    /machine/peripheral/net0    absolute, from the root
    peripheral/net0             partial: looked for below every object; must be unique

QEMU: object_resolve_path_type() and its relatives in qom/object.c, and the
texts of qom/qom-qmp-cmds.c.
"""

from __future__ import annotations

from pyqom.errors import DeviceNotFound, PathError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Ambiguous(PathError):
    """A partial path fits more than one object."""


def resolve_component(obj: Any, part: str) -> Any:
    """The object that the child, link or alias `part` of `obj` leads to, or None."""
    if not obj.has_property(part):
        return None
    return obj.property(part).resolve(obj)


def _absolute(obj: Any, parts: list[str], typename: str | None) -> Any:
    for part in parts:
        if part:
            obj = resolve_component(obj, part)
            if obj is None:
                return None
    return obj if typename is None or obj.cast(typename) else None


def _partial(obj: Any, parts: list[str], typename: str | None, path: str) -> Any:
    found = _absolute(obj, parts, typename)
    for child in obj.children():
        below = _partial(child, parts, typename, path)
        if below is None:
            continue
        if found is not None:
            raise Ambiguous(f"Path '{path}' is ambiguous")
        found = below
    return found


def lookup(root: Any, path: str, typename: str | None = None) -> Any:
    """object_resolve_path_type(): the object at a path, or None.

    `typename` is what the object must be.  Raises Ambiguous when a partial
    path fits several such objects.
    """
    parts = path.split("/")
    if parts[0] == "" and len(parts) > 1:
        return _absolute(root, parts[1:], typename)
    # g_strsplit("") has no parts at all: every object fits
    return _partial(root, parts if path else [], typename, path)


def resolve_at(root: Any, parent: Any, path: str) -> Any:
    """object_resolve_path_at(): as `lookup`, relative paths from `parent`; or None."""
    parts = path.split("/")
    return _absolute(root if path[:1] == "/" else parent, parts, None)


def resolve(root: Any, path: str, typename: str | None = None) -> Any:
    """The object at a path, as QMP's qom-* commands find it.

    Raises Ambiguous ("Path 'x' is ambiguous") and DeviceNotFound.
    """
    found = lookup(root, path, typename)
    if found is None:
        raise DeviceNotFound(f"Device '{path}' not found")
    return found


def resolve_type(root: Any, typename: str) -> Any:
    """The only object of a type.  Raises PathError when there is none, or several."""
    try:
        found = lookup(root, "", typename)
    except Ambiguous:
        raise PathError(f"More than one object of type {typename}") from None
    if found is None:
        raise PathError(f"No object found of type {typename}")
    return found
