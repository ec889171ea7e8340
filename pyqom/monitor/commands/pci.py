"""The PCI bus as QMP shows it (``qapi/pci.json``, ``hw/pci/pci-qmp-cmds.c``)."""

from __future__ import annotations

from pyqom.devices.pci import function_of, slot_of
from pyqom.devices.pci_facts import facts
from pyqom.monitor.command import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.monitor.command import Args
    from pyqom.monitor.dispatcher import Dispatcher

WINDOWS = {"io_range": 0xFFF, "memory_range": 0xFFFFF, "prefetchable_range": 0xFFFFF}
"""The windows of a bridge that no guest has set, and where they end."""
CLOSED = {"io_range": 0xF000, "memory_range": 0xFFF00000, "prefetchable_range": 0xFFF00000}
"""Where closed ones begin."""


@command("query-pci")
def query_pci(monitor: Dispatcher, args: Args) -> Any:
    """The PCI buses, their devices, and what is behind bridges."""
    roots = monitor.vm.board.root_buses
    return [{"bus": bus.number, "devices": devices(bus)} for bus in roots]


def devices(bus: Any) -> list[dict[str, Any]]:
    """QMP's PciDeviceInfo of all devices on a bus, by place."""
    return [_device(bus.devices[devfn]) for devfn in sorted(bus.devices)]


def _device(device: Any) -> dict[str, Any]:
    info: dict[str, Any] = {
        "bus": device.pci_bus.number,
        "slot": slot_of(device._addr),
        "function": function_of(device._addr),
        "qdev_id": device.id or "",
        **facts(device.pci_declared(), device.is_bridge),
    }
    if device.is_bridge:
        info["pci_bridge"] = _bridge(device)
    return info


def _bridge(device: Any) -> dict[str, Any]:
    """QMP's PciBridgeInfo; no guest has numbered the bus behind it."""
    closed = device.windows_are_closed
    bus: dict[str, Any] = {"number": 0, "secondary": 0, "subordinate": 0}
    for name, limit in WINDOWS.items():
        bus[name] = {"base": CLOSED[name] if closed else 0, "limit": limit}
    return {"bus": bus}
