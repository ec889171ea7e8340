"""The chardev commands (``qapi/char.json``, ``chardev/char.c``)."""

from __future__ import annotations

from pyqom.errors import PyqomError
from pyqom.monitor.backends import open_backend
from pyqom.monitor.chardev import Chardev, FdAddress, InetAddress, UnixAddress
from pyqom.monitor.command import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pyqom.monitor.command import Args
    from pyqom.monitor.dispatcher import Dispatcher

WITHOUT_DATA = ("hub", "memory", "msmouse", "mux", "ringbuf", "testdev", "vc", "wctablet")
"""Backends of which nobody outside sees any data: they are there, and no more."""


@command("chardev-add")
def chardev_add(monitor: Dispatcher, args: Args) -> Any:
    """Make a character device."""
    vm, label = monitor.vm, args["id"]
    kind, data = args["backend"]["type"], args["backend"]["data"]
    if vm.surroundings.chardev(label) is not None:
        if "chardev-errors-say-id" in vm.release.rules:
            raise PyqomError(f"Chardev with id '{label}' already exists")
        raise PyqomError(f"Chardev '{label}' already exists")
    try:
        backend = None if kind in WITHOUT_DATA else open_backend(_chardev(kind, label, data), _deaf)
    except PyqomError as error:
        raise PyqomError(f"Failed to add chardev '{label}': {error}") from None
    shown = vm.add_chardev(kind, label, backend)
    if kind == "socket":
        shown.address = {"type": data["addr"]["type"], **data["addr"]["data"]}
    return {}


def _deaf(text: str) -> None:
    """Nobody hears what QEMU would print."""


def _chardev(kind: str, label: str, data: Mapping[str, Any]) -> Chardev:
    """The description of a backend that has data."""
    if kind == "socket":
        return Chardev(
            kind,
            label,
            address=_address(data["addr"]),
            server=data.get("server", True),
            wait=data.get("wait", False),
            reconnect_ms=data.get("reconnect-ms", 1000 * data.get("reconnect", 0)),
        )
    if kind == "file":
        return Chardev(
            kind,
            label,
            path=data["out"],
            input_path=data.get("in", ""),
            append=data.get("append", False),
        )
    return Chardev(kind, label, path=data.get("device", ""))


def _address(wire: Mapping[str, Any]) -> UnixAddress | InetAddress | FdAddress:
    kind, data = wire["type"], wire["data"]
    if kind == "unix":
        return UnixAddress(
            data["path"], abstract=data.get("abstract", False), tight=data.get("tight", True)
        )
    if kind == "inet":
        return InetAddress(data["host"], data["port"])
    return FdAddress(data["str"])


@command("chardev-remove")
def chardev_remove(monitor: Dispatcher, args: Args) -> None:
    """Delete a character device that nobody uses."""
    label = args["id"]
    chardev = monitor.vm.surroundings.chardev(label)
    if chardev is None:
        raise PyqomError(f"Chardev '{label}' not found")
    if chardev.frontend is not None:
        raise PyqomError(f"Chardev '{label}' is busy")
    if chardev.backend is not None:
        chardev.backend.close()
    chardev.unparent()
