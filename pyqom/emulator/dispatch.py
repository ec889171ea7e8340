"""From an address to the device that answers there, for ports and for memory."""

from __future__ import annotations

from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    Read = Callable[[int, int], int]
    Write = Callable[[int, int, int], None]


class Range:
    """Addresses, and who answers them."""

    __slots__ = ("name", "place", "read", "write")

    def __init__(self, place: range, name: str, read: Read, write: Write) -> None:
        self.place = place
        self.name = name
        self.read = read
        self.write = write


class Space:
    """An address space of devices; where there is none, reads give the bits of ``unassigned``.

    ``ranges`` may overlap, as in QEMU: the later one has the word.
    """

    def __init__(self, ranges: Iterable[Range], unassigned: int) -> None:
        self.ranges = tuple(ranges)[::-1]
        self._unassigned = unassigned

    def _at(self, address: int) -> Range | None:
        for each in self.ranges:
            if address in each.place:
                return each
        return None

    def read(self, address: int, size: int) -> int:
        """The value of `size` bytes, little endian, from whoever has the first of them.

        Raises what the device raises.
        """
        found = self._at(address)
        value = self._unassigned if found is None else found.read(address, size)
        return value & (1 << 8 * size) - 1

    def write(self, address: int, size: int, value: int) -> None:
        """Give `size` bytes to whoever has the first of them, if anybody has.

        Raises what the device raises.
        """
        found = self._at(address)
        if found is not None:
            found.write(address, size, value & (1 << 8 * size) - 1)


NO_PORT = 0xFFFFFFFF
"""What a port reads that no device has (``unassigned_io_read``)."""
NO_MEMORY = 0
"""What memory reads that nobody has (``unassigned_mem_read``)."""
LAST_PORT, LAST_ADDRESS = 0xFFFF, (1 << 52) - 1


def ports(devices: Iterable[Any]) -> Space:
    """The I/O ports of those devices that have some.  Raises PyqomError for ports below 0."""
    found = []
    for device in devices:
        if hasattr(device, "ports"):
            place = _checked(device, device.ports(), LAST_PORT)
            found.append(Range(place, _name(device), device.read_port, device.write_port))
    return Space(found, NO_PORT)


def memory(devices: Iterable[Any]) -> Space:
    """The registers in memory of those devices that have some."""
    found = []
    for device in devices:
        if hasattr(device, "mmio"):
            place = _checked(device, device.mmio(), LAST_ADDRESS)
            found.append(Range(place, _name(device), device.read_memory, device.write_memory))
    return Space(found, NO_MEMORY)


def _name(device: Any) -> str:
    return str(device.canonical_path() or device.typename)


def _checked(device: Any, place: range, last: int) -> range:
    """What of a device's addresses there is; a device may have been put beyond the last."""
    if place.step != 1 or place.start < 0:
        raise PyqomError(f"'{_name(device)}' cannot answer at {place}")
    return range(min(place.start, last + 1), min(place.stop, last + 1))
