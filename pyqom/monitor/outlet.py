"""The end of a chardev that a device writes to (``chardev/char-fe.c``)."""

from __future__ import annotations

import os
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.monitor.backends import Backend
    from pyqom.monitor.loop import EventLoop


class Outlet:
    """Takes a backend for a device: what is written goes to the client that is there.

    Without a client it is lost, as in QEMU.  What clients say is not read.
    """

    def __init__(self, backend: Backend, loop: EventLoop) -> None:
        self._backend = backend
        self._fd: int | None = None
        backend.attach(loop, self._opened)

    def _opened(self, reading: int | None, writing: int | None) -> None:
        self._fd = writing

    def write(self, data: bytes) -> None:
        """Write it all, and wait for a slow client (``qemu_chr_fe_write_all``)."""
        rest = memoryview(data)
        while rest and self._fd is not None:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                select.select((), (self._fd,), ())
            except OSError:
                self._fd = None
                self._backend.gone()
