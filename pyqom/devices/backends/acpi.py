"""Devices and host bridges that stand in a NUMA node of their own (``hw/acpi/pci.c``)."""

from __future__ import annotations

from pyqom.devices.backends.fields import Field, text
from pyqom.devices.backends.hostmem import MAX_NODES
from pyqom.devices.backends.objects import Backend
from pyqom.errors import InvalidParameterValue
from pyqom.types import Object, UInt32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _node(obj: Any, value: int, name: str) -> int:
    if value >= MAX_NODES:
        # QEMU says so, of either type, and exits
        raise InvalidParameterValue("acpi-generic-initiator: Invalid NUMA node specified")
    return value


class AcpiGenericInitiator(Object, Backend, typename="acpi-generic-initiator"):
    """A PCI device that starts accesses to memory."""

    pci_dev = text(readable=False, description="PCI device to associate with the node")
    node = Field(
        UInt32(MAX_NODES),
        "int",
        accept=_node,
        readable=False,
        description="NUMA node associated with the PCI device",
    )


class AcpiGenericPort(Object, Backend, typename="acpi-generic-port"):
    """A CXL host bridge."""

    pci_bus = text(
        readable=False,
        description="PCI Bus of the host bridge associated with this GP affinity structure",
    )
    node = Field(
        UInt32(MAX_NODES),
        "int",
        accept=_node,
        readable=False,
        description="The NUMA node like ID to index HMAT/SLIT NUMA properties involving GP",
    )
