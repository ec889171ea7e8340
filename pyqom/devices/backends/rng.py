"""Sources of random numbers for guests (``backends/rng.c`` and its kinds)."""

from __future__ import annotations

import os

from pyqom.devices.backends import hostfile
from pyqom.devices.backends.fields import Field
from pyqom.devices.backends.objects import Backend
from pyqom.errors import PropertyError
from pyqom.types import Computed, Object, String

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _unless_opened(obj: Any, value: str, name: str) -> str:
    if obj.is_open:
        raise PropertyError(f"Property '{name}' can no longer be set")
    return value


class RngBackend(Object, Backend, typename="rng-backend", abstract=True):
    """A source of random numbers, opened when the object is complete."""

    is_open = False

    opened = Computed("bool", lambda obj: obj.is_open)

    def complete(self) -> None:
        """Open the source."""
        self.open()
        self.is_open = True

    def open(self) -> None:
        """Hook: see that the source is there, or raise."""


class RngBuiltin(RngBackend, typename="rng-builtin"):
    """QEMU's own source; needs nothing."""


class RngRandom(RngBackend, typename="rng-random"):
    """A file of the host's, such as ``/dev/urandom``."""

    filename = Field(String("/dev/urandom"), accept=_unless_opened)

    def open(self) -> None:
        """See whether the file can be opened.  Raises ObjectRefused."""
        flags = os.O_RDONLY | os.O_NONBLOCK
        os.close(hostfile.open_file(self.filename, flags, self.registry))


class RngEgd(RngBackend, typename="rng-egd"):
    """A daemon behind a chardev.  What is shown is the chardev that was found."""

    chardev = Field(
        String(), accept=_unless_opened, shown=lambda obj: obj._chardev if obj.is_open else None
    )

    def open(self) -> None:
        """Take the chardev.  Raises DeviceNotFound, ObjectRefused."""
        self.surroundings.take(self, self._chardev)

    def instance_finalize(self) -> None:
        """Let the chardev go."""
        self.surroundings.release(self, self._chardev)
