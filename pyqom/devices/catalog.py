"""The types that are declared as data: all devices and buses, and most of what they are made of.

A file of ``data/`` has the types of one family, parents before children.  A type has

    type, parent, abstract, interfaces     as QOM registers it
    bus, description, category,
    user-creatable, hotpluggable           as its class says (DeviceClass); children inherit them
    alias                                  another name that ``-device`` takes
    properties                             of the class, in QEMU's order
    instance                               what each instance has beside them (`parts`)
    regions, shows                         memory regions, and lines and values that it has while
                                           it is realized (`interior`)
    rom, pci                               the option ROM of a PCI device; what it tells of itself
    machines                               families whose users may add it to the main system bus
    single                                 what there is one of in a machine, and what is said else
    settles                                what properties become that nobody has set
    buses                                  buses that it has once it is realized
    requires                               properties that have to be set, and what is said if not
    module                                 the loadable module that it comes in

Where releases differ, an entry has ``since`` and ``until``.  Properties that several types have
stand in a group, as QEMU keeps them in a macro.  A type's behaviour is a class named in
`pyqom.devices.models`; without one the type is known in all that can be asked of it, and no more.
"""

from __future__ import annotations

import os.path

from pyqom.devices.cpu.x86.data import known
from pyqom.devices.interior import is_lazy, of_parts
from pyqom.devices.kinds import FOLDER, chosen, legacy_text, of_record
from pyqom.devices.models import model
from pyqom.devices.parts import part
from pyqom.quick import memo, read_json
from pyqom.types import Interface, Object, attribute_of
from pyqom.types.property import Property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from pyqom.devices.parts import Part
    from pyqom.release import Release
    from pyqom.types import Registry

    Record = Mapping[str, Any]

FILES = (
    *("interfaces", "objects", "chardevs", "buses", "devices", "sysbus", "isa", "pci"),
    *("pci-bridges", "display", "network", "sound", "storage", "ide", "scsi", "usb"),
    *("virtio", "virtio-pci", "vfio", "xen"),
)
"""The files of types; ``groups`` has the groups that several of them use."""

FACTS = {
    "alias": "class_alias",
    "bus": "bus_type",
    "description": "class_description",
    "category": "category",
    "user-creatable": "user_creatable_class",
    "hotpluggable": "hotpluggable_class",
    "module": "module",
    "loads-module": "loads_module",
    "rom": "rom",
}
"""What a declaration says of a type's class, and the class attribute that keeps it."""


@memo
def load(name: str) -> Record:
    """A data file by name, read once; not to be changed."""
    content: Record = read_json(os.path.join(FOLDER, f"{name}.json"), "types")
    return content


@memo
def groups() -> Record:
    """The groups of properties of all files, by name."""
    files = map(load, ("groups", *FILES))
    return {name: group for file in files for name, group in file.get("groups", {}).items()}


@memo
def records(release: Release) -> dict[str, Record]:
    """The declarations that a release has, by type, parents before children."""
    return {
        record["type"]: record for name in FILES for record in known(load(name)["types"], release)
    }


@memo
def aliases(release: Release) -> dict[str, str]:
    """The other names that ``-device`` takes, each with the type that it means."""
    return {record["alias"]: name for name, record in records(release).items() if "alias" in record}


def declare(registry: Registry) -> None:
    """Enter the types of the registry's release; classes are made when asked for."""
    release = registry.release
    assert release is not None
    for name, record in records(release).items():
        registry.declare(
            name,
            chosen(record["parent"], release),
            _maker(registry, record),
            abstract=bool(chosen(record.get("abstract", False), release)),
            interfaces=known(record.get("interfaces", ()), release),
        )


def _maker(registry: Registry, record: Record) -> Callable[[], Any]:
    def make() -> Any:
        base = registry.get(registry.parent(record["type"]) or "")
        if issubclass(base, Interface) and not issubclass(base, Object):
            name = record["type"]
            return type(base)(name, (base,), {}, typename=name, registry=registry)
        return make_class(registry, record, base)

    return make


def make_class(registry: Registry, record: Record, base: Any) -> Any:
    """The class of a declared type, below the class of its parent."""
    release = registry.release
    assert release is not None
    name: str = record["type"]
    behaviour = model(name)
    own = tuple(part(**line) for line in known(record.get("instance", ()), release))
    if own and behaviour is not None:  # the parts are there before the model's own hooks run
        base = type(base)(f"{name}-parts", (base,), _with_parts(own, base))
    bases = (base,) if behaviour is None else (behaviour, base)
    body: dict[str, Any] = {
        "__module__": __name__,
        "__doc__": _docstring(name, behaviour),
        "has_model": behaviour is not None,
    }
    if own and behaviour is None:
        body.update(_with_parts(own, base))
    for word, attr in FACTS.items():
        fact = chosen(record.get(word), release)
        if fact is not None:
            body[attr] = fact
    if "machines" in record:
        body["machines"] = tuple(record["machines"])
    if "single" in record:
        body["single"] = record["single"]
    if "settles" in record:
        body["settles"] = record["settles"]
    if "requires" in record:
        body["requires"] = tuple(known(record["requires"], release))
    if "buses" in record:
        body["own_buses"] = tuple(known(record["buses"], release))
    if "pci" in record:
        body["pci"] = record["pci"]
    for word in ("regions", "shows"):
        if word in record:
            body[word] = tuple(known(record[word], release))
    for prop in _declared(record, release):
        body[_attribute(prop, bases)] = prop
    return type(base)(
        name,
        bases,
        body,
        typename=name,
        abstract=registry.abstract(name),
        interfaces=known(record.get("interfaces", ()), release),
        registry=registry,
    )


def _docstring(name: str, behaviour: Any) -> str | None:
    if behaviour is None:
        return f"``{name}``: its properties and its place; it has no model behind it."
    text: str | None = behaviour.__doc__
    return text


def _with_parts(own: tuple[Part, ...], base: Any) -> dict[str, Any]:
    """What the body of a class with parts has: them, and what gives them to an object."""
    body: dict[str, Any] = {"__module__": __name__, "parts": own}
    interior = of_parts(each.record for each in own)
    if interior is not None:
        body["_coming"] = (*base._coming, interior)
    now = tuple(each for each in own if not is_lazy(each.record))

    def instance_init(obj: Any) -> None:
        for each in now:
            each.add(obj)

    if now:
        body["instance_init"] = instance_init
    return body


def _declared(record: Record, release: Release) -> Iterator[Property]:
    """The class properties of a record as its release has them, in order."""
    older = "legacy-properties-are-hidden" in release.rules
    for line in flat(record.get("properties", ()), release):
        prop = of_record(line, release)
        legacy = legacy_text(prop) if older else None
        if legacy is not None:
            yield legacy
        yield prop


def flat(lines: Iterable[Record], release: Release) -> Iterator[Record]:
    """Lines of properties, groups replaced by what is in them."""
    for line in known(lines, release):
        if "group" in line:
            yield from flat(groups()[line["group"]], release)
        else:
            yield line


def _attribute(prop: Property, bases: tuple[Any, ...]) -> str:
    """The Python attribute of a property: one that hides nothing of its class but properties."""
    attr = attribute_of(prop.name)
    for base in bases:
        if not isinstance(getattr(base, attr, prop), Property) or hasattr(base, f"_{attr}"):
            return f"{attr}_"
    return attr
