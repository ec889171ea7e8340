"""A thread that serves, beside the one that tests."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from pyqom.monitor.loop import PollLoop

T = TypeVar("T")

PATIENCE = 60
"""Seconds after which a serving thread that does not answer is given up."""


class Runner(Protocol):
    """Where a machine is served: a thread of its own, or an event loop that runs already."""

    loop: Any

    def call(self, action: Callable[[], T]) -> T:
        """Do something where the machine is served, and wait for it; raises what that raises."""

    def is_here(self) -> bool:
        """Whether this is called from where the machine is served."""


class LoopThread:
    """A thread with an event loop, for any number of machines.

    What an own fault of a callback raises is logged, and raised by `close`.
    """

    def __init__(self) -> None:
        self.loop = PollLoop()
        self._faults: list[Exception] = []
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="pyqom", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._closing:
            try:
                self.loop.run()
            except Exception as fault:
                logging.getLogger(__name__).exception("serving")
                self._faults.append(fault)

    def is_here(self) -> bool:
        return threading.current_thread() is self._thread

    def call(self, action: Callable[[], T]) -> T:
        """Do something in the thread, and wait for it; raises what that raises."""
        if self.is_here():
            return action()
        if not self._thread.is_alive():
            raise RuntimeError("the serving thread has ended")
        done = threading.Event()
        results: list[T] = []
        faults: list[BaseException] = []

        def act() -> None:
            try:
                results.append(action())
            except BaseException as fault:
                faults.append(fault)
            done.set()

        self.loop.call_soon_threadsafe(act)
        if not done.wait(PATIENCE):
            raise TimeoutError("the serving thread does not answer")
        if faults:
            raise faults[0]
        return results[0]

    def close(self) -> None:
        """End the thread; what is served must have been closed.  Raises what went wrong in it."""
        if not self._thread.is_alive():
            return
        self._closing = True
        self.loop.stop()
        self._thread.join(PATIENCE)
        self.loop.close()
        if self._faults:
            raise self._faults[0]


class Here:
    """The thread of a running event loop, asyncio's for example."""

    def __init__(self, loop: Any) -> None:
        self.loop = loop

    def call(self, action: Callable[[], T]) -> T:
        """Do something at once."""
        return action()

    def is_here(self) -> bool:
        return True
