"""The abstract CPU (QEMU ``hw/core/cpu-common.c`` and ``cpu-system.c``)."""

from __future__ import annotations

from pyqom.devices.device import Device
from pyqom.errors import DeviceNotFound
from pyqom.types import Bool, Computed, Link
from pyqom.types.tree import Node
from pyqom.types.visitor import wrong_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SYSTEM_MEMORY = "/machine/unattached/system[0]"
"""Where every machine keeps its system memory, which a CPU sees unless told otherwise."""

OTHERS = frozenset({"/", "/machine", "/machine/unattached", "/machine/peripheral", "/objects"})
"""Objects of every machine that are no memory."""


class SystemMemory:
    """Stands for the system memory of the machine that a CPU outside any tree is asked about."""

    def canonical_path(self) -> str:
        """Where it is in every machine."""
        return SYSTEM_MEMORY

    def ref(self) -> None:
        """Nobody counts."""

    unref = ref


class MemoryLink(Link):
    """``memory``: at first the system memory, which a CPU outside any tree can name as well."""

    def _find(self, path: str, owner: Any) -> Any:
        if not path or (isinstance(owner, Node) and owner.root() is not None):
            return super()._find(path, owner)
        parts = [part for part in path.split("/") if part]
        whole = "/" + "/".join(parts)
        if path[0] == "/":
            same, other = whole == SYSTEM_MEMORY, whole in OTHERS
        else:
            same = SYSTEM_MEMORY.endswith(whole)
            other = any(each.endswith(whole) for each in OTHERS)
        if same:
            return SYSTEM
        if other:
            raise wrong_type(self.name, self.target)
        raise DeviceNotFound(f"Device '{path}' not found")


SYSTEM = SystemMemory()


class CPU(Device, typename="cpu", abstract=True):
    """What every CPU has: the memory it sees, and whether it waits to be powered on."""

    category = "cpu"

    memory = MemoryLink("memory-region", default=SYSTEM, show_default=False)
    legacy_memory = Computed("str", until="11.1")
    start_powered_off = Bool(False, qdev=False, show_default=False)
