"""Network backends and the addresses of network cards (QEMU ``net/net.c``)."""

from __future__ import annotations

from pyqom.errors import DeviceNotFound, InvalidParameterValue, PyqomError
from pyqom.types.user_creatable import id_wellformed

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


ONE_OF_SOCKET = ("fd", "listen", "connect", "mcast", "udp")


class Network:
    """The network backends of one machine, and which addresses its cards have."""

    def __init__(self, surroundings: Any) -> None:
        self.clients: dict[str, NetClient] = {}
        self._surroundings = surroundings
        self._used = dict.fromkeys(range(FIRST, LAST), 0)

    def find(self, name: str) -> NetClient | None:
        """The backend of a name."""
        return self.clients.get(name)

    def add(self, options: Mapping[str, Any]) -> NetClient:
        """Make a backend from a checked Netdev (``netdev_add``).  Raises PyqomError."""
        name, kind = options["id"], options["type"]
        if not id_wellformed(name):
            raise InvalidParameterValue("Parameter 'id' expects an identifier")
        if name in self.clients:
            raise PyqomError(f"Duplicate ID '{name}'")
        self._check(kind, options)
        client = self.clients[name] = NetClient(name, kind, options, options.get("queues", 1))
        self._surroundings.netdevs[name] = client.queues
        return client

    def _check(self, kind: str, options: Mapping[str, Any]) -> None:
        """What a kind of backend wants.  Raises PyqomError."""
        if kind == "nic":
            raise PyqomError("network backend 'nic' is not compiled into this binary")
        if kind == "socket" and sum(each in options for each in ONE_OF_SOCKET) != 1:
            raise PyqomError("exactly one of listen=, connect=, mcast= or udp= is required")
        if kind == "hubport" and "netdev" in options and options["netdev"] not in self.clients:
            raise PyqomError(f"netdev '{options['netdev']}' not found")
        if kind == "dgram" and "local" not in options and "remote" not in options:
            raise PyqomError("dgram requires local= parameter")
        if kind == "vhost-user":
            chardev = options["chardev"]
            if self._surroundings.chardev(chardev) is None:
                raise PyqomError(f'chardev "{chardev}" not found')

    def remove(self, name: str) -> None:
        """Delete a backend (``netdev_del``); its device keeps its name.  Raises DeviceNotFound."""
        if name not in self.clients:
            raise DeviceNotFound(f"Device '{name}' not found")
        del self.clients[name]
        del self._surroundings.netdevs[name]

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
