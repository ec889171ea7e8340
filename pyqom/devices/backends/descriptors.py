"""Objects that are handed a file descriptor (``hw/remote/remote-obj.c``, ``backends/iommufd.c``).

A monitor of pyqom is handed none, so no name has one.
"""

from __future__ import annotations

import os

from pyqom.devices.backends.fields import Field, text
from pyqom.devices.backends.objects import Backend
from pyqom.errors import InvalidParameterValue, ObjectRefused
from pyqom.types import Object, String
from pyqom.types.visitor import scan_integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

IOMMU = "/dev/iommu"


def _descriptor(obj: Any, value: str, name: str) -> str:
    """The text of a number (``monitor_fd_param()``)."""
    if not value[:1].isdecimal():
        why = f"File descriptor named '{value}' has not been found"
    else:
        found = scan_integer(value)
        if found is not None and found[1] == len(value):
            return value
        why = f"Invalid file descriptor number '{value}'"
    raise InvalidParameterValue(f"Could not parse remote object fd {value}:{why}")


def _socket(obj: Any, value: str, name: str) -> str:
    _descriptor(obj, value, name)
    raise InvalidParameterValue(f"File descriptor '{value}' is not a socket")


class RemoteObject(Object, Backend, typename="x-remote-object"):
    """A device that another QEMU uses over a socket."""

    fd = Field(String(), accept=_socket, readable=False)
    devid = text(readable=False)


class IOMMUFDBackend(Object, Backend, typename="iommufd"):
    """The host's IOMMU; ``users`` counts the devices that use it."""

    users = 0

    fd = Field(String(), accept=_descriptor, readable=False)

    def complete(self) -> None:
        """Without a descriptor the host must have the device."""
        if self._fd is None and not os.path.exists(IOMMU):
            raise ObjectRefused(
                f"{IOMMU} does not exist (is your kernel config missing CONFIG_IOMMUFD?)"
            )

    def can_be_deleted(self) -> bool:
        """Not while a device uses it."""
        return not self.users
