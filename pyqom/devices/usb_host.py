"""USB controllers: the buses that they have, and the ports on them (QEMU ``hw/usb/hcd-*.c``)."""

from __future__ import annotations

from pyqom.devices.device import Device
from pyqom.devices.pci import PCIDevice
from pyqom.devices.usb import FULL, HIGH, LOW, SUPER
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_PORTS = 15
PORT_REGISTERS = 16
MOST_INTERRUPTERS = 1024
MOST_SLOTS = 64


class XHCI(Device):
    """The core of an xHCI controller; its bus belongs to the device around it."""

    def do_realize(self) -> None:
        """``usb_xhci_init``."""
        self.property("host").store(self, self.parent_object)
        self.on_unrealize(lambda: self.property("host").store(self, None))
        usb2, usb3 = min(self._p2, MOST_PORTS), min(self._p3, MOST_PORTS)
        bus = self.parent_object.new_bus("usb-bus")
        for index in range(max(usb2, usb3)):
            speeds: tuple[str, ...] = (LOW, FULL, HIGH) if index < usb2 else ()
            if index < usb3:
                speeds = (*speeds, SUPER)
            bus.add_ports(1, speeds, index + 1)
        for version, count in ((2, usb2), (3, usb3)):
            for number in range(1, count + 1):
                self.add_region(f"usb{version} port #{number}", PORT_REGISTERS)


class PCIXHCI(PCIDevice):
    """The model of type "pci-xhci"."""

    def pci_realize(self) -> None:
        self.property("xhci-core").resolve(self).realize(True)


class Controller(PCIDevice):
    """A controller with root ports of its own."""

    port_count = 2
    port_speeds: tuple[str, ...] = (LOW, FULL)

    def pci_realize(self) -> None:
        master = self.get("masterbus") if self.has_property("masterbus") else ""
        if master:
            self._join(master)
            return
        bus = self.new_bus("usb-bus")
        bus.add_ports(self.ports(), self.port_speeds)

    def ports(self) -> int:
        """How many root ports it has."""
        return self.port_count

    def _join(self, name: str) -> None:
        """Become a companion on another controller's bus (``usb_register_companion``)."""
        for bus in self._usb_buses():
            if bus.name == name:
                first = self.get("firstport")
                if first + self.ports() > bus.owner.ports():
                    raise PyqomError(
                        f"firstport must be between 0 and {bus.owner.ports() - self.ports()}"
                    )
                return
        raise PyqomError(f"USB bus '{name}' not found")

    def _usb_buses(self) -> list[Any]:
        from pyqom.devices.reset import below

        return [each for each in below(self.board.system_bus) if each.cast("usb-bus")]


class UHCI(Controller):
    """The model of type "pci-uhci-usb"."""


class EHCI(Controller):
    """The model of type "pci-ehci-usb"."""

    port_count = 6
    port_speeds = (HIGH,)


class OHCI(Controller):
    """The model of "pci-ohci"."""

    def ports(self) -> int:
        return int(self.get("num-ports"))
