"""Monitors: sessions on the far end of chardevs.

A `Connection` moves bytes between a session and two file descriptors.  A `Monitor` is a chardev's
backend with a session for each client, one after another.  A `Server` is all monitors of a
machine, to which events are told.  They work on any `pyqom.monitor.loop.EventLoop`, asyncio's
or `PollLoop`, and never block it.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pyqom.monitor.backends import Backend
    from pyqom.monitor.loop import EventLoop
    from pyqom.monitor.protocol import Session

    SessionFactory = Callable[[bool], Session]

READ_SIZE = 1 << 16


class Connection:
    """A client: reads requests, writes replies, and reads no further while these are stuck.

    `read_fd` and `write_fd` do not block; either may be None.  `on_closed` is called once, when
    the client has gone or the session is over; the descriptors are the caller's to close.
    """

    def __init__(
        self,
        loop: EventLoop,
        session: Session,
        read_fd: int | None,
        write_fd: int | None,
        on_closed: Callable[[], None],
    ) -> None:
        self.session = session
        self._loop = loop
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._on_closed = on_closed
        self._unsent = b""
        self._reading = False
        self._writing = False
        self._open = True

    def start(self) -> None:
        """Greet the client, and listen to it."""
        self.session.on_output = self._flush
        self._flush()

    def close(self, patience: float = 0) -> None:
        """End the conversation, with what can be sent; nothing is called back any more.

        A client that reads nothing for `patience` seconds misses the rest.
        """
        if self._open:
            self._open = False
            data = self._unsent + self.session.take()
            while data:
                sent = self._send(data)
                data = data[max(sent, 0) :]
                if sent < 0 or not self._writable(patience):
                    break
            self._stop_reading()
            self._stop_writing()
            self.session.on_output = None
            self.session.close()

    def _end(self) -> None:
        """The client has gone, or has been told the last."""
        if self._open:
            self.close()
            self._on_closed()

    # --- reading ---

    def _readable(self) -> None:
        if not self._reading or self._read_fd is None:
            return
        try:
            data = os.read(self._read_fd, READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self.session.receive(data)
            self._flush()
        elif self._read_fd == self._write_fd:
            self._end()
        else:
            # Nobody will say any more, but somebody may still listen.
            self._stop_reading()
            self._read_fd = None

    def _start_reading(self) -> None:
        if self._reading or self._read_fd is None:
            return
        self._reading = True
        try:
            self._loop.add_reader(self._read_fd, self._readable)
        except PermissionError:
            self._read_plain_file()

    def _read_plain_file(self) -> None:
        """Read what cannot be waited for, because it is always ready."""
        if self._reading:
            self._readable()
        if self._reading:
            self._loop.call_soon(self._read_plain_file)

    def _stop_reading(self) -> None:
        if self._reading:
            self._reading = False
            assert self._read_fd is not None
            self._loop.remove_reader(self._read_fd)

    # --- writing ---

    def _flush(self) -> None:
        """Send what there is, as far as the client takes it."""
        session = self.session
        while self._open:
            data = self._unsent or session.take()
            if not data:
                break
            sent = self._send(data)
            if sent < 0 or session.overflowed:
                self._end()
                return
            self._unsent = data[sent:]
            if self._unsent:
                self._stop_reading()
                self._start_writing()
                return
        self._stop_writing()
        if session.closed:
            self._end()
        elif self._open and session.wants_input:
            self._start_reading()

    def _send(self, data: bytes) -> int:
        """How many bytes went out; -1 where the client is gone."""
        if self._write_fd is None:
            return len(data)
        try:
            return os.write(self._write_fd, data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            return -1

    def _writable(self, patience: float) -> bool:
        """Wait until the client takes more; false where it does not."""
        import selectors

        with selectors.DefaultSelector() as selector:
            assert self._write_fd is not None
            selector.register(self._write_fd, selectors.EVENT_WRITE)
            return bool(selector.select(patience))

    def _start_writing(self) -> None:
        if not self._writing:
            assert self._write_fd is not None
            self._writing = True
            self._loop.add_writer(self._write_fd, self._flush)

    def _stop_writing(self) -> None:
        if self._writing:
            assert self._write_fd is not None
            self._writing = False
            self._loop.remove_writer(self._write_fd)


class Monitor:
    """One ``-mon``: a chardev and a session for each client that it brings.

    `make_session` is given whether to print prettily.
    """

    def __init__(
        self, loop: EventLoop, backend: Backend, make_session: SessionFactory, *, pretty: bool
    ) -> None:
        self.backend = backend
        self.pretty = pretty
        self.connection: Connection | None = None
        self._loop = loop
        self._make_session = make_session
        backend.attach(loop, self._opened)

    @property
    def session(self) -> Session | None:
        """The conversation with the present client."""
        return self.connection.session if self.connection else None

    def _opened(self, read_fd: int | None, write_fd: int | None) -> None:
        session = self._make_session(self.pretty)
        self.connection = Connection(self._loop, session, read_fd, write_fd, self._closed)
        self.connection.start()

    def _closed(self) -> None:
        self.connection = None
        self.backend.gone()

    def close(self, patience: float = 0) -> None:
        """Hang up, and close the chardev."""
        if self.connection:
            self.connection.close(patience)
            self.connection = None
        self.backend.close()


class Server:
    """All monitors of one machine."""

    def __init__(self, loop: EventLoop, make_session: SessionFactory) -> None:
        self.loop = loop
        self.monitors: list[Monitor] = []
        self._make_session = make_session

    def add(self, backend: Backend, *, pretty: bool = False) -> Monitor:
        """A monitor on a backend that is open; the client there is greeted at once."""
        monitor = Monitor(self.loop, backend, self._make_session, pretty=pretty)
        self.monitors.append(monitor)
        return monitor

    def event(
        self, name: str, data: dict[str, Any] | None, seconds: int, microseconds: int
    ) -> None:
        """Tell an event to every client that has negotiated."""
        for monitor in self.monitors:
            session = monitor.session
            if session is not None:
                session.event(name, data, seconds, microseconds)

    def finish(self) -> None:
        """Answer nothing more than what is being answered, for the machine is going.

        What has been said still goes out when the callback that this is called from is done, or
        with `close`.
        """
        for monitor in self.monitors:
            if monitor.session is not None:
                monitor.session.close()

    def close(self, patience: float = 0) -> None:
        """Hang up everywhere; sockets are removed from the file system.

        A client that reads on within `patience` seconds still gets what was said.
        """
        for monitor in self.monitors:
            monitor.close(patience)
        self.monitors.clear()
