"""Virtio devices, the bus each has for itself, and the PCI proxy (QEMU ``hw/virtio``)."""

from __future__ import annotations

from pyqom.devices.bus import Bus
from pyqom.devices.device import Device
from pyqom.devices.pci import PCIDevice
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

UNSPECIFIED = 0xFFFFFFFF
"""A number of vectors that the type chooses itself."""


class VirtIOBus(Bus):
    """The model of type "virtio-bus": it has room for one device."""

    most_members = 1


class VirtIODevice(Device):
    """The model of type "virtio-device": what a proxy makes a guest see."""

    queues = 1
    """How many queues it has, once it is realized."""

    def do_realize(self) -> None:
        self.virtio_realize()

    def virtio_realize(self) -> None:
        """What a type of virtio device does to come to life.  Raises PyqomError."""


class VirtIOPCI(PCIDevice):
    """The model of type "virtio-pci": the PCI device through which a guest sees a virtio device."""

    extra_vectors = 1
    """How many vectors it takes beside one a queue, where nobody asks for a number."""

    @property
    def backend(self) -> Any:
        """The virtio device behind it."""
        return self.property("virtio-backend").resolve(self)

    def pci_realize(self) -> None:
        """``virtio_pci_realize``, then ``virtio_pci_device_plugged``."""
        self._check_modes()
        bus = self.new_bus("virtio-pci-bus", "virtio-bus")
        self.before_backend()
        self.backend.realize_on(bus)

    def before_backend(self) -> None:
        """What the proxy tells its device before that comes to life."""

    def _check_modes(self) -> None:
        """A device that is neither modern nor legacy cannot work."""
        if self.has_property("disable-modern") and self.get("disable-modern"):
            legacy = self.get("disable-legacy")
            express = self.pci_bus.is_express and not self.pci_bus.is_root
            if legacy == "on" or (legacy == "auto" and express):
                raise PyqomError(
                    "device cannot work as neither modern nor legacy mode is enabled"
                )
