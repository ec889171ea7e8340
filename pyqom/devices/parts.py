"""What each instance of a declared type has beside its class's properties.

QEMU's instance_init makes child objects, aliases of their properties, links and plain properties.
A part is one line of a type's ``instance``; it knows its properties without an instance, for
``device-list-properties``, and how to give them to one.
"""

from __future__ import annotations

from pyqom.devices.kinds import of_record
from pyqom.types import Computed, attribute_of
from pyqom.types.hashtable import hash_order
from pyqom.types.links import Alias, Child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from pyqom.types import Property, Registry

    Record = Mapping[str, Any]


class Part:
    """One line of a type's ``instance``."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.since: str | None = record.get("since")
        self.until: str | None = record.get("until")

    def properties(self, types: Registry, children: Mapping[str, str]) -> Iterator[Property]:
        """What it adds, without an instance.

        `types` are those of the release, `children` the types of the children made before.
        """
        raise NotImplementedError

    def add(self, obj: Any) -> None:
        """Give it to an object."""
        raise NotImplementedError


def numbered(name: str, count: int) -> Iterator[str]:
    """The names of an array's items; one without ``[*]`` is its own."""
    if not name.endswith("[*]"):
        yield name
        return
    for index in range(count):
        yield f"{name[:-3]}[{index}]"


class ChildPart(Part):
    """A child that is made with its parent, or as many as there are of an array."""

    def properties(self, types: Registry, children: Mapping[str, str]) -> Iterator[Property]:
        for name in self.names():
            yield Child(self.record["type"], name=name)

    def names(self) -> Iterator[str]:
        """What the children are called."""
        return numbered(self.record["child"], self.record.get("count", 1))

    def add(self, obj: Any) -> None:
        size = self.record.get("size")
        for name in self.names():
            part = obj.add_child(name, new_part(obj, self.record["type"]))
            if size is not None:
                part._size = size


def device_parts(cls: Any) -> tuple[str, ...]:
    """The names of the children that are devices on no bus: they live as long as their owner."""
    found: tuple[str, ...] | None = cls.__dict__.get("_device_parts")
    if found is None:
        found = cls._device_parts = tuple(
            name
            for each in parts(cls)
            if isinstance(each, ChildPart) and _is_plain_device(cls, each.record["type"])
            for name in each.names()
        )
    return found


def _is_plain_device(cls: Any, typename: str) -> bool:
    part = cls.registry.get(typename)
    return part.implements("device") and part.bus_type is None


def new_part(obj: Any, typename: str) -> Any:
    """A new object to be a part of another; a device's globals are those of its parts, too."""
    cls = obj.registry.get(typename)
    return cls(obj.context) if cls.implements("device") else cls()


class OwnPart(Part):
    """A link or a plain value."""

    _shared: tuple[Property, ...] = ()

    def properties(self, types: Registry, children: Mapping[str, str]) -> Iterator[Property]:
        assert types.release is not None
        for name in numbered(self.record["name"], self.record.get("count", 1)):
            plain = "default" not in self.record
            record = {"qom": plain, **self.record, "name": name}
            yield of_record(record, types.release)

    def add(self, obj: Any) -> None:
        for prop in self._shared or self._share(obj):
            obj.add_property(prop)

    def _share(self, obj: Any) -> tuple[Property, ...]:
        """The properties, which all objects of the type share: made for the first of them."""
        shared = tuple(computed(prop, type(obj)) for prop in self.properties(obj.registry, {}))
        for prop in shared:
            obj.add_property(prop)
            obj.del_property(prop.name)
            if prop.slot in obj.__dict__:
                setattr(self._owner(obj), prop.slot, obj.__dict__.pop(prop.slot))
        self._shared = shared
        return shared

    def _owner(self, obj: Any) -> Any:
        """The class that declares it."""
        return next(base for base in type(obj).__mro__ if self in base.__dict__.get("parts", ()))


def computed(prop: Property, cls: Any) -> Property:
    """The property, or one that the model's ``get_NAME`` and ``set_NAME`` compute."""
    attr = attribute_of(prop.name)
    getter = getattr(cls, f"get_{attr}", None)
    setter = getattr(cls, f"set_{attr}", None)
    if getter is None:
        return prop
    description = prop.description
    return Computed(
        prop.type, getter, setter, name=prop.name, description=description, after_realize=True
    )


class AliasPart(Part):
    """One property of a child, under its own name."""

    _shared: tuple[Alias, ...] = ()

    def properties(self, types: Registry, children: Mapping[str, str]) -> Iterator[Property]:
        child = types.get(children[self.record["of"]])
        name = self.record["alias"]
        yield next(prop for prop in listed(child) if prop.name == name)

    def add(self, obj: Any) -> None:
        if not self._shared:
            self._shared = (_alias(obj, self.record["of"], self.record["alias"]),)
        obj.add_property(self._shared[0])


class AliasesPart(Part):
    """All qdev properties of a child (``qdev_alias_all_properties``)."""

    _shared: tuple[Alias, ...] = ()

    def properties(self, types: Registry, children: Mapping[str, str]) -> Iterator[Property]:
        yield from qdev_properties(types.get(children[self.record["aliases"]]))

    def add(self, obj: Any) -> None:
        if not self._shared:
            path = self.record["aliases"]
            child = obj.property(path).resolve(obj)
            self._shared = tuple(
                _alias(obj, path, prop.name) for prop in qdev_properties(type(child))
            )
        for prop in self._shared:
            obj.add_property(prop)


def _alias(obj: Any, path: str, name: str) -> Alias:
    """An alias of a child's property, which all objects of the type share."""
    alias = Alias(name, path, name=name)
    alias.copy(obj.property(path).resolve(obj).property(name))
    return alias


def qdev_properties(cls: Any) -> Iterator[Property]:
    """The qdev properties of a device type, then those of its parent, up to "device"."""
    registry = cls.registry
    device = registry.get("device").properties()
    tables = "aliases-follow-property-tables" in registry.release.rules
    for block in reversed(blocks(cls)):
        for prop in in_table(block) if tables else block:
            if prop.qdev and prop.name not in device:
                yield prop


def blocks(cls: Any) -> list[list[Property]]:
    """The properties that each type of a chain declares for its class, from the root type down."""
    known = cls.properties()
    found: dict[str, list[Property]] = {}
    pending: list[Property] = []
    for base in reversed(cls.__mro__):
        pending += (
            prop
            for prop in base.__dict__.get("_own", ())
            if known.get(prop.name) is prop and not prop.per_instance
        )
        if "typename" in base.__dict__:  # what a base without brings is the next type's
            found.setdefault(base.typename, []).extend(pending)
            pending = []
    return list(found.values())


def in_table(props: Iterable[Property]) -> list[Property]:
    """Properties, in the order in which they were added, in that of QEMU's table of them."""
    by_name = {prop.name: prop for prop in props}
    return [by_name[name] for name in hash_order(by_name)]


KINDS = {"child": ChildPart, "aliases": AliasesPart, "alias": AliasPart, "name": OwnPart}


def part(**record: Any) -> Part:
    """The part that a record declares."""
    return next(KINDS[word] for word in KINDS if word in record)(record)


def parts(cls: Any) -> Iterator[Part]:
    """All parts of a type that its release has, its ancestors' first."""
    for base in reversed(cls.__mro__):
        for each in base.__dict__.get("parts", ()):
            if cls.registry.knows(each):
                yield each


def listed(cls: Any) -> Iterator[Property]:
    """All properties of a type and, unless it is abstract, what its instances have beside them."""
    yield from cls.properties().values()
    if not cls.abstract:
        yield from instance_properties(cls)


def of_instances(cls: Any) -> list[Property]:
    """What each instance of a type has beside its class's properties, in the order of adding."""
    later = [prop for prop in cls.properties().values() if prop.per_instance]
    later += instance_properties(cls)
    order: tuple[str, ...] = getattr(cls, "instance_order", ())
    later.sort(key=lambda prop: order.index(prop.name) if prop.name in order else len(order))
    return later


def instance_properties(cls: Any) -> Iterator[Property]:
    """What the parts of a type add to each of its instances, in the order in which they do."""
    children: dict[str, str] = {}
    for each in parts(cls):
        for prop in each.properties(cls.registry, children):
            if prop.is_child:
                children[prop.name] = prop.type.removeprefix("child<")[:-1]
            yield prop
