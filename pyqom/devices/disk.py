"""What disks have in common: block sizes, geometry, and rights on the node behind them.

QEMU: ``hw/block/block.c``, ``hw/block/hd-geometry.c``.
"""

from __future__ import annotations

from pyqom.devices.blocks import (
    CONSISTENT_READ,
    RESIZE,
    SECTOR,
    WRITE,
    WRITE_UNCHANGED,
    Backend,
)
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

UNSET = 0xFFFFFFFF
MOST_UINT16 = 0xFFFF
HEADS, SECTORS = 16, 63
FEWEST_CYLINDERS, MOST_CYLINDERS = 2, 16383


def drive_of(disk: Any) -> Backend:
    """The backend that a disk has to have.  Raises PyqomError."""
    if disk._drive is None:
        raise PyqomError("drive property not set")
    drive: Backend = disk._drive
    return drive


def check_sizes(disk: Any) -> None:
    """Fill in and check block sizes (``blkconf_blocksizes``).  Raises PyqomError."""
    disk._physical_block_size = disk._physical_block_size or SECTOR
    disk._logical_block_size = disk._logical_block_size or SECTOR
    block = disk._logical_block_size
    if block > disk._physical_block_size:
        raise PyqomError("logical_block_size > physical_block_size not supported")
    if disk._min_io_size % block:
        raise PyqomError("min_io_size must be a multiple of logical_block_size")
    if disk._min_io_size // block > MOST_UINT16:
        raise PyqomError(f"min_io_size must not exceed {MOST_UINT16} logical blocks")
    if disk._opt_io_size % block:
        raise PyqomError("opt_io_size must be a multiple of logical_block_size")
    if disk._discard_granularity != UNSET and disk._discard_granularity % block:
        raise PyqomError("discard_granularity must be a multiple of logical_block_size")


def check_geometry(disk: Any, most: tuple[int, int, int]) -> None:
    """Guess cylinders, heads and sectors, or check those given (``blkconf_geometry``).

    `most` are the highest numbers of each.  Raises PyqomError.
    """
    if not disk._cyls and not disk._heads and not disk._secs:
        size = disk._drive.node.size // SECTOR if disk._drive.node is not None else 0
        if size:
            cylinders = size // (HEADS * SECTORS)
            disk._cyls = min(max(cylinders, FEWEST_CYLINDERS), MOST_CYLINDERS)
            disk._heads, disk._secs = HEADS, SECTORS
    if disk._cyls or disk._heads or disk._secs:
        for name, limit in zip(("cyls", "heads", "secs"), most, strict=True):
            if not 1 <= getattr(disk, f"_{name}") <= limit:
                raise PyqomError(f"{name} must be between 1 and {limit}")


def take_rights(disk: Any, read_only: bool, resizable: bool) -> None:
    """Say what the disk does with its node (``blkconf_apply_backend_options``).

    Raises PyqomError where another user of the node does not allow it.
    """
    rights = {CONSISTENT_READ} if read_only else {CONSISTENT_READ, WRITE}
    shared = {CONSISTENT_READ, WRITE_UNCHANGED}
    if resizable:
        shared.add(RESIZE)
    if disk._share_rw:
        shared.add(WRITE)
    drive = drive_of(disk)
    drive.take_rights(frozenset(rights), frozenset(shared))
    disk.on_unrealize(drive.drop_rights)


def can_write(drive: Backend) -> bool:
    """Whether the node can be written to."""
    return drive.node is None or not drive.node.read_only
