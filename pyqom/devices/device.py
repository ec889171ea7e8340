"""The abstract device (QEMU ``hw/core/qdev.c``)."""

from __future__ import annotations

from pyqom.devices.bus import attach
from pyqom.devices.interior import of_realized
from pyqom.devices.region import add_region
from pyqom.errors import PyqomError
from pyqom.types import Bool, Computed, Interface, Link, Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from pyqom.devices.context import Context


UNSET_NUMBER = 0xFFFFFFFF
"""What a number is that nobody has set, where 0 means something."""


class VMStateIf(Interface, typename="vmstate-if"):
    """What has an id in the migration stream (``include/hw/vmstate-if.h``)."""


class Resettable(Interface, typename="resettable"):
    """What takes part in the three phases of a reset (``include/hw/resettable.h``)."""


class Device(Object, typename="device", abstract=True, interfaces=("vmstate-if", "resettable")):
    """What every device has: its bus, and whether it is realized and may be plugged.

    A device that is made by a machine, or for a question about one, has a `context`, whose
    property overrides act when the device's own initialisation is done (``device_post_init``).
    A machine's context leads to its `board`.
    """

    hotpluggable_class = True
    """Whether the type may be plugged into a running machine (``DeviceClass.hotpluggable``)."""

    user_creatable_class = True
    """Whether ``-device`` may make one (``DeviceClass.user_creatable``)."""
    bus_type: str | None = None
    """The type of bus that it is plugged into; None for none."""
    class_description: str | None = None
    class_alias: str | None = None
    """Another name that ``-device`` takes (``qdev_alias_table``)."""
    category: str | None = None
    """What ``-device help`` lists it under, such as "storage"."""
    module: str | None = None
    """The loadable module that the type comes in."""
    loads_module = True
    """Whether asking for the type by its name loads that module; as `module` not inherited."""
    regions: tuple[Mapping[str, Any], ...] = ()
    """The memory regions that it has while it is realized (`pyqom.devices.interior`)."""
    shows: tuple[Mapping[str, Any], ...] = ()
    """The interrupt lines and the values that it has then."""
    own_buses: tuple[Mapping[str, Any], ...] = ()
    """The buses that it has once it is realized: their ``type``, ``count``, ``name`` (where it is
    not made up), whether the device handles their hot-plug (``handled``)."""
    requires: tuple[Mapping[str, Any], ...] = ()
    """What has to be set before it is realized: ``property``, or one of ``any``, and the ``error``
    where it is not; a line with an error alone refuses the device, as what it needs of the host is
    not there."""
    machines: tuple[str, ...] = ()
    """The families of machines whose users may add it to the main system bus."""
    single: Mapping[str, str] | None = None
    """What there is one of in a machine (``of``), and what a second is told (``error``)."""
    settles: Mapping[str, Any] = {}
    """The values that properties take when it is realized, unless somebody has set them."""
    checks_itself = False
    """Whether the type looks at `requires` at a later moment of its own."""
    has_model = True
    """Whether pyqom does what such a device does, as far as that can be seen from outside."""

    context: Context | None = None
    id: str | None = None
    """The id that the user gave it; None for one without."""
    pending_deleted = False
    """Whether it is about to go: the guest was asked, or it is at rest."""
    pending_expires = False
    """Whether the guest may be asked again, as soon as time has passed for it."""
    deleted_path: str | None = None
    """Its canonical path, kept for the event that tells of its end."""

    realized = Computed(
        "bool",
        lambda self: self._realized,
        lambda self, on: self.realize(on),
        after_realize=True,
    )
    hotplugged = Bool(False, writable=False, qdev=False, show_default=False)
    hotpluggable = Computed("bool", lambda self: self.may_be_plugged())
    parent_bus = Link("bus", name="parent_bus", writable=False)

    def __init__(self, context: Context | None = None, **values: Any) -> None:
        self.context = context
        super().__init__(**values)

    def instance_init(self) -> None:
        """``device_initfn``: what is made for a running machine is hot-plugged."""
        self.buses: list[Any] = []
        """The buses that it has, the newest first."""
        self.wires: dict[str, Callable[[int], Any]] = {}
        """Where its interrupt lines lead, by the stem of their names."""
        self._undo: list[Callable[[], None]] = []
        board = self.board
        if board is not None and board.ready:
            self._hotplugged = True

    def instance_post_init(self) -> None:
        """Apply compat properties and globals: they have the word after the type itself."""
        if self.context is not None:
            self.context.apply(self)

    def instance_finalize(self) -> None:
        """Tell of its end, where somebody asked for it (``device_finalize``)."""
        if self.pending_deleted and self.deleted_path is not None:
            board = self.board
            if board is not None and not board.ended:
                data = {} if self.id is None else {"device": self.id}
                board.emit("DEVICE_DELETED", {**data, "path": self.deleted_path})

    @property
    def board(self) -> Any:
        """The `Board` that it shares with all devices of its machine; None outside any machine."""
        return None if self.context is None else self.context.board

    def may_be_plugged(self) -> bool:
        """Whether it can come and go where it is (``device_get_hotpluggable``)."""
        bus = self._parent_bus
        return self.hotpluggable_class and (bus is None or bus.hotpluggable)

    # --- its place -----------------------------------------------------------

    def new_bus(self, typename: str, name: str | None = None) -> Any:
        """Make a bus of its own; without `name` it is called after its device, or its type."""
        return attach(self.registry.get(typename)(), self, name)

    def put_on(self, bus: Any) -> None:
        """Plug it into a bus, before it is realized (``qdev_set_parent_bus``).

        Raises PyqomError.
        """
        bus.check_address(self)
        bus.ref()
        self._parent_bus = bus
        bus.add(self)

    def realize_on(self, bus: Any) -> None:
        """Plug it into a bus and realize it (``qdev_realize``).  Raises PyqomError."""
        self.put_on(bus)
        self.realize(True)

    def unparented(self) -> None:
        """``device_unparent``: it is put to rest, its buses go, and it leaves its own."""
        if self._realized:
            self.realize(False)
        while self.buses:
            self.buses[0].unparent()
        bus = self._parent_bus
        if bus is not None:
            bus.remove(self)
            self._parent_bus = None
            bus.unref()

    # --- realize -------------------------------------------------------------

    def on_unrealize(self, undo: Callable[[], None]) -> None:
        """Have something undone when it is put to rest, or cannot be realized; last one first."""
        self._undo.append(undo)

    def add_region(self, name: str, size: int = 0, typename: str = "memory-region") -> Any:
        """Give it a memory region, until it is put to rest.  Returns the region."""
        region = add_region(self, name, size, typename)
        self.on_unrealize(region.unparent)
        return region

    def show_interior(self) -> None:
        """Have its declared regions and lines, until it is put to rest."""
        interior = of_realized(type(self))
        if interior is not None:
            self.expect(interior)
            self.on_unrealize(lambda: self.forget(interior))

    def handler(self) -> Any:
        """Who handles its hot-plug: the machine, else its bus; None for nobody."""
        board = self.board
        found = None if board is None else board.handler(self)
        if found is None and self._parent_bus is not None:
            found = self._parent_bus.handler
        return found

    def realize(self, on: bool) -> None:
        """Set ``realized``: bring the device to life, or (False) put it to rest.

        In QEMU's order: the handler of its hot-plug may refuse it, it checks its configuration, its
        buses come to life, the handler takes it.  What fails leaves nothing behind outside.
        """
        if self._hotplugged and not self.hotpluggable_class:
            raise PyqomError(f"Device '{self.typename}' does not support hotplugging")
        if on == self._realized:
            return
        if not on:
            self._rest()
            return
        board = self.board
        homeless = board is not None and self.parent_object is None
        if homeless:
            board.adopt(self)
        try:
            self._come_to_life()
        except PyqomError:
            self._let_go()
            if homeless:
                board.disown(self)
            raise

    def _come_to_life(self) -> None:
        handler = self.handler()
        if handler is not None:
            handler.pre_plug(self)
        elif self.context is not None and self.context.pre_plug is not None:
            self.context.pre_plug(self)
        if not self.checks_itself:
            self.check_requirements()
        self.do_realize()
        self._realize_parts()
        self._add_buses()
        self.show_interior()
        self.deleted_path = self.canonical_path()
        for bus in self.buses:
            bus.realize()
        self.pending_deleted = False
        if handler is not None:
            handler.plug(self)
        self._realized = True

    def _realize_parts(self) -> None:
        """Realize the devices that are parts of it, where it has not done so itself."""
        from pyqom.devices.parts import device_parts  # a question about a CPU needs none

        for name in device_parts(type(self)):
            part = self.property(name).resolve(self)
            if not part._realized:
                part.realize(True)
            self.on_unrealize(part.put_to_rest)

    def put_to_rest(self) -> None:
        """Set ``realized`` to false."""
        self.realize(False)

    def _add_buses(self) -> None:
        """Make the buses that its declaration tells of, unless they are there."""
        for line in self.own_buses:
            for _ in range(line.get("count", 1)):
                name = line.get("name")
                if name == "{id}":
                    name = self.id
                bus = self.new_bus(line["type"], name)
                bus.configure(line)
                if line.get("handled"):
                    bus.set_handler(self)

    def check_requirements(self) -> None:
        """Refuse what is not configured, or cannot be had.  Raises PyqomError."""
        for base in reversed(type(self).__mro__):
            for line in base.__dict__.get("requires", ()):
                names = line.get("any") or [line[key] for key in ("property",) if key in line]
                if not any(self.is_set(name) for name in names):
                    raise PyqomError(line["error"])
        if self.single is not None:
            self._be_the_only_one(self.single["of"], self.single["error"])
        self._settle()

    def _be_the_only_one(self, kind: str, error: str) -> None:
        singles = self.board.singles
        if kind in singles:
            raise PyqomError(error)
        singles.add(kind)
        self.on_unrealize(lambda: singles.discard(kind))

    def _settle(self) -> None:
        """Give properties their last value, where nobody has."""
        for base in type(self).__mro__:
            for name, value in base.__dict__.get("settles", {}).items():
                prop = self.properties().get(name)
                if prop is not None and prop.slot not in self.__dict__:
                    prop.store(self, prop.check(value, name, self))

    def is_set(self, name: str) -> bool:
        """Whether a property has a value that names something."""
        value = self.property(name).fget(self)  # type: ignore[misc]
        return value == "" or (bool(value) and value != UNSET_NUMBER)

    def _rest(self) -> None:
        self._realized = False
        self._let_go()
        self.pending_deleted = True

    def _let_go(self) -> None:
        for bus in self.buses:
            bus.unrealize()
        self.do_unrealize()
        while self._undo:
            self._undo.pop()()

    def machine_done(self) -> None:
        """What a type does when the machine is complete, where it was there from the start."""

    def do_realize(self) -> None:
        """What a type does to come to life; raises PyqomError where it cannot."""

    def do_unrealize(self) -> None:
        """What a type does when it is put to rest, before what `on_unrealize` keeps is undone."""
