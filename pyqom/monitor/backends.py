"""Chardev backends: where a monitor's bytes come from and go to (``chardev/``).

A backend is opened first, which may fail with QEMU's text and, with ``wait=on``, waits for a
client; then it is attached to an event loop, and calls back with two file descriptors for each
connection.  Sockets have one client at a time, as QEMU's do: while it is there nobody else is
accepted, and the next one may come when it has gone.
"""

from __future__ import annotations

import errno
import os

from pyqom.monitor.chardev import ChardevError, FdAddress, InetAddress, UnixAddress
from pyqom.monitor.inet import BACKLOG, bind_one, resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from typing import Any

    from pyqom.monitor.chardev import Chardev
    from pyqom.monitor.loop import EventLoop

    Opened = Callable[[int | None, int | None], None]
    Report = Callable[[str], None]


def open_backend(chardev: Chardev, report: Report) -> Backend:
    """The backend of a chardev, open: bound, connected, or its file created.

    `report` gets lines that QEMU prints meanwhile, without program name and location.  Raises
    ChardevError with QEMU's text where it cannot be opened.
    """
    kind = chardev.backend
    if chardev.logfile is not None:
        _refuse_log(chardev.logfile)
    if kind == "udp":
        assert isinstance(chardev.address, InetAddress)
        resolve(chardev.address, passive=False)
    if kind == "socket":
        backend: Backend = _socket_backend(chardev)
    elif kind in _BACKENDS:
        backend = _BACKENDS[kind](chardev)
    else:
        raise ChardevError(f"pyqom has no chardev backend '{kind}'")
    try:
        backend.open(report)
    except BaseException:
        backend.close()  # a signal may have ended the wait for a client
        raise
    return backend


def _refuse_log(path: str) -> None:
    """A copy of all that is written is not kept; QEMU's word counts where none could be."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise ChardevError(f"Could not create '{path}': {error.strerror}") from None
    raise ChardevError("pyqom does not have 'logfile' on a chardev")


class Backend:
    """What all backends do; this one, such as null, has no client to hear from."""

    def __init__(self, chardev: Chardev) -> None:
        self.chardev = chardev
        self.loop: EventLoop | None = None
        self.opened: Opened | None = None

    @property
    def filename(self) -> str:
        """What ``query-chardev`` calls it."""
        return self.chardev.backend

    def open(self, report: Report) -> None:
        """Get hold of what the system has to give; raises ChardevError."""

    def attach(self, loop: EventLoop, opened: Opened) -> None:
        """Begin: call `opened` with (read_fd, write_fd) for each client, this one first."""
        self.loop = loop
        self.opened = opened
        self.begin()

    def begin(self) -> None:
        """Bring the first client, or wait for it."""
        assert self.opened
        self.opened(None, None)

    def gone(self) -> None:
        """The client has gone: look for the next."""

    def close(self) -> None:
        """Give everything back."""


class StdioBackend(Backend):
    """Standard input and output, which do not block while in use."""

    _blocking: tuple[bool, ...] = ()

    def open(self, report: Report) -> None:
        self._blocking = os.get_blocking(0), os.get_blocking(1)

    def begin(self) -> None:
        os.set_blocking(0, False)
        os.set_blocking(1, False)
        assert self.opened
        self.opened(0, 1)

    def close(self) -> None:
        for fd, blocking in enumerate(self._blocking):
            os.set_blocking(fd, blocking)


class FileBackend(Backend):
    """A file that is written, and perhaps another that is read."""

    _out = _in = -1

    def open(self, report: Report) -> None:
        chardev = self.chardev
        flags = os.O_APPEND if chardev.append else os.O_TRUNC
        self._out = _open_file(chardev.path, os.O_WRONLY | os.O_CREAT | flags)
        if chardev.input_path:
            self._in = _open_file(chardev.input_path, os.O_RDONLY | os.O_NONBLOCK)

    def begin(self) -> None:
        assert self.opened
        self.opened(None if self._in < 0 else self._in, self._out)

    def close(self) -> None:
        for fd in (self._out, self._in):
            if fd >= 0:
                os.close(fd)
        self._out = self._in = -1


def _open_file(path: str, flags: int) -> int:
    try:
        return os.open(path, flags | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise ChardevError(f"Could not open '{path}': {error.strerror}") from None


class PipeBackend(FileBackend):
    """Two FIFOs, PATH.in to read and PATH.out to write, or one PATH for both."""

    def open(self, report: Report) -> None:
        path = self.chardev.path
        flags = os.O_RDWR | os.O_NONBLOCK
        try:
            self._in = _open_file(f"{path}.in", flags)
            self._out = _open_file(f"{path}.out", flags)
        except ChardevError:
            self.close()
            self._in = _open_file(path, flags)
            self._out = os.dup(self._in)


class SerialBackend(FileBackend):
    """A serial device of the host, or what is given for one."""

    def open(self, report: Report) -> None:
        self._in = _open_file(self.chardev.path, os.O_RDWR | os.O_NONBLOCK)
        self._out = os.dup(self._in)


class PtyBackend(Backend):
    """A pseudo terminal, with a client as long as somebody has its other end open."""

    _master = -1
    _link = ""

    def open(self, report: Report) -> None:
        import tty

        try:
            self._master, slave = os.openpty()
        except OSError as error:
            raise ChardevError(f"Failed to create PTY: {error.strerror}") from None
        name = os.ttyname(slave)
        tty.setraw(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        self._name = name
        if self.chardev.path:
            try:
                os.symlink(name, self.chardev.path)
            except OSError as error:
                self.close()
                text = f"Failed to create PTY symlink: {error.strerror}"
                raise ChardevError(text) from None
            self._link = self.chardev.path
        print(f"char device redirected to {name} (label {self.chardev.id})", flush=True)

    @property
    def filename(self) -> str:
        return f"pty:{self._name}"

    def begin(self) -> None:
        """Look once a second whether somebody has opened the other end, as QEMU does."""
        import select

        if self._master < 0:
            return
        poll = select.poll()
        poll.register(self._master, select.POLLHUP)
        assert self.loop
        assert self.opened
        if poll.poll(0):
            self.loop.call_later(1, self.begin)
        else:
            self.opened(self._master, self._master)

    def gone(self) -> None:
        self.begin()

    def close(self) -> None:
        if self._master >= 0:
            os.close(self._master)
            self._master = -1
        if self._link:
            os.unlink(self._link)
            self._link = ""


# --- sockets -------------------------------------------------------------------------------------


class _SocketBackend(Backend):
    """What listening and connecting sockets share."""

    client: socket.socket | None = None

    def hand_over(self) -> None:
        """Call back with the client that is there."""
        assert self.client
        assert self.opened
        self.client.setblocking(False)
        fd = self.client.fileno()
        self.opened(fd, fd)

    def hang_up(self) -> None:
        """Let the client go."""
        if self.client is not None:
            self.client.close()
            self.client = None


class ListenBackend(_SocketBackend):
    """A socket that clients connect to (``server=on``)."""

    listener: socket.socket | None = None
    _inode: tuple[int, int] | None = None

    @property
    def filename(self) -> str:
        return f"disconnected:{self.chardev.address},server=on"

    def open(self, report: Report) -> None:
        address = self.chardev.address
        if isinstance(address, UnixAddress):
            self._bind_unix(address)
        elif isinstance(address, InetAddress):
            self._bind_inet(address)
        else:
            self.listener = _inherited(address)
        assert self.listener
        self.listener.listen(BACKLOG)
        if self.chardev.wait:
            report(f"info: QEMU waiting for connection on: {self.filename}")
            self.client = self.listener.accept()[0]

    def _bind_unix(self, address: UnixAddress) -> None:
        import socket
        import stat

        listener = socket.socket(socket.AF_UNIX)
        name = address.name
        try:
            if not address.abstract:
                # The descriptor's mode is the file's: nobody else may connect, not even for now.
                os.fchmod(listener.fileno(), 0o600)
                if os.path.exists(name) and stat.S_ISSOCK(os.stat(name).st_mode):
                    os.unlink(name)
            listener.bind(name)
            if not address.abstract:
                os.chmod(name, 0o600)
                status = os.stat(name)
                self._inode = status.st_dev, status.st_ino
        except OSError as error:
            listener.close()
            text = f"Failed to bind socket to {address.path}: {error.strerror}"
            raise ChardevError(text) from None
        self.listener = listener

    def _bind_inet(self, address: InetAddress) -> None:
        problem = ""
        for family, place in resolve(address, passive=True):
            try:
                self.listener, port = bind_one(family, place, address.to)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise ChardevError(f"Failed to bind socket: {error.strerror}") from None
                problem = f"Failed to find an available port: {error.strerror}"
                continue
            bound = self.listener.getsockname()
            self.chardev.address = InetAddress(bound[0], str(port))
            return
        raise ChardevError(problem)

    def begin(self) -> None:
        if self.client is not None:
            self.hand_over()
        else:
            self._listen()

    def _listen(self) -> None:
        if self.listener is not None and self.loop is not None:
            self.loop.add_reader(self.listener.fileno(), self._accept)

    def _accept(self) -> None:
        assert self.listener is not None
        assert self.loop is not None
        try:
            self.client = self.listener.accept()[0]
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError:
            # No descriptors are left, perhaps; the client stays in the queue meanwhile.
            self.loop.remove_reader(self.listener.fileno())
            self.loop.call_later(1, self._listen)
            return
        self.loop.remove_reader(self.listener.fileno())
        self.hand_over()

    def gone(self) -> None:
        self.hang_up()
        self._listen()

    def close(self) -> None:
        self.hang_up()
        if self.listener is None:
            return
        if self.loop is not None:
            self.loop.remove_reader(self.listener.fileno())
        self.listener.close()
        self.listener = None
        address = self.chardev.address
        if self._inode is not None and isinstance(address, UnixAddress):
            _remove(address.path, self._inode)


def _remove(path: str, inode: tuple[int, int]) -> None:
    """Remove a socket's file, unless it is somebody else's by now."""
    try:
        status = os.stat(path)
        if (status.st_dev, status.st_ino) == inode:
            os.unlink(path)
    except OSError:
        pass


class ConnectBackend(_SocketBackend):
    """A socket that connects to a server (``server=off``), perhaps again and again."""

    _trying: socket.socket | None = None
    _reported = False
    _closed = False

    def open(self, report: Report) -> None:
        self._report = report
        try:
            self.client = self._connect()
        except ChardevError as error:
            if not self.chardev.reconnect_ms:
                raise
            self._complain(error)

    def _complain(self, error: ChardevError) -> None:
        """Say once that nobody is there; who connects again and again need not say it each time."""
        if not self._reported:
            self._report(f"Unable to connect character device {self.chardev.id}: {error}")
        self._reported = True

    def _connect(self) -> socket.socket:
        import socket

        address = self.chardev.address
        if not isinstance(address, (UnixAddress, InetAddress)):
            return _inherited(address)
        if isinstance(address, UnixAddress):
            places: list[tuple[int, Any]] = [(socket.AF_UNIX, address.name)]
            shown = address.path
        else:
            places = resolve(address, passive=False)
            shown = f"{address.host}:{address.port}"
        problem = ""
        for family, place in places:
            client = socket.socket(family)
            try:
                client.connect(place)
            except OSError as error:
                client.close()
                problem = f"Failed to connect to '{shown}': {error.strerror}"
                continue
            return client
        raise ChardevError(problem)

    def begin(self) -> None:
        if self.client is None:
            self._try()
        else:
            self.hand_over()

    def _try(self) -> None:
        """Connect, and if it fails later again."""
        if self._closed:
            return
        try:
            self.client = self._connect()
        except ChardevError as error:
            self._complain(error)
            self._later()
            return
        self._reported = False
        self.hand_over()

    def _later(self) -> None:
        if self.chardev.reconnect_ms and self.loop is not None:
            self.loop.call_later(self.chardev.reconnect_ms / 1000, self._try)

    def gone(self) -> None:
        self.hang_up()
        self._later()

    def close(self) -> None:
        self._closed = True
        self.hang_up()


def _socket_backend(chardev: Chardev) -> Backend:
    return ListenBackend(chardev) if chardev.server else ConnectBackend(chardev)


def _inherited(address: FdAddress | None) -> socket.socket:
    """The socket behind a descriptor that the program was started with."""
    import socket

    text = address.fd if address else ""
    if not text.isdecimal():
        raise ChardevError(f"Unable to parse FD number {text}")
    try:
        return socket.socket(fileno=int(text))
    except OSError:
        raise ChardevError(f"File descriptor '{text}' is not a socket") from None


_BACKENDS: dict[str, type[Backend]] = {
    **dict.fromkeys(("null", "ringbuf", "memory", "udp", "vc"), Backend),
    **dict.fromkeys(("msmouse", "wctablet", "testdev", "qemu-vdagent"), Backend),
    "stdio": StdioBackend,
    "file": FileBackend,
    "pipe": PipeBackend,
    "pty": PtyBackend,
    "serial": SerialBackend,
}
