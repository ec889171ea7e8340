"""NVMe: controllers, the subsystem behind each, and namespaces (QEMU ``hw/nvme``)."""

from __future__ import annotations

from pyqom.devices import disk
from pyqom.devices.backends.fields import Fact
from pyqom.devices.device import Device
from pyqom.devices.parts import new_part
from pyqom.devices.pci import PCIDevice
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_NAMESPACES = 256
HAS_ALWAYS_A_SUBSYSTEM = Fact(since="11.1")


class NVMe(PCIDevice):
    """The model of "nvme"; a drive of its own is its first namespace."""

    def pci_realize(self) -> None:
        """``nvme_realize``: without a subsystem it makes itself one."""
        if self.subsys is None and HAS_ALWAYS_A_SUBSYSTEM.holds(self.registry):
            subsystem = new_part(self, "nvme-subsys")
            subsystem.realize(True)
            self.property("subsys").store(self, subsystem)
            self.on_unrealize(self._leave)
        if self._drive is not None:
            disk.check_sizes(self)
            disk.take_rights(self, not disk.can_write(self._drive), False)

    def _leave(self) -> None:
        subsystem = self.subsys
        self.property("subsys").store(self, None)
        subsystem.pending_deleted = False
        subsystem.deleted_path = None
        subsystem.unparent()


class NVMeNamespace(Device):
    """The model of "nvme-ns": it moves to the bus of the controller's subsystem."""

    _parent_bus: Any
    _nsid: int

    def do_realize(self) -> None:
        """``nvme_ns_realize``."""
        controller = self._parent_bus.owner
        bus = old = self._parent_bus
        if controller.subsys is not None:
            bus = controller.subsys.buses[0]
            old.remove(self)
            old.unref()
            self.put_on(bus)
        disk.check_sizes(self)
        disk.take_rights(self, not disk.can_write(self._drive), False)
        taken = {each._nsid for each in bus.members if each is not self}
        if not self._nsid:
            self._nsid = next(
                (number for number in range(1, MOST_NAMESPACES + 1) if number not in taken), 0
            )
            if not self._nsid:
                raise PyqomError("no free namespace id")
        elif self._nsid in taken:
            raise PyqomError(f"namespace id '{self._nsid}' already allocated")
