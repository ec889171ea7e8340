"""Machine types as QOM types: ``pc-q35-11.1-machine`` and what it inherits from."""

from __future__ import annotations

from pyqom.types import Interface, Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pyqom.machines.machine import MachineType
    from pyqom.types import Registry


class Machine(Object, typename="machine", abstract=True):
    """A machine; its subclasses are the machine types (``hw/core/machine.c``).

    ``machine_type`` is what the type's class says (`MachineType`), None for an abstract one.
    """

    machine_type: MachineType | None = None


def declare_machines(registry: Registry) -> None:
    """Enter the machine types of the registry's release, and their interfaces, in a registry."""
    from pyqom.machines.builtin import find, qom_types

    assert registry.release is not None
    release = registry.release.name
    for name, parent, abstract, interfaces in qom_types(release):
        for interface in interfaces:
            declare_interface(registry, interface)
        if name == Machine.typename:
            registry.declare(name, parent, lambda: registry.adopt(Machine), abstract=True)
        elif parent == "interface":
            declare_interface(registry, name)
        else:
            registry.declare(
                name,
                parent,
                _maker(registry, name, parent, abstract, interfaces, find, release),
                abstract=abstract,
                interfaces=interfaces,
            )


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
        body: dict[str, Any] = {"__module__": __name__}
        if not abstract:
            body["machine_type"] = find(name.removesuffix("-machine"), release)
        return type(base)(
            name,
            (base,),
            body,
            typename=name,
            abstract=abstract,
            interfaces=interfaces,
            registry=registry,
        )

    return make
