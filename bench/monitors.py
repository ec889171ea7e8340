"""Processes with a QMP monitor, pyqom's and QEMU's, at the same work with the same client.

The monitor is on stdio, which is a pair of connected unix sockets here, so that a QEMU in a chroot
can be reached as well.  Replies are counted and not parsed, so that the servers are timed.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

PYQOM = [sys.executable, "-m", "pyqom.system"]
OPTIONS = ("-accel", "tcg", "-S", "-nodefaults", "-display", "none", "-qmp", "stdio")
PATIENCE = 60
"""Seconds after which a server that does not answer is given up."""


def request(execute: str, **arguments: Any) -> bytes:
    """A request as it goes over the line; ``_`` in a name stands for ``-``."""
    message: dict[str, Any] = {"execute": execute}
    if arguments:
        named = {name.replace("_", "-"): value for name, value in arguments.items()}
        message["arguments"] = named
    return json.dumps(message).encode() + b"\n"


NEGOTIATE = request("qmp_capabilities")


class Served:
    """A process whose monitor we are connected to, greeted and negotiated."""

    def __init__(self, command: Sequence[str], *options: str) -> None:
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(PATIENCE)
        self._buffer = b""
        with theirs:
            self.process = subprocess.Popen(
                [*command, *options, *OPTIONS],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
            )
        self.socket.sendall(NEGOTIATE)
        for _ in ("greeting", "reply"):
            self.line()

    def line(self) -> bytes:
        """The next line that the server says.  Raises EOFError where it has ended."""
        while b"\n" not in self._buffer:
            self._buffer += self._read()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def ask(self, data: bytes) -> bytes:
        """Send a request; its reply."""
        self.socket.sendall(data)
        return self.line()

    def pipeline(self, data: bytes, count: int) -> None:
        """Send a request many times, then read all replies."""
        self.socket.sendall(data * count)
        while count:
            count -= self._read().count(b"\n")

    def _read(self) -> bytes:
        """What the server says next, in no particular portion.  Raises EOFError."""
        data = self.socket.recv(1 << 20)
        if not data:
            raise EOFError("the server ended")
        return data

    def close(self) -> None:
        self.socket.close()
        self.process.kill()
        self.process.wait()


@contextmanager
def served(commands: Sequence[Sequence[str]], *options: str) -> Iterator[list[Served]]:
    """A server of each command, all gone afterwards."""
    servers: list[Served] = []
    try:
        servers.extend(Served(command, *options) for command in commands)
        yield servers
    finally:
        for server in servers:
            server.close()


def rates(servers: list[Served], act: Callable[[Served], Any], slices: int) -> list[float]:
    """How often a second each server lets `act` be done, in turns; the median of the slices."""
    found: list[list[float]] = [[] for _ in servers]
    for server in servers:
        for _ in range(3):
            act(server)
    for _ in range(slices):
        for server, rate in zip(servers, found, strict=True):
            rate.append(_rate(server, act))
    return [median(rate) for rate in found]


SLICE = 0.2
"""Seconds that one server is measured at a time."""


def _rate(server: Served, act: Callable[[Served], Any]) -> float:
    count, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < SLICE or not count:
        act(server)
        count += 1
    return count / spent


def start_seconds(command: Sequence[str], *options: str) -> float:
    """From the start of the process to the reply to its first command."""
    start = time.perf_counter()
    server = Served(command, *options)
    spent = time.perf_counter() - start
    server.close()
    return spent
