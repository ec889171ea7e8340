"""The devices that a machine has of itself, by family (``hw/i386/pc_piix.c``, ``pc_q35.c``).

A builder makes them in QEMU's order, so that paths, bus numbers and the slots that are left for
others come out the same.
"""

from __future__ import annotations

from pyqom.devices.values import FUNCTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pyqom.devices.context import Context


class Builder:
    """Makes the devices of one machine."""

    def __init__(self, context: Context) -> None:
        assert context.board is not None
        self.context = context
        self.board = context.board
        self.machine = self.board.machine

    def new(self, typename: str, **values: Any) -> Any:
        """A new device with properties set by name, "_" for "-"."""
        device = self.board.new(typename, self.context)
        for name, value in values.items():
            device.set(name.replace("_", "-"), value)
        return device

    def add(self, typename: str, bus: Any, **values: Any) -> Any:
        """Make a device and realize it on a bus (None: on none).  Returns it."""
        device = self.new(typename, **values)
        if bus is not None:
            device.put_on(bus)
        device.realize(True)
        return device

    def add_function(self, typename: str, bus: Any, slot: int, function: int) -> Any:
        """A function of a PCI device that has several (``pci_create_simple_multifunction``)."""
        devfn = slot * FUNCTIONS + function
        return self.add(typename, bus, addr=devfn, multifunction=True)


def i440fx(build: Builder) -> None:
    """``pc_init1``."""
    host = build.new("i440FX-pcihost")
    build.machine.add_child("i440fx", host)
    host.realize_on(build.board.system_bus)
    south = build.new("PIIX3", multifunction=True)
    south.has_usb = build.machine.usb
    south.has_acpi = build.machine.get("acpi") != "off"
    south.realize_on(host.root_bus)


def q35(build: Builder) -> None:
    """``pc_q35_init``."""
    machine = build.machine
    host = build.new("q35-pcihost")
    machine.add_child("q35", host)
    host.realize_on(build.board.system_bus)
    bus = host.root_bus
    lpc = build.new("ICH9-LPC", addr=0x1F * FUNCTIONS, multifunction=True)
    lpc.realize_on(bus)
    if machine.get("sata"):
        build.add_function("ich9-ahci", bus, 0x1F, 2)
    if machine.get("smbus"):
        build.add_function("ICH9-SMB", bus, 0x1F, 3)


BUILDERS: dict[str, Callable[[Builder], None]] = {"pc-i440fx": i440fx, "pc-q35": q35}
"""The builder of a family's devices; a family without one has none yet."""


def build_devices(context: Context, family: str) -> None:
    """Make the devices of the machine that `context` is of."""
    builder = BUILDERS.get(family)
    if builder is not None:
        builder(Builder(context))
