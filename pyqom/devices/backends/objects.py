"""Objects that users make and delete (``user_creatable_add_type()``, ``user_creatable_del()``).

As `pyqom.types.user_creatable`, for objects that see more of a virtual machine than the tree.
"""

from __future__ import annotations

from pyqom.devices.backends.surroundings import Surroundings
from pyqom.errors import PyqomError
from pyqom.types.container import container_get
from pyqom.types.interface import UserCreatable
from pyqom.types.qdict import qdict_order
from pyqom.types.user_creatable import creatable_class, delete, id_wellformed
from pyqom.types.visitor import expects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pyqom.types import Registry


class Backend(UserCreatable):
    """What the classes of this package have in common; a Python base, no QOM type."""

    surroundings: Surroundings

    def settled(self) -> None:
        """Hook: the object knows its surroundings, none of its properties is set yet."""


def object_add(
    root: Any,
    registry: Registry,
    qom_type: str,
    identifier: str | None,
    props: Mapping[str, Any],
    *,
    keyval: bool = False,
    surroundings: Surroundings | None = None,
) -> Any:
    """Make an object, set it up, and put it under ``/objects`` (``user_creatable_add_type()``).

    `props` are typed values (JSON), or texts with `keyval`, in the order of the QAPI schema's
    members; they are set in the order in which QEMU's dictionary has them.  Without `identifier`
    the object stays detached.  Returns the object.  Raises InvalidParameterValue (no well-formed
    id), UnknownType, PathError (not user-creatable), AbstractType, what setting a property raises,
    DuplicateProperty, and ObjectRefused or another PyqomError from the type's `complete`.  Nothing
    is left behind then.
    """
    if identifier is not None and not id_wellformed(identifier):
        raise expects("id", "an identifier")
    obj = creatable_class(registry, qom_type)()
    obj.settle(root)
    obj.ref()
    try:
        if isinstance(obj, Backend):
            obj.surroundings = surroundings or Surroundings(root)
            obj.settled()
        for name in qdict_order(props):
            if keyval:
                obj.set_keyval(name, props[name])
            else:
                obj.set(name, props[name])
        if identifier is not None:
            container_get(root, "/objects").add_child(identifier, obj)
        if isinstance(obj, UserCreatable):
            obj.complete()
    except PyqomError:
        obj.unparent()
        obj.unref()
        raise
    if identifier is not None:
        obj.unref()
    return obj


def object_del(root: Any, identifier: str) -> None:
    """Delete an object under ``/objects``.  Raises PathError (no such object), ObjectInUse."""
    delete(root, identifier)
