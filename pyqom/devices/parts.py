"""What each instance of a declared type has beside its class's properties.

QEMU's instance_init makes child objects, aliases of their properties, links and plain properties.
A part is one line of a type's ``instance``; it knows its properties without an instance, for
``device-list-properties``, and how to give them to one.
"""

from __future__ import annotations

from pyqom.devices.kinds import of_record
from pyqom.types.links import Alias, Child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from pyqom.types import Property, Registry

    Record = Mapping[str, Any]


class Part:
    """One line of a type's ``instance``."""

    def __init__(self, record: Record, registry: Registry) -> None:
        self.record = record
        self.registry = registry

    def properties(self, children: Mapping[str, str]) -> Iterator[Property]:
        """What it adds, without an instance; `children` are the types of those that are made."""
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

    def properties(self, children: Mapping[str, str]) -> Iterator[Property]:
        for name in self.names():
            yield Child(self.record["type"], name=name)

    def names(self) -> Iterator[str]:
        """What the children are called."""
        return numbered(self.record["child"], self.record.get("count", 1))

    def add(self, obj: Any) -> None:
        for name in self.names():
            obj.add_child(name, self.registry.new(self.record["type"]))


class OwnPart(Part):
    """A link or a plain value."""

    def properties(self, children: Mapping[str, str]) -> Iterator[Property]:
        assert self.registry.release is not None
        for name in numbered(self.record["name"], self.record.get("count", 1)):
            plain = "default" not in self.record
            record = {**self.record, "name": name, "qom": plain}
            yield of_record(record, self.registry.release)

    def add(self, obj: Any) -> None:
        for prop in self.properties({}):
            obj.add_property(prop)


class AliasPart(Part):
    """One property of a child, under its own name."""

    def properties(self, children: Mapping[str, str]) -> Iterator[Property]:
        child = self.registry.get(children[self.record["of"]])
        name = self.record["alias"]
        yield next(prop for prop in listed(child) if prop.name == name)

    def add(self, obj: Any) -> None:
        _alias(obj, obj.property(self.record["of"]).resolve(obj), self.record["alias"])


class AliasesPart(Part):
    """All qdev properties of a child (``qdev_alias_all_properties``)."""

    def properties(self, children: Mapping[str, str]) -> Iterator[Property]:
        yield from qdev_properties(self.registry.get(children[self.record["aliases"]]))

    def add(self, obj: Any) -> None:
        child = obj.property(self.record["aliases"]).resolve(obj)
        for prop in qdev_properties(type(child)):
            _alias(obj, child, prop.name)


def _alias(obj: Any, child: Any, name: str) -> None:
    obj.add_property(Alias(name, name=name, target_object=child))


def qdev_properties(cls: Any) -> Iterator[Property]:
    """The qdev properties of a device type; what "device" itself declares is none of them."""
    device = cls.registry.get("device").properties()
    for name, prop in cls.properties().items():
        if prop.qdev and name not in device and not prop.per_instance:
            yield prop


KINDS = {"child": ChildPart, "aliases": AliasesPart, "alias": AliasPart, "name": OwnPart}


def part(record: Record, registry: Registry) -> Part:
    """The part that a record declares."""
    return next(KINDS[word] for word in KINDS if word in record)(record, registry)


def parts(cls: Any) -> tuple[Part, ...]:
    """All parts of a type, its ancestors' first."""
    return tuple(each for base in reversed(cls.__mro__) for each in base.__dict__.get("parts", ()))


def listed(cls: Any) -> Iterator[Property]:
    """All properties of a type and, unless it is abstract, what its instances have beside them."""
    yield from cls.properties().values()
    if not cls.abstract:
        yield from instance_properties(cls)


def instance_properties(cls: Any) -> Iterator[Property]:
    """What the parts of a type add to each of its instances, in the order in which they do."""
    children: dict[str, str] = {}
    for each in parts(cls):
        for prop in each.properties(children):
            if prop.is_child:
                children[prop.name] = prop.type.removeprefix("child<")[:-1]
            yield prop
