"""Devices on the main system bus, and host bridges among them (QEMU ``hw/core/sysbus.c``)."""

from __future__ import annotations

from pyqom.devices.device import Device
from pyqom.devices.interior import own_region, space
from pyqom.types.links import Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

GIB = 1 << 30
END_32 = 1 << 32
IOAPIC_BASE = 0xFEC00000


class SysBusDevice(Device):
    """The model of type "sys-bus-device"."""


class IOAPIC(SysBusDevice):
    """The model of "ioapic"."""

    address = IOAPIC_BASE


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


class HostLink(Link):
    """A link of a host bridge to a part of the machine's memory, found when somebody looks."""

    def __init__(self, name: str, find: Callable[[], Any]) -> None:
        super().__init__("memory-region", name=name, qdev=False)
        self.find = find

    def make_getter(self) -> Any:
        return self.resolve

    def resolve(self, obj: Any) -> Any:
        return super().resolve(obj) or self.find()


class PCHost(HostBridge):
    """The host bridge of a PC: it knows where memory is, and where the holes for PCI are.

    The holes are what the firmware would find: from the end of memory to the I/O APIC, and above
    4 GiB from `high_start` on.
    """

    low_end = 0
    """Where the memory below 4 GiB ends."""
    high_start = END_32
    """Where the hole above it may begin."""

    def surround(self, low_end: int, high_start: int, memory: Any) -> None:
        """Say where memory ends, and whose it is: a memory backend, or None."""
        self.low_end, self.high_start = low_end, high_start
        board = self.board
        values = {"pci-hole-start": low_end, "pci-hole-end": IOAPIC_BASE}
        if self.get("x-pci-hole64-fix"):
            values["pci-hole64-start"] = high_start
            end = high_start + self.get("pci-hole64-size")
            values["pci-hole64-end"] = -(-end // GIB) * GIB
        for name, value in values.items():
            prop = self.property(name)
            setattr(self, prop.slot, value)
        links = {
            "system-mem": lambda: space(board.unattached, "memory"),
            "io-mem": lambda: space(board.unattached, "io"),
            "pci-mem": lambda: space(board.unattached, "pci"),
            "ram-mem": lambda: None if memory is None else memory_of(memory),
        }
        for name, find in links.items():
            if self.has_property(name):
                self.del_property(name)
                self.add_property(HostLink(name, find))

    def show_smram(self, function: Any) -> None:
        """Let the machine show the memory for system management."""
        machine = self.board.machine
        machine.add_property(HostLink("smram", lambda: own_region(function, "smram")))


def memory_of(backend: Any) -> Any:
    """The region of a memory backend."""
    return own_region(backend, backend.region_name)
