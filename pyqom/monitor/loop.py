"""A small event loop, for a program that wants to start at once.

It has the methods of asyncio's loop that the servers here use (`EventLoop`), so that either will
do; but it needs no import of asyncio, which takes longer than everything else at start-up.
"""

from __future__ import annotations

import heapq
import os
import select
import time
from collections import deque
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    Callback = Callable[[], None]

    class EventLoop(Protocol):
        """What a server needs; `asyncio.AbstractEventLoop` has it."""

        def add_reader(self, fd: int, callback: Callback, /) -> Any: ...
        def remove_reader(self, fd: int, /) -> Any: ...
        def add_writer(self, fd: int, callback: Callback, /) -> Any: ...
        def remove_writer(self, fd: int, /) -> Any: ...
        def call_soon(self, callback: Callback, /) -> Any: ...
        def call_later(self, delay: float, callback: Callback, /) -> Any: ...


READ, WRITE = 1, 4  # POLLIN and POLLOUT, EPOLLIN and EPOLLOUT


class PollLoop:
    """Calls back when file descriptors are ready; runs in one thread until `stop`."""

    def __init__(self) -> None:
        self._poll = select.epoll() if hasattr(select, "epoll") else None
        self._readers: dict[int, Callback] = {}
        self._writers: dict[int, Callback] = {}
        self._soon: deque[Callback] = deque()
        self._timers: list[tuple[float, int, Callback]] = []
        self._count = 0
        self._stopped = False
        self._poll_any: Any = self._poll or select.poll()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self.add_reader(self._wake_read, self._woken)

    def add_reader(self, fd: int, callback: Callback) -> None:
        """Call back whenever `fd` can be read; raises PermissionError for a plain file."""
        self._watch(fd, self._readers, callback)

    def add_writer(self, fd: int, callback: Callback) -> None:
        """Call back whenever `fd` can be written; raises PermissionError for a plain file."""
        self._watch(fd, self._writers, callback)

    def remove_reader(self, fd: int) -> bool:
        """Watch it no longer; whether it was watched."""
        return self._unwatch(fd, self._readers)

    def remove_writer(self, fd: int) -> bool:
        """Watch it no longer; whether it was watched."""
        return self._unwatch(fd, self._writers)

    def _events(self, fd: int) -> int:
        return (READ if fd in self._readers else 0) | (WRITE if fd in self._writers else 0)

    def _watch(self, fd: int, watched: dict[int, Callback], callback: Callback) -> None:
        before = self._events(fd)
        old = watched.get(fd)
        watched[fd] = callback
        events = self._events(fd)
        try:
            if not before:
                self._poll_any.register(fd, events)
            elif events != before:
                self._poll_any.modify(fd, events)
        except OSError:
            if old is None:
                del watched[fd]
            raise

    def _unwatch(self, fd: int, watched: dict[int, Callback]) -> bool:
        if watched.pop(fd, None) is None:
            return False
        events = self._events(fd)
        if events:
            self._poll_any.modify(fd, events)
        else:
            self._poll_any.unregister(fd)
        return True

    def call_soon(self, callback: Callback) -> None:
        """Call once, before waiting again."""
        self._soon.append(callback)

    def call_later(self, delay: float, callback: Callback) -> None:
        """Call once, `delay` seconds from now."""
        self._count += 1
        heapq.heappush(self._timers, (time.monotonic() + delay, self._count, callback))

    def call_soon_threadsafe(self, callback: Callback) -> None:
        """`call_soon` from another thread, or from a signal handler."""
        self._soon.append(callback)
        self._wake()

    def stop(self) -> None:
        """Let `run` return when the present callback is done; from anywhere."""
        self._stopped = True
        self._wake()

    def _wake(self) -> None:
        """Let the loop not wait."""
        # A full pipe wakes it as well.
        with suppress(BlockingIOError):
            os.write(self._wake_write, b"\0")

    def _woken(self) -> None:
        os.read(self._wake_read, 4096)

    def run(self) -> None:
        """Serve until `stop`; a `stop` before it counts."""
        while not self._stopped:
            self._once()
        self._stopped = False

    def _timeout(self) -> float:
        """Seconds to wait at most; below zero is for ever."""
        if self._soon:
            return 0
        if self._timers:
            return max(0, self._timers[0][0] - time.monotonic())
        return -1

    def _once(self) -> None:
        timeout = self._timeout()
        if self._poll is None and timeout > 0:
            timeout = timeout * 1000 + 1
        for fd, events in self._poll_any.poll(timeout):
            # Errors and hang-ups are told to whoever waits; the next call finds out.
            if events & ~WRITE and fd in self._readers:
                self._readers[fd]()
            if events & ~READ and fd in self._writers:
                self._writers[fd]()
            if self._stopped:
                return
        now = time.monotonic() if self._timers else 0
        while self._timers and self._timers[0][0] <= now:
            heapq.heappop(self._timers)[2]()
        for _ in range(len(self._soon)):
            self._soon.popleft()()

    def close(self) -> None:
        """Give back what the loop holds of the system."""
        os.close(self._wake_read)
        os.close(self._wake_write)
        if self._poll is not None:
            self._poll.close()
