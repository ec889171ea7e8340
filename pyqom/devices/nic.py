"""Network cards: their address, and the backend that they are connected with (``net/net.c``)."""

from __future__ import annotations

from pyqom.devices.device import Device
from pyqom.devices.pci import PCIDevice
from pyqom.devices.usb import USBDevice


class NIC(Device):
    """What all network cards do."""

    _mac: str | None

    def take_address(self) -> None:
        """Get an address, where none was given (``qemu_macaddr_default_if_unset``)."""
        network = self.board.network
        self._mac = mac = network.take_address(self._mac)
        self.on_unrealize(lambda: network.free_address(mac))


class PCINIC(NIC, PCIDevice):
    """A network card on PCI that checks nothing else."""

    def pci_realize(self) -> None:
        self.take_address()


class EEPro100(PCINIC):
    """The Intel cards of one kind (``hw/net/eepro100.c``)."""

    regions = (
        {"name": "eepro100-mmio", "size": 4096},
        {"name": "eepro100-io", "size": 64},
        {"name": "eepro100-flash", "size": 131072},
    )


class ISANIC(NIC):
    """The model of "ne2k_isa"."""

    def do_realize(self) -> None:
        self.take_address()


class USBNIC(NIC, USBDevice):
    """The model of "usb-net"."""

    product = "QEMU USB Network Interface"

    def usb_realize(self) -> None:
        self.take_address()
