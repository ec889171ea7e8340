"""The devices that a machine has of itself, by family (``hw/i386/pc_piix.c``, ``pc_q35.c``).

A builder makes them in QEMU's order, so that paths, bus numbers and the slots that are left for
others come out the same.
"""

from __future__ import annotations

from pyqom.devices.values import FUNCTIONS
from pyqom.machines import microvm
from pyqom.machines.builder import Builder
from pyqom.machines.isaboard import isapc
from pyqom.machines.memory import hole64_start
from pyqom.machines.pcdevices import GSIS, ISA_IRQS, PCParts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pyqom.devices.board import Board
    from pyqom.devices.context import Context
    from pyqom.machines.defaults import Defaults

WHOLE = (1 << 64) - 1
IO_SIZE = 1 << 16
SMBUS_BASE = 0xB100
IDE_PORTS = ((0x1F0, 8), (0x3F6, 1), (0x170, 8), (0x376, 1))
"""Where the IDE controller of the PIIX has its ports, and how many."""


def lay_spaces(board: Board) -> None:
    """Make the address spaces, which the CPUs see (``memory_map_init``)."""
    board.loose.add_region("system", WHOLE)
    board.loose.add_region("io", IO_SIZE)


def nth_bus(device: Any, number: int) -> Any:
    """A bus of a controller that has several."""
    return device.buses[-1 - number]


def set_host(parts: PCParts, host: Any) -> None:
    """Tell a host bridge of the memory around it."""
    machine, layout = parts.machine, parts.machine.layout
    if host.has_property("below-4g-mem-size"):
        host.set("below-4g-mem-size", layout.below_4g)
        host.set("above-4g-mem-size", layout.above_4g)
    host.surround(layout.below_4g, hole64_start(machine, layout), machine.memory_backend)


def i440fx(build: Builder) -> None:
    """``pc_init1``."""
    parts = PCParts(build)
    late_host = "south-bridges-have-parts" not in parts.rules
    host = build.new("i440FX-pcihost")
    build.machine.add_child("i440fx", host)
    set_host(parts, host)
    if late_host:
        parts.memory()
        host.realize_on(build.board.system_bus)
    else:
        host.set("pci-type", "i440FX")
        host.realize_on(build.board.system_bus)
        parts.memory()
    (i440fx_with_functions if late_host else i440fx_with_parts)(parts, host)
    parts.acpi_tables()


def i440fx_with_parts(parts: PCParts, host: Any) -> None:
    """The devices behind the host bridge, where the south bridge has its functions as parts."""
    build, bus, machine = parts.build, host.root_bus, parts.machine
    bridge = machine.get("x-south-bridge")
    south = build.new(bridge, multifunction=True, has_usb=machine.usb)
    south.set("has-acpi", parts.wants("acpi"))
    south.set("has-pic", False)
    south.set("has-pit", False)
    south.set("smb_io_base", SMBUS_BASE)
    south.set("smm-enabled", parts.has_smm)
    parts.loose.connect(south, "isa-irqs", [("gsi", number) for number in range(ISA_IRQS)])
    south.realize_on(bus)
    parts.isa, parts.rtc = south.isa, south.rtc
    ide = south.property("ide").resolve(south)
    _ide_ports(parts)
    build.defaults.cdrom_drive(parts, nth_bus(ide, 1), 0)
    parts.interrupt_controllers()
    parts.ioapic(host)
    build.defaults.graphics(parts, bus)
    parts.basic_devices(0x4, not machine.machine_type.fields["no-floppy"])
    build.defaults.network(parts, bus)
    if south.has_acpi:
        _power_management(parts, south.property("pm").resolve(south))


def i440fx_with_functions(parts: PCParts, host: Any) -> None:
    """The devices behind the host bridge, where the machine makes each function."""
    build, bus, machine = parts.build, host.root_bus, parts.machine
    south = build.add("PIIX3", bus, multifunction=True)
    parts.isa = south.isa
    first = south._addr
    parts.interrupt_controllers()
    parts.ioapic(host)
    build.defaults.graphics(parts, bus)
    parts.basic_devices(0x4, True)
    build.defaults.network(parts, bus)
    ide = build.add("piix3-ide", bus, addr=first + 1)
    _ide_ports(parts)
    build.defaults.cdrom_drive(parts, nth_bus(ide, 1), 0)
    if machine.usb:
        build.add("piix3-usb-uhci", bus, addr=first + 2)
    if parts.wants("acpi"):
        power = build.new("PIIX4_PM", addr=first + 3, smb_io_base=SMBUS_BASE)
        power.set("smm-enabled", parts.has_smm)
        power.realize_on(bus)
        _power_management(parts, power)


def _ide_ports(parts: PCParts) -> None:
    for port, size in IDE_PORTS:
        parts.loose.add_region("ide", size, port, "io")


def _power_management(parts: PCParts, power: Any) -> None:
    parts.loose.connect(power, "unnamed-gpio-out", [("gsi", 9)])
    parts.loose.connect(power, "smi-irq", ["smi"])
    parts.eeproms(power.buses[0])
    parts.acpi_device(power)


def q35(build: Builder) -> None:
    """``pc_q35_init``."""
    parts = PCParts(build)
    machine, rules = build.machine, build.machine.rules
    host = build.new("q35-pcihost")
    parts.memory()
    machine.add_child("q35", host)
    set_host(parts, host)
    host.set("bypass-iommu", machine.default_bus_bypass_iommu)
    if host.has_property("smm-ranges"):
        host.set("smm-ranges", parts.has_smm)
    host.realize_on(build.board.system_bus)
    bus = host.root_bus
    lpc = build.new("ICH9-LPC", addr=0x1F * FUNCTIONS, multifunction=True)
    if lpc.has_property("smm-enabled"):
        lpc.set("smm-enabled", parts.has_smm)
    lpc.has_parts = "south-bridges-have-parts" in rules
    parts.loose.connect(lpc, "gsi", [("gsi", number) for number in range(GSIS)])
    lpc.realize_on(bus)
    parts.isa, parts.rtc = lpc.isa, lpc.rtc
    parts.acpi_device(lpc)
    parts.interrupt_controllers()
    parts.ioapic(host)
    parts.basic_devices(0xFF0104, not machine.machine_type.fields["no-floppy"])
    _q35_functions(parts, bus)
    build.defaults.graphics(parts, bus)
    build.defaults.network(parts, bus)
    parts.acpi_tables()


def _q35_functions(parts: PCParts, bus: Any) -> None:
    build, machine = parts.build, parts.machine
    if machine.get("sata"):
        sata = build.add_function("ich9-ahci", bus, 0x1F, 2)
        build.defaults.cdrom_drive(parts, nth_bus(sata, 2), 0)
    if machine.usb:
        ehci = build.add_function("ich9-usb-ehci1", bus, 0x1D, 7)
        for number in range(3):
            build.add_function(
                f"ich9-usb-uhci{number + 1}",
                bus,
                0x1D,
                number,
                masterbus=ehci.buses[0].name,
                firstport=2 * number,
            )
    if machine.get("smbus"):
        parts.eeproms(build.add_function("ICH9-SMB", bus, 0x1F, 3).buses[0])


BUILDERS: dict[str, Callable[[Builder], None]] = {
    "pc-i440fx": i440fx,
    "pc-q35": q35,
    "isapc": isapc,
    "microvm": microvm.microvm,
}
"""The builder of a family's devices; a family without one has none yet."""


def build_early(context: Context, family: str) -> None:
    """Make what is there before the CPUs."""
    if family == "microvm":
        microvm.before_cpus(Builder(context))


def build_devices(context: Context, family: str, defaults: Defaults | None = None) -> None:
    """Make the devices of the machine that `context` is of, and those of a plain start."""
    builder = BUILDERS.get(family)
    if builder is not None:
        builder(Builder(context, defaults))
