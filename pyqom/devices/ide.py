"""IDE and AHCI controllers (QEMU ``hw/ide``)."""

from __future__ import annotations

from pyqom.devices.isa import ISADevice
from pyqom.devices.pci import PCIDevice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class PCIIDE(PCIDevice):
    """The model of "pci-ide": two buses for two drives each."""

    buses_by_number: tuple[Any, ...] = ()

    def pci_realize(self) -> None:
        """``pci_piix_ide_realize``."""
        self.buses_by_number = tuple(self.new_bus("IDE", f"ide.{n}") for n in range(2))


class AHCI(PCIDevice):
    """The model of "ich9-ahci": six buses for a drive each."""

    buses_by_number: tuple[Any, ...] = ()

    def pci_realize(self) -> None:
        """``pci_ich9_ahci_realize``; buses are called after the controller's id."""
        first = self.id or "ide"
        self.buses_by_number = tuple(self.new_bus("IDE", f"{first}.{n}") for n in range(6))


class ISAIDE(ISADevice):
    """The model of "isa-ide": one bus."""
