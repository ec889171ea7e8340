"""Network backends and the addresses of network cards (QEMU ``net/net.c``)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

PREFIX = "52:54:00:12:34:"
FIRST, LAST = 0x56, 0xFF


class NetClient:
    """A network backend: ``options`` are its Netdev, ``peer`` the device that it is connected with.

    ``queues`` is how many queues it has.
    """

    def __init__(self, name: str, kind: str, options: Mapping[str, Any], queues: int = 1) -> None:
        self.name = name
        self.kind = kind
        self.options = dict(options)
        self.queues = queues
        self.peer: Any = None


class Network:
    """The network backends of one machine, and which addresses its cards have."""

    def __init__(self) -> None:
        self.clients: dict[str, NetClient] = {}
        self._used = dict.fromkeys(range(FIRST, LAST), 0)

    def find(self, name: str) -> NetClient | None:
        """The backend of a name."""
        return self.clients.get(name)

    def take_address(self, address: str | None) -> str:
        """Note a card's address; one that has none gets the next free one."""
        if address is None or address == "00:00:00:00:00:00":
            index = next((index for index, count in self._used.items() if not count), LAST)
            self._count(index, 1)
            return f"{PREFIX}{index:02x}"
        if address.startswith(PREFIX):
            self._count(int(address[-2:], 16), 1)
        return address

    def free_address(self, address: str) -> None:
        """A card goes away."""
        if address.startswith(PREFIX):
            self._count(int(address[-2:], 16), -1)

    def _count(self, index: int, change: int) -> None:
        if index in self._used:
            self._used[index] = max(0, self._used[index] + change)
