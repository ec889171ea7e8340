"""A blocking QMP client of a few lines, that sees what comes as it comes."""

from __future__ import annotations

import json
import socket
from typing import Any

PATIENCE = 60


class Client:
    """Connects to a unix socket's path or to (host, port); does not negotiate by itself."""

    def __init__(self, address: str | tuple[str, int]) -> None:
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(address)
        self.file = self.socket.makefile("rb")

    def send(self, command: str, **arguments: Any) -> None:
        request = {"execute": command, "arguments": arguments}
        self.socket.sendall(json.dumps(request).encode() + b"\n")

    def receive(self) -> Any:
        """The next message; None at the end."""
        line = self.file.readline()
        return json.loads(line) if line.endswith(b"\n") else None

    def ask(self, command: str, **arguments: Any) -> Any:
        """The next message after a command."""
        self.send(command, **arguments)
        return self.receive()

    def negotiated(self) -> Client:
        assert "QMP" in self.receive()
        assert self.ask("qmp_capabilities") == {"return": {}}
        return self

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
