"""The abstract device (QEMU ``hw/core/qdev.c``)."""

from __future__ import annotations

from pyqom.errors import PyqomError
from pyqom.types import Bool, Computed, Interface, Link, Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.devices.context import Context


class VMStateIf(Interface, typename="vmstate-if"):
    """What has an id in the migration stream (``include/hw/vmstate-if.h``)."""


class Resettable(Interface, typename="resettable"):
    """What takes part in the three phases of a reset (``include/hw/resettable.h``)."""


class Device(Object, typename="device", abstract=True, interfaces=("vmstate-if", "resettable")):
    """What every device has: its bus, and whether it is realized and may be plugged.

    A device that is made by a machine, or for a question about one, has a `context`, whose
    property overrides act when the device's own initialisation is done (``device_post_init``).
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
    has_model = True
    """Whether pyqom does what such a device does, as far as that can be seen from outside."""

    context: Context | None = None
    id: str | None = None
    """The id that the user gave it; None for one without."""

    realized = Computed(
        "bool",
        lambda self: self._realized,
        lambda self, on: self.realize(on),
        after_realize=True,
    )
    hotplugged = Bool(False, writable=False, qdev=False, show_default=False)
    hotpluggable = Computed("bool", lambda self: self.hotpluggable_class)
    parent_bus = Link("bus", name="parent_bus", writable=False)

    def __init__(self, context: Context | None = None, **values: Any) -> None:
        self.context = context
        super().__init__(**values)

    def instance_post_init(self) -> None:
        """Apply compat properties and globals: they have the word after the type itself."""
        if self.context is not None:
            self.context.apply(self)

    def realize(self, on: bool) -> None:
        """Set ``realized``: bring the device to life, or (False) put it to rest.

        First the context may refuse its place, then the device itself checks its configuration.
        What fails leaves the device as it was.
        """
        if on == self._realized:
            return
        if not on:
            self._realized = False
            return
        saved = {
            key: list(value) if isinstance(value, list) else value
            for key, value in self.__dict__.items()
        }
        try:
            if self.context is not None and self.context.pre_plug is not None:
                self.context.pre_plug(self)
            self.do_realize()
        except PyqomError:
            self.__dict__.clear()
            self.__dict__.update(saved)
            raise
        self._realized = True

    def do_realize(self) -> None:
        """What a type does to come to life; raises PyqomError where it cannot."""
