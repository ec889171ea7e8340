"""Machines to plug devices into, and short ways to ask them."""

from __future__ import annotations

from typing import Any

from pyqom.errors import PyqomError
from pyqom.vm import Texts, VirtualMachine


def machine(name: str = "q35", *devices: str, **more: Any) -> VirtualMachine:
    """A paused machine with devices written as on a command line: ``edu,id=e0``."""
    return VirtualMachine(name, paused=True, devices=[_device(text) for text in devices], **more)


def _device(text: str) -> Texts:
    driver, *pairs = text.split(",")
    return Texts([("driver", driver), *(pair.split("=", 1) for pair in pairs)])


def ask(vm: VirtualMachine, command: str, **arguments: Any) -> Any:
    """What a command returns, or the text of its error."""
    try:
        return vm.qmp(command, **arguments)
    except PyqomError as error:
        return str(error)


def add(vm: VirtualMachine, text: str) -> Any:
    """``device_add`` of a device written as on a command line."""
    props = Texts(_device(text))
    try:
        vm.add_device(props.pop("driver"), props.pop("id", None), props)
    except PyqomError as error:
        return str(error)
    return {}


def get(vm: VirtualMachine, path: str, name: str) -> Any:
    """A property of an object at a path, or of a device by its id."""
    where = path if path[0] == "/" else f"/machine/peripheral/{path}"
    return ask(vm, "qom-get", path=where, property=name)


def names(vm: VirtualMachine, path: str) -> set[str]:
    """The names of an object's properties."""
    return {entry["name"] for entry in vm.qmp("qom-list", path=path)}


def told(vm: VirtualMachine) -> list[Any]:
    """The events of a machine, names and data."""
    return [(event.name, event.data) for event in vm.events]
