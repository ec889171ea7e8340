"""Character devices as QOM objects, under ``/chardevs`` (``chardev/char.c``, ``char-socket.c``).

What moves the bytes is a backend of `pyqom.monitor.backends`; the object only shows it.
"""

from __future__ import annotations

from functools import partial

from pyqom.types import Computed, Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pyqom.types import Registry


class Chardev(Object, typename="chardev", abstract=True):
    """A character device.

    ``backend`` moves its bytes, None where nothing does; ``frontend`` is who took it, such as a
    monitor.  ``sink`` gets the bytes that a device writes, as `bytes`; without one they are lost.
    """

    backend: Any = None
    frontend: Any = None
    sink: Callable[[bytes], object] | None = None

    def write(self, data: bytes) -> None:
        """Take what a device says."""
        if self.sink is not None:
            self.sink(data)

    @property
    def filename(self) -> str:
        """Where it leads, as ``query-chardev`` tells it."""
        kind = self.typename.removeprefix("chardev-")
        return kind if self.backend is None else str(self.backend.filename)

    @property
    def label(self) -> str:
        """The name by which options and commands call it."""
        return self.path_component or ""


class ChardevFd(Chardev, typename="chardev-fd", abstract=True):
    """One on file descriptors."""


class ChardevSocket(Chardev, typename="chardev-socket"):
    """A socket, which listens or connects."""

    address: dict[str, Any] = {}
    """Its QMP SocketAddress."""

    connected = Computed("bool", lambda self: getattr(self.backend, "client", None) is not None)
    addr = Computed("SocketAddress", lambda self: dict(self.address))


CHILDREN = {
    "chardev-null": Chardev,
    "chardev-stdio": ChardevFd,
    "chardev-file": ChardevFd,
    "chardev-pipe": ChardevFd,
}
"""The types that add nothing to their parents."""

TEMPLATES: tuple[Any, ...] = (Chardev, ChardevFd, ChardevSocket)


def declare(registry: Registry) -> None:
    """Enter the chardev types that there are backends for in a registry."""
    for template in TEMPLATES:
        make = partial(registry.adopt, template)
        parent = template.parent.typename
        registry.declare(template.typename, parent, make, abstract=template.abstract)
    for name, parent in CHILDREN.items():
        registry.declare(name, parent.typename, _maker(registry, name, parent.typename))


def _maker(registry: Registry, name: str, parent: str) -> Any:
    def make() -> Any:
        base = registry.get(parent)
        return type(base)(name, (base,), {}, typename=name, registry=registry)

    return make
