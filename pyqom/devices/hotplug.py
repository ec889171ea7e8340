"""Hot-plug handlers: who is asked when a device comes and goes (QEMU ``hw/core/hotplug.c``)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class HotplugHandler:
    """What handles hot-plug: a machine, a bus, or the device that has the bus."""

    asks_guest = False
    """Whether a device leaves only when the guest has let it go (``unplug_request``)."""

    def pre_plug(self, device: Any) -> None:
        """Before a device is realized: refuse it, or give it its place.  Raises PyqomError."""

    def plug(self, device: Any) -> None:
        """A device has been realized.  Raises PyqomError."""

    def unplug_request(self, device: Any) -> None:
        """Ask the guest to let a device go.  Raises PyqomError."""

    def unplug(self, device: Any) -> None:
        """Put a device to rest that is about to leave.  Raises PyqomError."""
        device.realize(False)

    def is_hotpluggable_bus(self, bus: Any) -> bool:
        """Whether it lets devices come and go on a bus that it handles."""
        return True
