"""From a linear address to a physical one, as the page tables say (SDM volume 3, chapter 4).

The engine's memory is read by physical addresses; what it stopped at has a linear one.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PAGING = 1 << 31
PSE, PAE = 1 << 4, 1 << 5
PRESENT, LARGE = 1, 1 << 7
FRAME = 0x000FFFFFFFFFF000


def physical(
    linear: int, cr0: int, cr3: int, cr4: int, long_mode: bool, read: Callable[[int, int], bytes]
) -> int | None:
    """The physical address behind a linear one; None where no page is present.

    `read(address, size)` reads physical memory and may raise for what is none.
    """
    if not cr0 & PAGING:
        return linear
    width, bits, shifts = 8, 9, [39, 30, 21, 12]
    if not cr4 & PAE:
        width, bits, shifts = 4, 10, [22, 12]
    elif not long_mode:
        shifts = [30, 21, 12]
    table = cr3 & (FRAME if long_mode or width == 4 else 0xFFFFFFE0)
    for shift in shifts:
        index = linear >> shift & (1 << bits) - 1
        entry = int.from_bytes(read(table + index * width, width), "little")
        if not entry & PRESENT:
            return None
        is_large = entry & LARGE and (width == 8 or cr4 & PSE) and 12 < shift < 39
        if shift == 12 or is_large:
            inside = (1 << shift) - 1
            return (entry & FRAME & ~inside) | (linear & inside)
        table = entry & FRAME
    return None
