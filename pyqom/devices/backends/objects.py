"""Objects that users make and delete (``user_creatable_add_type()``, ``user_creatable_del()``).

As `pyqom.types.user_creatable`, for objects that see more of a virtual machine than the tree.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyqom.devices.backends.surroundings import Surroundings
from pyqom.types.interface import UserCreatable
from pyqom.types.qdict import qdict_order
from pyqom.types.user_creatable import add, delete

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from pyqom.types import Registry

LATE_OBJECTS = (
    "colo-compare",
    "cryptodev-vhost-user",
    "filter-",
    "memory-backend-",
    "qtest",
    "rng-egd",
    "vhost-user-blk-server",
)
"""The types of objects, or how their names begin, that wait for the accelerator: they may need
character devices, network or the machine's compat properties (``object_create_early``)."""


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

    def prepare(obj: Any) -> None:
        if isinstance(obj, Backend):
            obj.surroundings = surroundings or Surroundings(root)
            obj.settled()

    ordered = {name: props[name] for name in qdict_order(props)}
    return add(root, registry, qom_type, identifier, ordered, keyval, prepare)


def object_del(root: Any, identifier: str) -> None:
    """Delete an object under ``/objects``.  Raises PathError (no such object), ObjectInUse."""
    delete(root, identifier)


def records(what: str, given: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    """The records of a keyword.  Raises TypeError for what is none, such as a text."""
    for each in given:
        if not isinstance(each, Mapping):
            raise TypeError(f"{what} are mappings as QMP has them, not {each!r}")
        yield each


def early_and_late(objects: Iterable[Mapping[str, Any]]) -> tuple[list[Any], list[Any]]:
    """The objects that are made before the accelerator, and those after; threads first of all."""
    ordered = sorted(objects, key=lambda entry: entry["qom-type"] != "thread-context")
    late = [entry for entry in ordered if entry["qom-type"].startswith(LATE_OBJECTS)]
    return [entry for entry in ordered if not entry["qom-type"].startswith(LATE_OBJECTS)], late
