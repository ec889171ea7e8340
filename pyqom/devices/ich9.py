"""The chipset of Q35 machines (QEMU ``hw/pci-host/q35.c``, ``hw/isa/lpc_ich9.c``)."""

from __future__ import annotations

from pyqom.devices.acpi_pcihp import AcpiPciHotplug
from pyqom.devices.pci import PCIDevice
from pyqom.devices.sysbus import HostBridge


class Q35Host(HostBridge):
    """The host bridge, which has bus ``pcie.0`` and its own function on it."""

    def do_realize(self) -> None:
        bus = self.new_root_bus("PCIE", "pcie.0")
        mch = self.property("mch").resolve(self)
        mch.realize_on(bus)

    def instance_init(self) -> None:
        mch = self.property("mch").resolve(self)
        mch.set("addr", 0)
        mch.set("multifunction", False)


class ICH9LPC(AcpiPciHotplug, PCIDevice):
    """The ISA bridge, with power management and hot-plug by ACPI."""

    def pci_realize(self) -> None:
        self.new_bus("ISA")
        if self.acpi_pci_hotplug:
            self.start_acpi_hotplug(self.pci_bus, False, True)

    acpi_pci_hotplug = True

    def reset_hold(self) -> None:
        self.reset_acpi_hotplug()
