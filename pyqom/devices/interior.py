"""What a device shows of its inside: memory regions and interrupt lines.

They are declared (`pyqom.devices.catalog`: ``regions``, ``shows``, and those in ``instance``) and
made when somebody looks, since most of them are never seen.

A region's ``size`` and ``addr`` are bytes: a number, an attribute of the device, a sum or product
of both ("iobase+4", "vgamem_mb*1048576").  ``in`` says what it is a part of: "memory", "io" and
"pci" are the machine's address spaces, everything else another region of the device; without it
the region is nowhere, such as a PCI BAR that no guest has placed.  ``count`` regions lie ``step``
bytes apart, and ``each`` of them is there that often; ``when`` names what must be true of the
device.
"""

from __future__ import annotations

from pyqom.types.links import Link
from pyqom.types.property import attribute_of
from pyqom.types.tree import Coming

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from pyqom.types import Registry

    Record = Mapping[str, Any]

SPACES = {"memory": "system[0]", "io": "io[0]", "pci": "pci[0]"}
"""The machine's address spaces, and their regions' names."""
LAZY = ("memory-region", "irq", "link<irq>")
"""The types of what is made when somebody looks."""


def amount(device: Any, value: Any) -> int:
    """A number of bytes, as a declaration has it."""
    if not isinstance(value, str):
        return int(value)
    if "+" in value:
        return sum(amount(device, part) for part in value.split("+"))
    if "*" in value:
        left, right = value.split("*")
        return amount(device, left) * amount(device, right)
    return int(value) if value.isdigit() else int(getattr(device, attribute_of(value)))


def space(unattached: Any, name: str) -> Any:
    """The region of an address space of the machine; memory, where there is no PCI."""
    found = SPACES[name]
    if not unattached.has_property(found):
        found = SPACES["memory"]
    return unattached.property(found).resolve(unattached)


def own_region(device: Any, name: str) -> Any:
    """The first region of that name of a device."""
    found = f"{escaped(name)}[0]"
    return device.property(found).resolve(device)


def escaped(name: str) -> str:
    """A region's name as that of a child: a path has "/" only between names."""
    return name.replace("/", "\\x2f")


def new_region(
    owner: Any,
    name: str,
    size: int,
    addr: int = 0,
    container: Any = None,
    priority: int = 0,
    typename: str = "memory-region",
    types: Registry | None = None,
) -> Any:
    """Give an object a memory region as child "NAME[N]", and a place inside another region.

    Returns the region.
    """
    region = (types or owner.registry).get(typename)()
    region._size, region._addr, region._priority = size, addr, priority
    if container is not None:
        container.ref()
        region._container = container
    return owner.add_child(f"{escaped(name)}[*]", region)


class OutLine(Link):
    """``link<irq>``: where an interrupt line of a device leads; resolved when somebody looks."""

    def make_getter(self) -> Any:
        return self.resolve

    def resolve(self, obj: Any) -> Any:
        own = super().resolve(obj)
        if own is not None:
            return own
        stem, _, index = self.name.partition("[")
        wire = obj.wires.get(stem)
        return None if wire is None else wire(int(index[:-1]))


def line_in(device: Any, number: int, stem: str = "unnamed-gpio-in") -> Any:
    """An interrupt line into a device."""
    return device.property(f"{stem}[{number}]").resolve(device)


def applies(device: Any, record: Record) -> bool:
    """Whether what ``when`` names is true of the device."""
    return "when" not in record or bool(getattr(device, attribute_of(record["when"])))


def names(record: Record) -> Iterator[str]:
    """What a declared part is called."""
    name: str = record.get("child") or record["name"]
    if not name.endswith("[*]"):
        yield name
        return
    for index in range(record.get("count", 1)):
        yield f"{name[:-3]}[{index}]"


def region_name(record: Record) -> str:
    """The name of a declared region."""
    name: str = record.get("name") or record["child"].removesuffix("[*]")
    return name


def of_parts(records: Iterable[Record]) -> Interior | None:
    """What of an instance's parts can wait; None for nothing."""
    lazy = [record for record in records if is_lazy(record)]
    if not lazy:
        return None
    regions = tuple(record for record in lazy if record["type"] == "memory-region")
    return Interior(regions, tuple(record for record in lazy if record not in regions))


def is_lazy(record: Record) -> bool:
    """Whether a part need not be there before somebody looks."""
    return record.get("type") in LAZY


def of_realized(cls: Any) -> Interior | None:
    """What each realized device of a type has inside, its ancestors' first; None for nothing."""
    found: Interior | bool | None = cls.__dict__.get("_interior", False)
    if isinstance(found, bool):
        bodies = [base.__dict__ for base in reversed(cls.__mro__)]
        regions = tuple(each for body in bodies for each in body.get("regions", ()))
        lines = tuple(each for body in bodies for each in body.get("shows", ()))
        found = Interior(regions, lines) if regions or lines else None
        cls._interior = found
    return found


class Interior(Coming):
    """The regions and lines of a type's objects; one serves all of them.

    `regions` are records with ``name`` (``child`` where they are parts of the instance), `lines`
    those of lines and values.
    """

    def __init__(self, regions: tuple[Record, ...], lines: tuple[Record, ...]) -> None:
        self.regions = regions
        self.lines = lines
        self.stems = {escaped(region_name(record)) for record in regions}
        self.stems |= {name.partition("[")[0] for record in lines for name in names(record)}

    def has(self, obj: Any, name: str) -> bool:
        return name.partition("[")[0] in self.stems

    def bring(self, obj: Any) -> None:
        before = set(obj._dynamic)
        for record in self.lines:
            for name in names(record):
                self._line(obj, name, record)
        for record in self.regions:
            self._region(obj, record)
        obj.__dict__.setdefault("_brought", {})[self] = [
            name for name in obj._dynamic if name not in before
        ]

    def take_back(self, obj: Any) -> None:
        for name in obj.__dict__.get("_brought", {}).pop(self, ()):
            obj.del_property(name)

    def _line(self, obj: Any, name: str, record: Record) -> None:
        if not applies(obj, record):
            return
        if record["type"] == "irq":
            obj.add_child(name, obj.registry.get("irq")())
        elif record["type"] == "link<irq>":
            obj.add_property(OutLine("irq", name=name, qdev=False))
        else:
            self._value(obj, record)

    def _value(self, obj: Any, record: Record) -> None:
        from pyqom.devices.kinds import of_record  # which makes lines as well

        plain = {key: record[key] for key in ("name", "type")}
        prop = of_record({**plain, "qom": True}, obj.registry.release)
        obj.add_property(prop)
        if "value" in record:
            setattr(obj, prop.slot, record["value"])

    def _region(self, obj: Any, record: Record) -> None:
        if not applies(obj, record):
            return
        container = self._container(obj, record.get("in"))
        for index in range(record.get("count", 1)):
            for _ in range(record.get("each", 1)):
                new_region(
                    obj,
                    region_name(record),
                    amount(obj, record.get("size", 0)),
                    amount(obj, record.get("addr", 0)) + index * record.get("step", 0),
                    container,
                    record.get("priority", 0),
                    record.get("type", "memory-region"),
                )

    def _container(self, obj: Any, where: str | None) -> Any:
        if where is None:
            return None
        if where in SPACES:
            return None if obj.board is None else space(obj.board.unattached, where)
        return own_region(obj, where)
