"""Being a process: pid file, background, signals (``os-posix.c``, ``util/oslib-posix.c``)."""

from __future__ import annotations

import os
from contextlib import suppress

from pyqom.system.messages import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP")
"""What ends the program as if the host had asked for it."""


class Daemon:
    """The program in the background; the parent waits until `ready`."""

    def __init__(self) -> None:
        self._status = -1

    def start(self) -> None:
        """Fork; only the child comes back, in a session of its own.

        The parent ends when the child is ready, with status 0, or has ended, with status 1.
        """
        reading, writing = os.pipe()
        if os.fork():
            os.close(writing)
            ready = os.read(reading, 1) == b"\0"
            os._exit(0 if ready else 1)
        os.close(reading)
        self._status = writing
        os.setsid()
        if os.fork():
            os._exit(0)
        os.umask(0o027)

    def ready(self) -> None:
        """Let the parent go, and standard input and output too."""
        os.chdir("/")
        null = os.open(os.devnull, os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        os.close(null)
        os.write(self._status, b"\0")
        os.close(self._status)


class PidFile:
    """A file with the number of this process, locked as long as it lives."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._fd = -1

    def write(self) -> None:
        """Create the file.  Raises Failure where it cannot be, or another process has it."""
        import fcntl

        try:
            self._fd = os.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _cannot(f"Could not create '{self.path}': {error.strerror}") from None
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            self._fd = -1  # the file is another's
            raise _cannot(f"Cannot lock pid file: {error.strerror}") from None
        os.ftruncate(self._fd, 0)
        os.write(self._fd, f"{os.getpid()}\n".encode())
        self.path = os.path.realpath(self.path)

    def remove(self) -> None:
        """Take the file away."""
        if self._fd >= 0:
            with suppress(OSError):
                os.unlink(self.path)
            os.close(self._fd)
            self._fd = -1


def _cannot(why: str) -> Failure:
    return Failure(f"cannot create PID file: {why}")


def die_of_interrupts() -> None:
    """Let SIGINT end the program without a word, as long as nobody has to clean up behind it."""
    import signal

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def watch_signals(wake: int, handle: Callable[[int], None]) -> None:
    """Call `handle` with the number of a signal that ends the program.

    A byte is written to the descriptor `wake`, which does not block, so that who waits wakes up.
    """
    import signal

    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for name in SIGNALS:
        signal.signal(getattr(signal, name), lambda number, _: handle(number))
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
