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
