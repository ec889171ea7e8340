"""The chipset of i440FX machines (QEMU ``hw/pci-host/i440fx.c``, ``hw/isa/piix.c``)."""

from __future__ import annotations

from pyqom.devices.acpi_pcihp import AcpiPciHotplug
from pyqom.devices.parts import new_part
from pyqom.devices.pci import PCIDevice
from pyqom.devices.sysbus import HostBridge


class I440FXHost(HostBridge):
    """The host bridge, which has bus ``pci.0`` and its own function on it."""

    def do_realize(self) -> None:
        bus = self.new_root_bus("PCI", "pci.0")
        new_part(self, "i440FX").realize_on(bus)


class PIIX(PCIDevice):
    """The south bridge: ISA bus, clock, IDE, and, where the machine wants them, USB and ACPI."""

    has_usb = False
    has_acpi = True

    def pci_realize(self) -> None:
        self.new_bus("ISA")
        bus = self.pci_bus
        ide = self._part("ide", "piix3-ide")
        ide.set("addr", self._addr + 1)
        ide.realize_on(bus)
        if self.has_usb:
            uhci = self._part("uhci", "piix3-usb-uhci")
            uhci.set("addr", self._addr + 2)
            uhci.realize_on(bus)
        if self.has_acpi:
            pm = self._part("pm", "PIIX4_PM")
            pm.set("addr", self._addr + 3)
            pm.realize_on(bus)

    def _part(self, name: str, typename: str) -> PCIDevice:
        """The function of the chip that is a child of it; made now, if it is not there."""
        if self.has_property(name):
            return self.property(name).resolve(self)  # type: ignore[no-any-return]
        return self.add_child(name, new_part(self, typename))  # type: ignore[no-any-return]


class PIIX4PM(AcpiPciHotplug, PCIDevice):
    """Power management, and hot-plug by ACPI."""

    def pci_realize(self) -> None:
        self.start_acpi_hotplug(
            self.pci_bus,
            self.get("acpi-root-pci-hotplug"),
            self.get("acpi-pci-hotplug-with-bridge-support"),
        )

    def reset_hold(self) -> None:
        self.reset_acpi_hotplug()
