"""Machine types as QOM types: ``pc-q35-11.1-machine`` and what it inherits from.

Their classes are made from `pyqom.machines.properties`, `pc` and `families` when one is asked for.
"""

from __future__ import annotations

from pyqom.types import Interface
from pyqom.types.object import Absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pyqom.machines.machine import MachineType
    from pyqom.types import Registry

TEMPLATES = ("machine", "x86-machine", "generic-pc-machine")
"""The abstract types that have a class body of their own."""


def declare_machines(registry: Registry) -> None:
    """Enter the machine types of the registry's release, and their interfaces, in a registry."""
    from pyqom.machines.builtin import find, qom_types

    assert registry.release is not None
    release = registry.release.name
    for name, parent, abstract, interfaces in qom_types(release):
        for interface in interfaces:
            declare_interface(registry, interface)
        if parent == "interface":
            declare_interface(registry, name)
            continue
        if name in TEMPLATES:
            make = _adopter(registry, name)
        else:
            make = _maker(registry, name, parent, abstract, interfaces, find, release)
        registry.declare(name, parent, make, abstract=abstract, interfaces=interfaces)


def declare_interface(registry: Registry, name: str) -> None:
    """Enter an interface type, where it is not there already."""
    if name not in registry:
        kind: Any = type(Interface)
        registry.declare(
            name,
            "interface",
            lambda: kind(name, (Interface,), {}, typename=name, registry=registry),
            abstract=True,
        )


def _adopter(registry: Registry, name: str) -> Callable[[], Any]:
    def make() -> Any:
        from pyqom.machines import pc  # noqa: F401 (its classes are the templates)
        from pyqom.types import builtin

        return registry.adopt(builtin.get(name))

    return make


def _maker(
    registry: Registry,
    name: str,
    parent: str,
    abstract: bool,
    interfaces: tuple[str, ...],
    find: Callable[[str, str], MachineType],
    release: str,
) -> Callable[[], Any]:
    def make() -> Any:
        base = registry.get(parent)
        bases: tuple[Any, ...] = (base,)
        body: dict[str, Any] = {"__module__": __name__}
        if not abstract:
            machine_type = body["machine_type"] = find(name.removesuffix("-machine"), release)
            bases = (*_family(registry, machine_type.family, base, body), base)
        return type(base)(
            name,
            bases,
            body,
            typename=name,
            abstract=abstract,
            interfaces=interfaces,
            registry=registry,
        )

    return make


def _family(registry: Registry, family: str, base: Any, body: dict[str, Any]) -> tuple[Any, ...]:
    """The class with what the family adds; what the release lacks of it is covered in the body."""
    from pyqom.machines.families import FAMILIES

    template: Any = FAMILIES.get(family)
    if template is None:
        return ()
    for each in template.__mro__:
        if each not in base.__mro__:
            for prop in each.__dict__.get("_own", ()):
                if not registry.knows(prop, each.typename):
                    body[prop.attr] = Absent(prop.attr)
    return (template,)
