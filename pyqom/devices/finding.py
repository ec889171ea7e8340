"""Finding the bus that ``bus=`` names, or that a device goes to by itself.

QEMU: ``qbus_find()`` and its relatives in ``system/qdev-monitor.c``.
"""

from __future__ import annotations

from pyqom.devices.bus import no_such_bus
from pyqom.errors import DeviceNotFound, PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_LETTERS = 127
"""How much of an element of a path is looked at."""


def find_recursive(bus: Any, name: str | None, typename: str | None) -> Any:
    """The bus of a name, or of a type, at or below a bus; one that is not full, if there is one.

    None where there is no such bus.
    """
    matches = bus.name == name if name is not None else bus.cast(typename)
    if matches and not bus.full:
        return bus
    pick = bus if matches else None
    for device in bus.members:
        for below in device.buses:
            found = find_recursive(below, name, typename)
            if found is not None:
                if not found.full:
                    return found
                pick = pick or found
    return pick


def find_device(bus: Any, element: str, aliases: dict[str, str]) -> Any:
    """The device on a bus that has an id, else a type, else a type with an alias; or None."""
    devices = list(bus.members)
    by_id = [device for device in devices if device.id == element]
    by_type = [device for device in devices if device.typename == element]
    by_alias = [device for device in devices if device.typename == aliases.get(element)]
    return next(iter((*by_id, *by_type, *by_alias)), None)


def find_bus(system_bus: Any, path: str, aliases: dict[str, str]) -> Any:
    """The bus at a path: a name, or devices and buses in turn.

    Raises PyqomError and DeviceNotFound where it leads nowhere, or to a full bus.
    """
    if path[:1] == "/":
        bus, rest = system_bus, path
    else:
        element, _, rest = path.partition("/")
        if len(element) > MOST_LETTERS:
            element, rest = element[:MOST_LETTERS], element[MOST_LETTERS:]
        bus = find_recursive(system_bus, element, None)
        if bus is None:
            raise no_such_bus(element)
    elements = [element for element in rest.split("/") if element]
    while elements:
        device = find_device(bus, elements[0], aliases)
        if device is None:
            raise DeviceNotFound(f"Device '{elements[0]}' not found")
        if len(elements) == 1:
            bus = _only_bus(device, elements[0])
            break
        bus = next((each for each in device.buses if each.name == elements[1]), None)
        if bus is None:
            raise no_such_bus(elements[1])
        del elements[:2]
    if bus.full:
        raise PyqomError(f"Bus '{path}' is full")
    return bus


def _only_bus(device: Any, element: str) -> Any:
    if len(device.buses) == 1:
        return device.buses[0]
    number = "multiple child buses" if device.buses else "no child bus"
    raise PyqomError(f"Device '{element}' has {number}")


def default_bus(system_bus: Any, cls: Any) -> Any:
    """The bus that a device of a class goes to by itself.  Raises PyqomError."""
    bus = find_recursive(system_bus, None, cls.bus_type)
    hidden = "full-buses-are-not-found" in cls.registry.release.rules
    if bus is None or (hidden and bus.full):
        raise PyqomError(f"No '{cls.bus_type}' bus found for device '{cls.typename}'")
    if bus.full:
        raise PyqomError(f"A '{cls.bus_type}' bus was found but is full")
    return bus
