"""Buses: what devices are plugged into (QEMU ``hw/core/bus.c``).

A bus is a child of the device that has it, and leads to its own devices by links ``child[N]``.
"""

from __future__ import annotations

from pyqom.devices.hotplug import HotplugHandler
from pyqom.errors import PyqomError
from pyqom.types import Object
from pyqom.types.links import Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from pyqom.devices.device import Device


class ChildLink(Link):
    """``child[N]``: the way from a bus to one of its devices; the bus holds the device."""

    def __init__(self, device: Any) -> None:
        super().__init__(device.typename, writable=False, qdev=False)
        self.device = device

    def make_getter(self) -> Any:
        return self.resolve

    def resolve(self, obj: Any) -> Any:
        return self.device

    def released(self, obj: Any) -> None:
        device, self.device = self.device, None
        if device is not None:
            self.forget()
            device.unref()


class Bus(HotplugHandler, Object):
    """The model of type "bus".

    ``owner`` is the device that has it, None for the main system bus; ``name`` what ``-device
    bus=`` calls it.
    """

    name: str = ""
    owner: Device | None = None
    most_members: int | None = None
    """How many devices it takes (``BusClass.max_dev``); None: any number."""
    is_full = False
    """Whether the bus itself says that it takes no more."""

    _realized = False
    _hotplug_handler: Any = None
    quiet_handler: Any = None
    """Who handles its hot-plug, but is not told by its property."""
    _next_child = 0

    def instance_init(self) -> None:
        """A bus without devices."""
        self._members: dict[str, ChildLink] = {}

    @property
    def members(self) -> Iterator[Any]:
        """Its devices, the newest first, as QEMU looks at them."""
        return (link.device for link in list(self._members.values())[::-1])

    def __len__(self) -> int:
        return len(self._members)

    def __bool__(self) -> bool:
        return True

    @property
    def full(self) -> bool:
        """Whether it takes no further device (``qbus_is_full``)."""
        return self.is_full or (
            self.most_members is not None and len(self._members) >= self.most_members
        )

    def configure(self, line: Mapping[str, Any]) -> None:
        """Take what a declaration says of it beside type and name."""

    # --- hot-plug ------------------------------------------------------------

    @property
    def handler(self) -> Any:
        """Who handles hot-plug on it; None for nobody."""
        shown = self._hotplug_handler
        return self.quiet_handler if shown is None else shown

    def set_handler(self, handler: Any) -> None:
        """Say who handles hot-plug (``qbus_set_hotplug_handler``)."""
        old, self._hotplug_handler = self._hotplug_handler, handler
        handler.ref()
        if old is not None:
            old.unref()

    @property
    def hotpluggable(self) -> bool:
        """Whether devices can come and go (``qbus_is_hotpluggable``)."""
        handler = self.handler
        return handler is not None and handler.is_hotpluggable_bus(self)

    # --- devices -------------------------------------------------------------

    def check_address(self, device: Device) -> None:
        """Refuse a device the place that it asks for (``BusClass.check_address``).

        Raises PyqomError.
        """

    def add(self, device: Device) -> None:
        """Take a device (``bus_add_child``)."""
        link = ChildLink(device)
        name = f"child[{self._next_child}]"
        self._next_child += 1
        self._members[name] = link
        device.ref()
        self.add_property(link, name)

    def remove(self, device: Device) -> None:
        """Let a device go (``bus_remove_child``)."""
        for name, link in self._members.items():
            if link.device is device:
                del self._members[name]
                self.del_property(name)
                return

    def realize(self) -> None:
        """Come to life behind the device that has it.  Raises PyqomError."""
        if not self._realized:
            self.do_realize()
            self._realized = True

    def do_realize(self) -> None:
        """What a type of bus does to come to life."""

    def unrealize(self) -> None:
        """Put all devices to rest, then the bus itself."""
        if self._realized:
            for device in list(self.members):
                device.realize(False)
            self.do_unrealize()
            self._realized = False

    def do_unrealize(self) -> None:
        """What a type of bus does when it is put to rest."""

    def unparented(self) -> None:
        """The device that has it goes away, and so do all devices on it."""
        while self._members:
            next(self.members).unparent()
        if self.owner is not None:
            self.owner.buses.remove(self)
            self.owner = None

    def machine_done(self) -> None:
        """What a type of bus does when the machine is complete."""

    # --- names ---------------------------------------------------------------

    def address_of(self, device: Device) -> str:
        """The place of a device as its path tells it (``BusClass.get_dev_path``)."""
        return ""

    def lines_of(self, device: Device) -> Iterator[str]:
        """What ``info qtree`` tells of a device beside its properties."""
        return iter(())


def attach(bus: Any, owner: Any, name: str | None = None) -> Any:
    """Make a new bus a child of its device, under its name (``qbus_init``).

    Without `name` it is called after the device's id and the number of the bus there, or after its
    own type and the number of such buses in the machine.  Returns the bus.
    """
    if name is None:
        if owner.id is not None:
            name = f"{owner.id}.{len(owner.buses)}"
        else:
            name = f"{bus.typename.lower()}.{owner.board.next_bus_id(bus.typename)}"
    bus.name = name
    bus.owner = owner
    if owner is not None:
        owner.add_child(name, bus)
        owner.buses.insert(0, bus)
    if bus.cast("hotplug-handler"):
        bus.set_handler(bus)
    return bus


def no_such_bus(name: str) -> PyqomError:
    """The error of a bus that is not there."""
    return PyqomError(f"Bus '{name}' not found")
