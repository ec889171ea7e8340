"""PCI expanders: a further root bus behind a PCI device (QEMU ``hw/pci-bridge``)."""

from __future__ import annotations

from pyqom.devices.parts import new_part
from pyqom.devices.pci import PCIBus, PCIDevice
from pyqom.errors import PyqomError

NO_NODE = 128


class Expander(PCIDevice):
    """The model of "pxb", for buses of conventional PCI."""

    host_type, bus_typename = "pxb-host", "pxb-bus"
    is_conventional = True

    def pci_realize(self) -> None:
        """``pxb_dev_realize_common``."""
        if self.is_conventional and self.pci_bus.is_express:
            raise PyqomError("pxb devices cannot reside on a PCIe bus")
        if not self.is_conventional and not self.pci_bus.is_express:
            raise PyqomError(f"{self.typename} devices cannot reside on a PCI bus")
        self._check_node()
        number, roots = self._bus_nr, self.board.root_buses
        behind = [each.secondary_bus for each in self.pci_bus.members if each.is_bridge]
        others = [bus for bus in roots if bus.parent_device is not None]
        if number in {bus.number for bus in (*behind, *others)}:
            raise PyqomError(f"Bus {number} is already in use")
        host = new_part(self, self.host_type)
        internal = "pxb-internal" if self.is_conventional else self.id
        bus = host.new_bus(self.bus_typename, internal)
        bus.is_root, bus.number, bus.parent_device = True, number, self
        roots.append(bus)
        self.on_unrealize(lambda: roots.remove(bus))
        host.realize_on(self.board.system_bus)
        if self.is_conventional:
            self._add_bridge(bus)

    def _check_node(self) -> None:
        numa = self.board.machine.numa
        if numa is None:
            raise PyqomError("NUMA is not supported by this machine-type")
        if self._numa_node != NO_NODE and self._numa_node >= len(numa):
            raise PyqomError(f"Illegal numa node {self._numa_node}")

    def _add_bridge(self, bus: PCIBus) -> None:
        """The bridge that devices are plugged behind; it goes by the expander's id."""
        bridge = new_part(self, "pci-bridge")
        bridge.id = self.id
        bridge.set("chassis_nr", self._bus_nr)
        bridge.set("shpc", False)
        bridge.realize_on(bus)


class ExpressExpander(Expander):
    """The model of "pxb-pcie"."""

    bus_typename = "pxb-pcie-bus"
    is_conventional = False


class CXLExpander(ExpressExpander):
    """The model of "pxb-cxl"."""

    host_type, bus_typename = "pxb-cxl-host", "pxb-cxl-bus"
