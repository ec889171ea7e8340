"""The memory that guest code finds: bytes behind memory backends, ROM, and where they lie.

QEMU ``backends/hostmem.c``, ``hw/i386/pc.c`` (``pc_memory_init``), ``hw/i386/x86-common.c``.
"""

from __future__ import annotations

import mmap

from pyqom.errors import PyqomError
from pyqom.machines.bootfiles import FIRMWARE_UNIT, BootFileError
from pyqom.machines.memory import Layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

KIB, GIB = 1 << 10, 1 << 30
PAGE = 4 * KIB
VGA, LOW_END = 0xA0000, 0x100000
"""Below 1 MiB there is RAM up to the VGA's window; then devices and ROM."""
MICROVM_LOW = 3 * GIB
"""So much of a microvm's RAM lies below 4 GiB."""
ISA_BIOS = 128 * KIB
"""So much of the end of the firmware is seen below 1 MiB as well."""
MOST_FIRMWARE = 16 << 20


class Region:
    """Bytes at an address: ``size`` of ``content`` from ``offset`` on.

    All four are multiples of a page, but ``offset`` of none.
    """

    __slots__ = ("address", "content", "name", "offset", "size", "writable")

    def __init__(
        self, name: str, address: int, content: Any, offset: int, size: int, writable: bool = True
    ) -> None:
        self.name = name
        self.address = address
        self.content = content
        self.offset = offset
        self.size = size
        self.writable = writable

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.address + self.size


def content_of(backend: Any) -> mmap.mmap:
    """The bytes of a memory backend, made when they are first asked for, zero at first.

    A ``memory-backend-file`` has its file's.  Raises PyqomError with QEMU's text where there is not
    so much memory.
    """
    found: mmap.mmap | None = getattr(backend, "content", None)
    if found is None:
        try:
            found = backend.content = _mapped(backend)
        except (OSError, ValueError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "Cannot allocate memory"
            name = backend.path_component
            raise PyqomError(f"cannot set up guest memory '{name}': {reason}") from None
    return found


def _mapped(backend: Any) -> mmap.mmap:
    size = backend.get("size")
    path = backend.get("mem-path") if "mem-path" in type(backend).properties() else None
    if not path:
        return mmap.mmap(-1, size)
    with open(path, "r+b") as file:
        access = mmap.MAP_SHARED if backend.get("share") else mmap.MAP_PRIVATE
        return mmap.mmap(file.fileno(), size, flags=access)


# --- the machine's RAM ---------------------------------------------------------------------------


def ram(machine: Any, dimms: Iterable[Any] = ()) -> Iterator[Region]:
    """The machine's RAM where it lies, without the hole below 1 MiB, then its DIMMs."""
    for backend, address, offset, size in _placed(machine, _layout(machine)):
        name, content = backend.path_component, content_of(backend)
        for start, end in _around_the_hole(address, address + size):
            yield Region(name, start, content, offset + start - address, end - start)
    for dimm in dimms:
        backend, address = dimm.memory, dimm.get("addr")
        size = backend.get("size")
        yield Region(backend.path_component, address, content_of(backend), 0, size)


def _layout(machine: Any) -> Layout:
    """Where the RAM lies; a microvm has none of its own (``microvm_memory_init``)."""
    if machine.layout is not None:
        found: Layout = machine.layout
        return found
    below = min(machine.memory_size, MICROVM_LOW)
    return Layout(below, machine.memory_size - below)


def _placed(machine: Any, layout: Layout) -> Iterator[tuple[Any, int, int, int]]:
    """(backend, address, offset in it, size): one after another, first below 4 GiB, then above."""
    below, total, done = layout.below_4g, layout.below_4g + layout.above_4g, 0
    for backend in _backends(machine):
        offset, size = 0, backend.get("size")
        while offset < size and done < total:
            is_low = done < below
            address = done if is_low else layout.above_start + done - below
            part = min(size - offset, (below if is_low else total) - done)
            yield backend, address, offset, part
            offset, done = offset + part, done + part


def _backends(machine: Any) -> list[Any]:
    if machine.memory_backend is not None:
        return [machine.memory_backend]
    nodes = machine.numa.nodes if machine.numa is not None else {}
    return [nodes[number].memdev for number in sorted(nodes) if nodes[number].memdev is not None]


def _around_the_hole(start: int, end: int) -> Iterator[tuple[int, int]]:
    for first, last in ((start, min(end, VGA)), (max(start, LOW_END), end)):
        if last - first >= PAGE:
            yield first, last - last % PAGE


# --- firmware ------------------------------------------------------------------------------------


def read_firmware(path: str) -> bytes:
    """The firmware that is to run.  Raises PyqomError with QEMU's text where it cannot be had."""
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_FIRMWARE + 1)
    except (OSError, ValueError):
        content = b""
    if not content or len(content) % FIRMWARE_UNIT or len(content) > MOST_FIRMWARE:
        raise BootFileError(f"qemu: could not load PC BIOS '{path}'")
    return content


def firmware(content: bytes) -> Iterator[Region]:
    """The firmware below 4 GiB, and its end below 1 MiB (``x86_bios_rom_init``)."""
    size = len(content)
    held = mmap.mmap(-1, size)
    held[:] = content
    yield Region("pc.bios", 4 * GIB - size, held, 0, size, writable=False)
    seen = min(size, ISA_BIOS)
    yield Region("isa-bios", LOW_END - seen, held, size - seen, seen, writable=False)


def gaps(regions: Iterable[Region], end: int = 4 * GIB) -> Iterator[tuple[int, int]]:
    """Start and end of what no region covers below `end`, in order."""
    last = 0
    for region in sorted(regions, key=lambda each: each.address):
        if min(region.address, end) > last:
            yield last, min(region.address, end)
        last = max(last, region.end)
    if last < end:
        yield last, end
