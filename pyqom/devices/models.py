"""Which declared types have behaviour of their own.

A type's declaration is data (`pyqom.devices.catalog`); what it does is a class below `Device`
whose body has hooks and methods and declares no property::

    class Edu(PCIDevice):
        \"\"\"Educational device (QEMU hw/misc/edu.c).\"\"\"

        def do_realize(self) -> None: ...

and a row here: its module in this package, and its name.  The class of the type is then made of
both.  A model inherits from the model of its type's parent, where that has one.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MODELS: dict[str, str] = {
    "bus": "bus.Bus",
    "memory-region": "region.MemoryRegion",
    "sys-bus-device": "sysbus.SysBusDevice",
    "pci-host-bridge": "sysbus.HostBridge",
    "PCI": "pci.PCIBus",
    "pci-device": "pci.PCIDevice",
    "base-pci-bridge": "pci_bridge.PCIBridge",
    "pci-bridge": "pci_bridge.StandardBridge",
    "pcie-pci-bridge": "pci_bridge.ExpressToPCIBridge",
    "pcie-port": "pci_bridge.ExpressPort",
    "pcie-slot": "pci_bridge.ExpressSlot",
    "cxl-rp": "pci_bridge.CXLSlot",
    "cxl-downstream": "pci_bridge.CXLSlot",
    "virtio-bus": "virtio.VirtIOBus",
    "virtio-device": "virtio.VirtIODevice",
    "virtio-pci": "virtio.VirtIOPCI",
    "usb-bus": "usb.USBBus",
    "usb-device": "usb.USBDevice",
    "usb-hub": "usb.Hub",
    "usb-kbd": "usb.Keyboard",
    "usb-mouse": "usb.Mouse",
    "usb-tablet": "usb.Tablet",
    "usb-wacom-tablet": "usb.Wacom",
    "base-xhci": "usb_host.XHCI",
    "pci-xhci": "usb_host.PCIXHCI",
    "pci-uhci-usb": "usb_host.UHCI",
    "pci-ehci-usb": "usb_host.EHCI",
    "pci-ohci": "usb_host.OHCI",
    "i440FX-pcihost": "piix.I440FXHost",
    "PIIX3": "piix.PIIX",
    "PIIX4_PM": "piix.PIIX4PM",
    "q35-pcihost": "ich9.Q35Host",
    "ICH9-LPC": "ich9.ICH9LPC",
}
"""``module.Class`` by type name."""


def model(typename: str) -> Any:
    """The class with a type's behaviour, None for a type without; its module is imported now."""
    where = MODELS.get(typename)
    if where is None:
        return None
    module, _, name = where.partition(".")
    return getattr(__import__(f"pyqom.devices.{module}", fromlist=(name,)), name)
