"""Events: what a machine tells of its own accord, and who listens."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

KEPT = 1000
"""How many events a log keeps; older ones are dropped."""


class Event:
    """One event: its QMP name, its data (None where it has none), and when, in seconds."""

    __slots__ = ("data", "name", "timestamp")

    def __init__(self, name: str, data: dict[str, Any] | None, timestamp: float) -> None:
        self.name = name
        self.data = data
        self.timestamp = timestamp

    def message(self) -> dict[str, Any]:
        """The event as QMP sends it."""
        seconds, fraction = divmod(self.timestamp, 1)
        message: dict[str, Any] = {
            "timestamp": {"seconds": int(seconds), "microseconds": int(fraction * 1_000_000)},
            "event": self.name,
        }
        if self.data is not None:
            message["data"] = self.data
        return message

    def __repr__(self) -> str:
        return f"<Event {self.name}>"


class EventLog:
    """The events of one machine, the oldest first.

    `clock` gives the time in seconds; tests give their own.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self._events: list[Event] = []
        self._held: list[tuple[str, dict[str, Any] | None]] | None = None
        self._listeners: list[Callable[[Event], None]] = []

    def emit(self, name: str, data: dict[str, Any] | None = None) -> None:
        """Note an event and tell it to all listeners, in the order in which they came."""
        event = Event(name, data, self.clock())
        self._events.append(event)
        del self._events[:-KEPT]
        for listener in tuple(self._listeners):
            listener(event)

    def emit_behind(self, name: str, data: dict[str, Any] | None = None) -> None:
        """Note an event that comes behind the reply of the command at work, if there is one."""
        if self._held is None:
            self.emit(name, data)
        else:
            self._held.append((name, data))

    def hold(self) -> None:
        """A command begins whose reply comes before what `emit_behind` tells."""
        self._held = []

    def release(self) -> None:
        """The reply has been given."""
        held, self._held = self._held, None
        for name, data in held or ():
            self.emit(name, data)

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with every event from now on; calling the result ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def __iter__(self) -> Iterator[Event]:
        return iter(tuple(self._events))

    def __len__(self) -> int:
        return len(self._events)
