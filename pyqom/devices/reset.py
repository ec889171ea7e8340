"""Reset in three phases (QEMU ``hw/core/resettable.c``): enter, hold, exit.

Each phase goes through all devices, those on a device's buses before the device itself.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

PHASES = ("reset_enter", "reset_hold", "reset_exit")
"""The methods of a device or bus that act in a phase; those that have none are passed over."""


def below(bus: Any) -> Iterator[Any]:
    """The devices and buses at and below a bus, what is on a bus before it."""
    for device in bus.members:
        for child in device.buses:
            yield from below(child)
        yield device
    yield bus


def reset_all(bus: Any) -> None:
    """Reset all that is on a bus, and the bus."""
    there = list(below(bus))
    for phase in PHASES:
        for each in there:
            act = getattr(each, phase, None)
            if act is not None:
                act()
