"""What a device is to guest code: ports, memory, and a wish to end the machine.

A device of the tree, whatever its type, answers guest code where it has these methods; nothing is
registered.  Ports and addresses are physical, sizes are bytes: 1, 2 or 4 at ports, up to 8 in
memory.  As in QEMU an access goes to whoever has its first byte, as a whole, and may reach beyond.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class PortDevice(Protocol):
        """A device with I/O ports (QEMU's ``isa_register_ioport``)."""

        def ports(self) -> range:
            """The ports that it answers; they may change while it is not realized."""

        def read_port(self, port: int, size: int) -> int:
            """What IN gets."""

        def write_port(self, port: int, size: int, value: int) -> None:
            """Take what OUT gives.  May raise `ShutdownRequest`, or PyqomError, an error in it."""

    class MemoryDevice(Protocol):
        """A device with registers in memory (QEMU's ``memory_region_init_io``)."""

        def mmio(self) -> range:
            """The addresses that it answers; RAM and ROM go before it."""

        def read_memory(self, address: int, size: int) -> int:
            """What a load gets."""

        def write_memory(self, address: int, size: int, value: int) -> None:
            """Take what a store gives.  May raise as `PortDevice.write_port`."""


class ShutdownRequest(Exception):
    """Guest code has ended the machine by a device (``qemu_system_shutdown_request_with_code``).

    ``status`` is what the program that runs the machine shall exit with.
    """

    def __init__(self, status: int = 0) -> None:
        super().__init__(status)
        self.status = status
