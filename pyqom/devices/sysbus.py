"""Devices on the main system bus, and host bridges among them (QEMU ``hw/core/sysbus.c``)."""

from __future__ import annotations

from pyqom.devices.device import Device

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class SysBusDevice(Device):
    """The model of type "sys-bus-device"."""


class HostBridge(SysBusDevice):
    """The model of type "pci-host-bridge": where a PCI bus begins."""

    root_bus: Any = None

    def new_root_bus(self, typename: str, name: str) -> Any:
        """Make the bus (``pci_root_bus_new``).  Returns it."""
        bus = self.new_bus(typename, name)
        bus.is_root = True
        self.root_bus = bus
        self.board.root_buses.append(bus)
        return bus
