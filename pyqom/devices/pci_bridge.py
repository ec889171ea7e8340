"""PCI bridges and the ports of PCI Express (QEMU ``hw/pci/pci_bridge.c``, ``hw/pci-bridge``)."""

from __future__ import annotations

from pyqom.devices.hotplug import HotplugHandler
from pyqom.devices.pci import PCIDevice, slot_of
from pyqom.devices.region import WHOLE
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

EBUSY = 16
WINDOWS = (
    ("pci_bridge_pci", WHOLE),
    ("pci_bridge_io", 1 << 32),
    ("pci_bridge_pref_mem", 0),
    ("pci_bridge_mem", 0),
    ("pci_bridge_io", 0),
    ("pci_bridge_vga_io_lo", 12),
    ("pci_bridge_vga_io_hi", 32),
    ("pci_bridge_vga_mem", 0x20000),
)
"""The memory regions of a bridge: its address spaces, then the windows into them."""


class PCIBridge(PCIDevice):
    """The model of type "base-pci-bridge": a PCI device with a bus behind it."""

    secondary_bus: Any = None
    secondary_type = "PCI"
    windows_are_closed = False
    """Whether a reset closes the windows to what is behind it."""
    takes_hotplug = True
    """Whether devices may come and go behind it."""

    def pci_realize(self) -> None:
        """``pci_bridge_initfn``: the bus is called after the bridge's id, if it has one."""
        bus = self.new_bus(self.secondary_type, self.id or None)
        self.secondary_bus = bus
        self.on_unrealize(self._drop_bus)
        for name, size in WINDOWS:
            self.add_region(name, size)
        self.bridge_realize()

    def _drop_bus(self) -> None:
        """``pci_bridge_exitfn``."""
        if self.secondary_bus in self.buses and not self.secondary_bus._members:
            self.secondary_bus.unparent()

    def bridge_realize(self) -> None:
        """What a type of bridge does when its bus is there.  Raises PyqomError."""


class StandardHotplug(HotplugHandler):
    """A bridge whose slots are those of a standard hot-plug controller (``hw/pci/shpc.c``)."""

    asks_guest = True
    FIRST_SLOT, LAST_SLOT = 1, 31

    def plug(self, device: Any) -> None:
        self.check_slot(device)

    def check_slot(self, device: Any) -> None:
        """Refuse a slot that the controller does not have.  Raises PyqomError."""
        slot = slot_of(device._addr)
        if not self.FIRST_SLOT <= slot <= self.LAST_SLOT:
            raise PyqomError(
                f"Unsupported PCI slot {slot} for standard hotplug controller."
                f" Valid slots are between {self.FIRST_SLOT} and {self.LAST_SLOT}."
            )

    def unplug_request(self, device: Any) -> None:
        """A slot that the guest has not powered is emptied at once; so is the whole slot."""
        self.check_slot(device)
        for each in list(device.pci_bus.members):
            if slot_of(each._addr) == slot_of(device._addr):
                self.unplug(each)
                each.unparent()


class StandardBridge(StandardHotplug, PCIBridge):
    """The model of "pci-bridge"."""

    def bridge_realize(self) -> None:
        if self._shpc:
            self.secondary_bus.set_handler(self)
        if not self._chassis_nr:
            raise PyqomError(
                "Bridge chassis not specified. Each bridge is required to be assigned a unique"
                " chassis id > 0."
            )


class ExpressToPCIBridge(StandardHotplug, PCIBridge):
    """The model of "pcie-pci-bridge"."""

    def bridge_realize(self) -> None:
        self.secondary_bus.set_handler(self)


class ExpressPort(PCIBridge):
    """The model of "pcie-port": an upstream port of a switch, if it is no slot."""

    secondary_type = "PCIE"


class ExpressSlot(HotplugHandler, ExpressPort):
    """The model of "pcie-slot": a root port or a downstream port, with one slot behind it."""

    asks_guest = True
    is_port = True

    @property
    def takes_hotplug(self) -> bool:  # type: ignore[override]
        return bool(self._hotplug)

    def bridge_realize(self) -> None:
        """``pcie_cap_slot_init``, then a place in the chassis (``pcie_chassis_add_slot``)."""
        self.secondary_bus.set_handler(self)
        place = self._chassis, self._slot
        slots = self.board.chassis_slots
        if place in slots:
            raise PyqomError(f"Can't add chassis slot, error -{EBUSY}")
        slots.add(place)
        self.on_unrealize(lambda: slots.discard(place))

    def is_hotpluggable_bus(self, bus: Any) -> bool:
        return self.takes_hotplug

    @property
    def has_native_hotplug(self) -> bool:
        """Whether the port's own registers announce that devices may come and go."""
        if self.has_property("x-native-hotplug"):
            return self.takes_hotplug and bool(self.get("x-native-hotplug"))
        return self.takes_hotplug and not self.get("x-do-not-expose-native-hotplug-cap")

    def pre_plug(self, device: Any) -> None:
        if device._hotplugged and not self.has_native_hotplug:
            raise PyqomError(f"Hot-plug failed: unsupported by the port device '{self.id}'")

    def unplug_request(self, device: Any) -> None:
        """A slot that no guest has powered is emptied at once."""
        if not self.has_native_hotplug:
            raise PyqomError(f"Hot-unplug failed: unsupported by the port device '{self.id}'")
        device.pending_deleted = True
        bus = device.pci_bus
        alone = device._addr and 0 not in bus.devices
        for each in [device] if alone else list(bus.members):
            self.unplug(each)
            each.unparent()


class RootPort(ExpressSlot):
    """The model of "pcie-root-port-base"."""

    windows_are_closed = True


class CXLRootPort(RootPort):
    """The model of "cxl-rp"."""

    secondary_type = "CXL"
