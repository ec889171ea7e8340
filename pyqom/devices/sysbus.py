"""Devices on the main system bus, and host bridges among them (QEMU ``hw/core/sysbus.c``)."""

from __future__ import annotations

from pyqom.devices.device import Device
from pyqom.devices.interior import own_region
from pyqom.types.links import Link

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


class PCHost(HostBridge):
    """The host bridge of a PC: it knows where the holes for PCI are."""

    low_end = 0
    """Where the memory below 4 GiB ends."""
    high_start = 1 << 32
    """Where the hole above it may begin."""
    unattached: Any = None
    machine_memory: Any = None
    """The backend of the machine's memory."""

    def show_smram(self, function: Any) -> None:
        """Let the machine show the memory for system management."""
        machine = self.board.machine
        machine.add_property(SystemManagementLink(function))


class SystemManagementLink(Link):
    """``smram`` of a machine: the memory that CPUs see in system management mode."""

    def __init__(self, function: Any) -> None:
        super().__init__("memory-region", name="smram", qdev=False)
        self.function = function

    def make_getter(self) -> Any:
        return self.resolve

    def resolve(self, obj: Any) -> Any:
        return own_region(self.function, "smram")
