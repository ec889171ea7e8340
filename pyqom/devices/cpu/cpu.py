"""The abstract CPU (QEMU ``hw/core/cpu-common.c`` and ``cpu-system.c``)."""

from __future__ import annotations

from pyqom.devices.device import Device
from pyqom.types import Bool, Computed, Link
from pyqom.types.links import path_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SYSTEM_MEMORY = "/machine/unattached/system[0]"
"""Where every machine keeps its system memory, which a CPU sees unless told otherwise."""


class MemoryLink(Link):
    """``memory``: a CPU outside any tree sees the system memory of the machine asked about."""

    def wire(self, value: Any) -> Any:
        return SYSTEM_MEMORY if value is None else path_of(value)


class CPU(Device, typename="cpu", abstract=True):
    """What every CPU has: the memory it sees, and whether it waits to be powered on."""

    memory = MemoryLink("memory-region")
    legacy_memory = Computed("str", until="11.1")
    start_powered_off = Bool(False, qdev=False, show_default=False)
