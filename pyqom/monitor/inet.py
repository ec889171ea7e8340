"""TCP addresses: what a host and a port mean, and a free port (``util/qemu-sockets.c``)."""

from __future__ import annotations

import errno

from pyqom.monitor.chardev import ChardevError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import Any

    from pyqom.monitor.chardev import InetAddress

# How many clients may queue for their turn.
BACKLOG = 128


def resolve(address: InetAddress, *, passive: bool) -> list[tuple[int, Any]]:
    """The families and places that an address means.

    A server is for this machine alone unless its address was told: no host, which is every
    address to QEMU, is refused here.
    """
    import socket

    if passive and not address.host:
        raise ChardevError("TCP beyond this machine must be asked for: host=0.0.0.0 or host=::")
    family = {(True, None): socket.AF_INET, (None, True): socket.AF_INET6}.get(
        (address.ipv4, address.ipv6), socket.AF_UNSPEC
    )
    if address.ipv4 is False:
        family = socket.AF_INET6
    elif address.ipv6 is False:
        family = socket.AF_INET
    flags = socket.AI_PASSIVE if passive else 0
    try:
        found = socket.getaddrinfo(
            address.host or "localhost", address.port or "0", family, socket.SOCK_STREAM, 0, flags
        )
    except socket.gaierror as error:
        text = f"address resolution failed for {address.host}:{address.port}: {error.strerror}"
        raise ChardevError(text) from None
    return [(entry[0], entry[4]) for entry in found]


def bind_one(family: int, place: Any, to: int | None) -> tuple[socket.socket, int]:
    """A socket at the place, at its port or the next free one up to `to`; raises OSError."""
    import socket

    last = max(to or 0, place[1])
    for port in range(place[1], last + 1):
        listener = socket.socket(family)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((place[0], port, *place[2:]))
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            if port == last or error.errno != errno.EADDRINUSE:
                raise
            continue
        return listener, listener.getsockname()[1]
    raise OSError("no port")
