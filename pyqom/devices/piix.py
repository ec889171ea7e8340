"""The chipset of i440FX machines (QEMU ``hw/pci-host/i440fx.c``, ``hw/isa/piix.c``)."""

from __future__ import annotations

from pyqom.devices.acpi_pcihp import AcpiPciHotplug
from pyqom.devices.parts import new_part
from pyqom.devices.pci import PCIDevice
from pyqom.devices.southbridge import SouthBridge
from pyqom.devices.sysbus import PCHost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class I440FXHost(PCHost):
    """The host bridge, which has bus ``pci.0`` and its own function on it."""

    def do_realize(self) -> None:
        bus = self.new_root_bus("PCI", "pci.0")
        function = new_part(self, "i440FX")
        function.realize_on(bus)
        self.show_smram(function)


class I440FX(PCIDevice):
    """The host bridge's own function."""

    has_smm_ranges = True


class PIIX(SouthBridge):
    """The south bridge: ISA bus, clock, IDE, and, where the machine wants them, USB and ACPI."""

    @property
    def has_acpi(self) -> bool:
        """Whether it has power management."""
        return bool(self.get("has-acpi"))

    def pci_realize(self) -> None:
        self.make_isa_bus()
        self.make_dma()
        if not self.has_property("has-usb"):
            return
        self.rtc = self.property("rtc").resolve(self)
        self.make_clock()
        bus = self.pci_bus
        ide = self._part("ide", "piix3-ide")
        ide.set("addr", self._addr + 1)
        ide.realize_on(bus)
        if self.get("has-usb"):
            uhci = self._part("uhci", "piix3-usb-uhci")
            uhci.set("addr", self._addr + 2)
            uhci.realize_on(bus)
        if self.has_acpi:
            pm = self._part("pm", "PIIX4_PM")
            pm.set("addr", self._addr + 3)
            pm.set("smb_io_base", self._smb_io_base)
            pm.set("smm-enabled", self.get("smm-enabled"))
            pm.realize_on(bus)

    def _part(self, name: str, typename: str) -> Any:
        """The function of the chip that is a child of it; made now, if it is not there."""
        if self.has_property(name):
            return self.property(name).resolve(self)
        return self.add_child(name, new_part(self, typename))


class PIIX4PM(AcpiPciHotplug, PCIDevice):
    """Power management, and hot-plug by ACPI."""

    def pci_realize(self) -> None:
        if self.has_property("bus"):
            self.property("bus").store(self, self.pci_bus)
        self.start_acpi_hotplug(
            self.pci_bus,
            self.get("acpi-root-pci-hotplug"),
            self.get("acpi-pci-hotplug-with-bridge-support"),
        )

    def reset_hold(self) -> None:
        self.reset_acpi_hotplug()
