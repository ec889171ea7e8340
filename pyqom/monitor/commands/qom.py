"""The QOM commands (``qapi/qom.json``, ``qom/qom-qmp-cmds.c``)."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache

from pyqom.answers.property_list import qom_list_properties
from pyqom.errors import DeviceNotFound, PyqomError
from pyqom.monitor.command import command
from pyqom.monitor.writer import Encoded, to_json
from pyqom.types.hashtable import hash_order
from pyqom.types.path import lookup, resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from pyqom.monitor.command import Args
    from pyqom.monitor.dispatcher import Dispatcher


def find(monitor: Dispatcher, path: str) -> Any:
    """The object at a path, for the commands that do not tell ambiguity from absence."""
    try:
        found = lookup(monitor.vm.root, path)
    except PyqomError:
        found = None
    if found is None:
        raise DeviceNotFound(f"Device '{path}' not found")
    return found


@command("qom-list")
def qom_list(monitor: Dispatcher, args: Args) -> Any:
    """The properties of an object, their names and types."""
    found = resolve(monitor.vm.root, args["path"])
    own = _infos(_own(found))
    return Encoded(f"[{_inherited(found)}{', ' if own else ''}{own}]")


def _infos(props: Iterable[Any]) -> str:
    """What `qom-list` says of properties, as JSON without the brackets."""
    return to_json([{"name": prop.name, "type": prop.type} for prop in props])[1:-1]


def _inherited(found: Any) -> str:
    """What `qom-list` says of the properties of an object's classes.

    It is kept with the class, or with the object, if that has deleted one.
    """
    props, cls = found.properties(), type(found)
    owner = cls if props is cls.properties() else found
    kept, infos = owner.__dict__.get("_qom_list", (None, ""))
    if kept is not props:
        infos = _infos(_classes(found))
        owner._qom_list = props, infos
    return infos  # type: ignore[no-any-return]


def _classes(found: Any) -> list[Any]:
    """The properties that an object has from its classes, as QEMU lists them."""
    return sorted(found.properties().values(), key=lambda prop: prop.name != "type")


def _own(found: Any) -> list[Any]:
    """The properties that an object has beside those of its class, as QEMU lists them."""
    classes = found.properties()
    own = {prop.name: prop for prop in found.own_properties() if prop.name not in classes}
    return [own[name] for name in reversed(_hash_order(tuple(own)))]


_hash_order = lru_cache(maxsize=64)(hash_order)


@command("qom-list-get")
def qom_list_get(monitor: Dispatcher, args: Args) -> Any:
    """The properties of objects, with those values that can be read."""
    return [{"properties": _values(monitor, path)} for path in args["paths"]]


def _values(monitor: Dispatcher, path: str) -> list[dict[str, Any]]:
    found = resolve(monitor.vm.root, path)
    values = []
    for prop in (*_classes(found), *_own(found)):
        entry = {"name": prop.name, "type": prop.type}
        with suppress(PyqomError):  # the value is left out, as in QEMU
            entry["value"] = prop.get(found)
        values.append(entry)
    return values


@command("qom-get")
def qom_get(monitor: Dispatcher, args: Args) -> Any:
    """The value of a property."""
    return find(monitor, args["path"]).get(args["property"])


@command("qom-set")
def qom_set(monitor: Dispatcher, args: Args) -> None:
    """Set a property."""
    find(monitor, args["path"]).set(args["property"], args["value"])


@command("qom-list-types")
def qom_list_types(monitor: Dispatcher, args: Args) -> Any:
    """The types, with their parents."""
    types = monitor.vm.types
    monitor.vm.modules.load_all()
    infos = []
    for name in types.list(args.get("implements"), args.get("abstract", False)):
        info: dict[str, Any] = {"name": name}
        if types.abstract(name):
            info["abstract"] = True
        parent = types.parent(name)
        if parent is not None:
            info["parent"] = parent
        infos.append(info)
    return infos


@command("qom-list-properties")
def list_properties(monitor: Dispatcher, args: Args) -> Any:
    """The properties of a type."""
    if not monitor.vm.modules.knows(args["typename"]):
        raise DeviceNotFound(f"Class '{args['typename']}' not found")
    return qom_list_properties(args["typename"], types=monitor.vm.types)


@command("object-add")
def object_add(monitor: Dispatcher, args: Args) -> None:
    """Make a user-creatable object."""
    props = dict(args)
    monitor.vm.add_object(props.pop("qom-type"), props.pop("id"), props)


@command("object-del")
def object_del(monitor: Dispatcher, args: Args) -> None:
    """Delete a user-creatable object."""
    monitor.vm.del_object(args["id"])
