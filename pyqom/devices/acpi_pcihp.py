"""PCI hot-plug by ACPI (QEMU ``hw/acpi/pcihp.c``)."""

from __future__ import annotations

from pyqom.devices.hotplug import HotplugHandler
from pyqom.devices.pci import slot_of
from pyqom.errors import PyqomError
from pyqom.types import UInt32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

BSEL = "acpi-pcihp-bsel"
"""The property by which a bus shows its number."""


class AcpiPciHotplug(HotplugHandler):
    """What the ACPI part of a chipset does with PCI devices that come and go.

    ``root`` is the bus that it begins with; ``on_root`` and ``behind_bridges`` tell where it acts.
    Buses get their numbers at the machine's first reset, and none later.
    """

    asks_guest = True
    root: Any = None
    on_root = False
    behind_bridges = False
    _numbered = False

    @property
    def has_acpi_hotplug(self) -> bool:
        """Whether it handles PCI devices at all."""
        return self.on_root or self.behind_bridges

    @property
    def has_memory_slots(self) -> bool:
        """Whether memory may be plugged."""
        return bool(self.board.machine.memory_slots)  # type: ignore[attr-defined]

    def start_acpi_hotplug(
        self, root: Any, on_root: bool, behind_bridges: bool, handles_root: bool = True
    ) -> None:
        """Begin to handle the devices of a root bus, and of the bridges on it.

        Without `handles_root` the root bus itself shows no handler.
        """
        self.root, self.on_root, self.behind_bridges = root, on_root, behind_bridges
        self._leaving: dict[Any, list[Any]] = {}
        if handles_root:
            root.set_handler(self)
        else:
            root.quiet_handler = self

    def is_hotpluggable_bus(self, bus: Any) -> bool:
        bridge = None if bus.is_root else bus.owner
        if self.behind_bridges and bridge is not None:
            return bool(bridge.takes_hotplug)
        return self.on_root

    def pre_plug(self, device: Any) -> None:
        if device._hotplugged:
            self._check_number(device)

    def plug(self, device: Any) -> None:
        if not device._hotplugged and self.behind_bridges and device.is_bridge:
            device.secondary_bus.set_handler(self)

    def unplug_request(self, device: Any) -> None:
        self._check_number(device)
        device.pending_deleted = device.pending_expires = True
        asked = self._leaving.setdefault(device.pci_bus, [])
        if device not in asked:
            asked.append(device)

    def _check_number(self, device: Any) -> None:
        if not device.pci_bus.has_property(BSEL):
            raise PyqomError(f"Unsupported bus. Bus doesn't have property '{BSEL}' set")

    def reset_acpi_hotplug(self) -> None:
        """Let the devices go that were asked to, slot by slot."""
        if self.root is None:
            return
        if not self._numbered:
            self._numbered = True
            for number, bus in enumerate(filter(self.is_hotpluggable_bus, buses_below(self.root))):
                bus.add_property(UInt32(number, writable=False, qdev=False), BSEL)
        leaving, self._leaving = self._leaving, {}
        for bus, devices in leaving.items():
            for slot in {slot_of(device._addr): None for device in devices}:
                self._eject(bus, slot)

    def _eject(self, bus: Any, slot: int) -> None:
        for device in list(bus.members):
            if slot_of(device._addr) == slot and may_leave(device):
                self.unplug(device)
                device.unparent()


def may_leave(device: Any) -> bool:
    """Whether ACPI lets a device go: not a bridge that was there from the start."""
    return device.hotpluggable_class and not (device.is_bridge and not device._hotplugged)


def buses_below(bus: Any) -> Iterator[Any]:
    """A PCI bus and those behind its bridges, in depth."""
    yield bus
    for below in secondary_buses(bus):
        yield from buses_below(below)


def secondary_buses(bus: Any) -> Iterator[Any]:
    """The buses behind the bridges on a bus, the newest first."""
    for device in bus.members:
        if device.is_bridge:
            yield device.secondary_bus
