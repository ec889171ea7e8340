"""Objects that users make and delete: -object, object-add, object-del.

They live under /objects.  QEMU: qom/object_interfaces.c, util/id.c.
"""

from __future__ import annotations

from pyqom.errors import AbstractType, ObjectInUse, PathError, PyqomError, UnknownType
from pyqom.types.container import container_get
from pyqom.types.path import resolve_component
from pyqom.types.visitor import expects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from pyqom.types.registry import Registry


def id_wellformed(identifier: str) -> bool:
    """Letters, digits, "-", "." and "_", a letter first (util/id.c)."""
    if not identifier[:1].isalpha() or not identifier.isascii():
        return False
    return all(char.isalnum() or char in "-._" for char in identifier)


def creatable_class(registry: Registry, typename: str) -> Any:
    """The class of a type that users may make.

    Raises UnknownType, PathError when the type is not user-creatable,
    AbstractType.
    """
    if typename not in registry:
        raise UnknownType(f"invalid object type: {typename}", typename, registry.names())
    if not registry.implements(typename, "user-creatable"):
        raise PathError(f"object type '{typename}' isn't supported by object-add")
    if registry.abstract(typename):
        raise AbstractType(f"object type '{typename}' is abstract")
    return registry.get(typename)


def add(
    root: Any,
    registry: Registry,
    typename: str,
    identifier: str | None,
    props: Mapping[str, Any],
    keyval: bool = False,
    prepare: Callable[[Any], None] | None = None,
) -> Any:
    """user_creatable_add_type(): make an object, set it up, put it under /objects.

    `props` are typed values in the order to set them, texts with `keyval`.
    `prepare` is told of the object before any of them is set.
    Without `identifier` the object stays detached.  Returns the object.
    Raises what the checks, the properties and the type's `complete` raise; the
    object is gone then.
    """
    if identifier is not None and not id_wellformed(identifier):
        raise expects("id", "an identifier")
    obj = creatable_class(registry, typename)()
    obj.settle(root)
    obj.ref()
    try:
        if prepare is not None:
            prepare(obj)
        for name, value in props.items():
            if keyval:
                obj.set_keyval(name, value)
            else:
                obj.set(name, value)
        if identifier is not None:
            container_get(root, "/objects").add_child(identifier, obj)
        _hook(obj, "complete")
    except PyqomError:
        obj.unparent()
        obj.unref()
        raise
    if identifier is not None:
        obj.unref()
    return obj


def delete(root: Any, identifier: str) -> None:
    """user_creatable_del(): take an object away.  Raises PathError, ObjectInUse."""
    obj = resolve_component(container_get(root, "/objects"), identifier)
    if obj is None:
        raise PathError(f"object '{identifier}' not found")
    if _hook(obj, "can_be_deleted") is False:
        raise ObjectInUse(f"object '{identifier}' is in use, can not be deleted")
    obj.unparent()


def _hook(obj: Any, name: str) -> Any:
    """Call a hook that the class may have (see `interface.UserCreatable`)."""
    hook = getattr(obj, name, None)
    return hook() if hook is not None else None
