"""Memory regions, as far as the composition tree shows them (QEMU ``system/memory.c``)."""

from __future__ import annotations

from pyqom.types import Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WHOLE = (1 << 64) - 1
"""The size of a region that is all of the address space, as it is shown."""


class MemoryRegion(Object):
    """The model of type "memory-region": a range of addresses, perhaps inside another."""

    _size = 0
    _addr = 0
    _priority = 0
    _container: Any = None


def add_region(
    owner: Any, name: str, size: int = 0, typename: str = "memory-region"
) -> Any:
    """Give an object a memory region, as child "NAME[N]" (``memory_region_init``).

    Returns the region.
    """
    region = owner.registry.get(typename)()
    region._size = size
    return owner.add_child(name.replace("/", "\\x2f") + "[*]", region)
