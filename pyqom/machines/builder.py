"""Making the devices of one machine."""

from __future__ import annotations

from pyqom.devices.values import FUNCTIONS
from pyqom.machines.defaults import Defaults
from pyqom.types import Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.devices.context import Context


class Builder:
    """Makes the devices of one machine; `defaults` are those that nobody needs to ask for."""

    has_pci = True

    def __init__(self, context: Context, defaults: Defaults | None = None) -> None:
        assert context.board is not None
        self.context = context
        self.board = context.board
        self.machine = self.board.machine
        self.defaults = defaults or Defaults()

    def new(self, typename: str, **values: Any) -> Any:
        """A new device with properties set by name, "_" for "-" where it has none with "_"."""
        device = self.board.new(typename, self.context)
        for name, value in values.items():
            plain = name if device.has_property(name) else name.replace("_", "-")
            device.set(plain, value)
        return device

    def add(self, typename: str, bus: Any, **values: Any) -> Any:
        """Make a device and realize it on a bus (None: on none).  Returns it."""
        device = self.new(typename, **values)
        if bus is not None:
            device.put_on(bus)
        device.realize(True)
        return device

    def add_at(self, typename: str, address: int) -> Any:
        """A device of the main system bus at an address (``sysbus_create_simple``)."""
        device = self.new(typename)
        device.address = address
        device.realize_on(self.board.system_bus)
        return device

    def add_function(self, typename: str, bus: Any, slot: int, function: int, **values: Any) -> Any:
        """A function of a PCI device that has several (``pci_create_simple_multifunction``)."""
        devfn = slot * FUNCTIONS + function
        return self.add(typename, bus, addr=devfn, multifunction=True, **values)

    def link_machine(self, name: str, typename: str, target: Any) -> None:
        """Show a part of the machine as a link of it (``object_property_add_link``)."""
        prop = self.machine.add_property(Link(typename, name=name, qdev=False))
        prop.store(self.machine, target)
