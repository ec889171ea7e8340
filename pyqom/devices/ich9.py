"""The chipset of Q35 machines (QEMU ``hw/pci-host/q35.c``, ``hw/isa/lpc_ich9.c``)."""

from __future__ import annotations

from pyqom.devices.acpi_pcihp import AcpiPciHotplug
from pyqom.devices.pci import PCIDevice
from pyqom.devices.southbridge import SouthBridge
from pyqom.devices.sysbus import PCHost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

UNMAPPED = (1 << 64) - 1
"""Where the configuration space is that firmware has not placed yet."""


class Q35Host(PCHost):
    """The host bridge, which has bus ``pcie.0`` and its own function on it."""

    def do_realize(self) -> None:
        bus = self.new_root_bus("PCIE", "pcie.0")
        mch = self.property("mch").resolve(self)
        self.property("MCFG").store(self, UNMAPPED)
        mch.host = self
        mch.realize_on(bus)
        if mch.has_smm_ranges:
            self.show_smram(mch)

    def instance_init(self) -> None:
        mch = self.property("mch").resolve(self)
        mch.set("addr", 0)
        mch.set("multifunction", False)


class MCH(PCIDevice):
    """The host bridge's own function."""

    host: Any = None

    @property
    def has_smm_ranges(self) -> bool:
        """Whether there is memory for system management."""
        return not self.host.has_property("smm-ranges") or bool(self.host.get("smm-ranges"))

    @property
    def low_memory(self) -> int:
        """Where the memory below 4 GiB ends."""
        return int(self.host.get("below-4g-mem-size"))


class ICH9LPC(AcpiPciHotplug, SouthBridge):
    """The ISA bridge, with power management and hot-plug by ACPI."""

    _sci_int = 9
    _acpi_enable_cmd = 2
    _acpi_disable_cmd = 3
    _gpe0_blk = 0x20
    _gpe0_blk_len = 16
    _s4_val = 2
    _enable_tco = True
    _acpi_pci_hotplug_with_bridge_support = True
    _x_keep_pci_slot_hpc = True
    _memory_hotplug_support = True
    _cpu_hotplug_legacy = True
    has_parts = True
    """Whether the clock is a part of it."""

    def pci_realize(self) -> None:
        self.make_isa_bus()
        self.make_dma()
        if self.has_parts:
            self.rtc = self.property("rtc").resolve(self)
            self.make_clock()
        if self._acpi_pci_hotplug_with_bridge_support:
            if self.has_property("bus"):
                self.property("bus").store(self, self.pci_bus)
            assert self.registry.release is not None
            handles = "q35-handles-its-root-bus" in self.registry.release.rules
            self.start_acpi_hotplug(self.pci_bus, False, True, handles)

    def reset_hold(self) -> None:
        self.reset_acpi_hotplug()
