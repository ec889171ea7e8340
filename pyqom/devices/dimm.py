"""``pc-dimm``: memory that is plugged into a slot (QEMU ``hw/mem/pc-dimm.c``)."""

from __future__ import annotations

from pyqom.devices.device import Device
from pyqom.errors import PyqomError
from pyqom.types import Computed, Int32, Interface, Link, UInt32, UInt64
from pyqom.types.views import InstanceComputed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.types import Registry

UNASSIGNED_SLOT = -1
ALIGNMENT = 0x200000
"""How anonymous memory is aligned, so that huge pages fit (``QEMU_VMALLOC_ALIGN``)."""
PAGE = 4096


class MemoryDevice(Interface, typename="memory-device"):
    """What takes a part of the guest's address space (``include/hw/mem/memory-device.h``)."""


class PCDimm(Device, typename="pc-dimm", interfaces=("memory-device",)):
    """Memory of a backend, ``addr`` bytes into the guest's address space, in a slot of a node.

    The machine gives it address and slot, where they were not asked for, before it is realized.
    """

    class_description = "DIMM memory module"

    node = UInt32(0)
    memdev = Link("memory-backend")
    addr = UInt64(0)
    legacy_memdev = Computed(
        "str", lambda self: self.memdev.canonical_path() if self.memdev else "", until="11.1"
    )
    slot = Int32(UNASSIGNED_SLOT)
    size = InstanceComputed("uint64", lambda self: self.memory.get("size"))

    numa_nodes = 0
    """How many NUMA nodes the machine has."""

    @property
    def memory(self) -> Any:
        """The memory backend.  Raises PyqomError where there is none."""
        if self.memdev is None:
            raise PyqomError("'memdev' property must be set")
        return self.memdev

    @property
    def alignment(self) -> int:
        """How its address has to be aligned, in bytes."""
        anonymous = self.memory.typename == "memory-backend-ram" and not self.memory.get("share")
        return ALIGNMENT if anonymous else PAGE

    def do_realize(self) -> None:
        """Check backend and node, and take the backend (``pc_dimm_realize``)."""
        memory = self.memory
        if memory.is_mapped:
            raise PyqomError(f"can't use already busy memdev: {memory.path_component}")
        if self.node >= max(self.numa_nodes, 1):
            raise PyqomError(
                f"'DIMM property node has value {self.node}' which exceeds the number of numa"
                f" nodes: {max(self.numa_nodes, 1)}"
            )
        memory.is_mapped = True
        self.on_unrealize(lambda: setattr(memory, "is_mapped", False))

    def info(self) -> dict[str, Any]:
        """Its PCDIMMDeviceInfo, without type (``query-memory-devices``)."""
        info = {
            "addr": self.addr,
            "slot": self.slot,
            "node": self.node,
            "size": self.get("size"),
            "memdev": self.memory.canonical_path(),
            "hotpluggable": self.hotpluggable_class,
            "hotplugged": self._hotplugged,
        }
        return info if self.id is None else {"id": self.id, **info}


def declare(registry: Registry) -> None:
    """Enter the type in a registry."""
    registry.declare(MemoryDevice.typename, "interface", lambda: MemoryDevice, abstract=True)
    registry.declare(
        PCDimm.typename,
        "device",
        lambda: registry.adopt(PCDimm),
        interfaces=(MemoryDevice.typename,),
    )
