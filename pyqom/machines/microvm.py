"""The devices of microvm (``hw/i386/microvm.c``)."""

from __future__ import annotations

from pyqom.machines.pcdevices import GSIS, PCParts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.machines.builder import Builder

VIRTIO_BASE = 0xFEB00000
VIRTIO_STEP = 512
VIRTIO_COUNT = 8
"""How many virtio devices there may be, without a second I/O APIC."""
SECOND_IOAPIC = 0xFEC10000
GED_IRQ = 9
POWER_DOWN = 2
"""The event that the ACPI device tells of."""
NEWER_RSDP = 36
TABLES_SIZE = 686
LOADER_SIZE = 0x680
FIRMWARE = ("qboot.rom", "bios-microvm.bin")
"""The firmware without ACPI, and with it."""


def before_cpus(build: Builder) -> None:
    """``microvm_memory_init``."""
    build.has_pci = False
    parts = PCParts(build)
    low = build.machine.low_memory()
    size = build.machine.memory_size
    parts.loose.add_region("ram-below-4g", min(size, low), 0, "memory")
    if size > low:
        parts.loose.add_region("ram-above-4g", size - low, 1 << 32, "memory")
    parts.add_fw_cfg()


def microvm(build: Builder) -> None:
    """``microvm_devices_init``."""
    build.has_pci = False
    parts = PCParts(build)
    machine = build.machine
    has_acpi = parts.wants("acpi")
    bridge = build.add("isabus-bridge", build.board.system_bus)
    parts.isa = bridge.new_bus("ISA")
    parts.isa.realize()
    parts.ioapic(machine)
    second = has_acpi and machine.get("ioapic2") != "off"
    if second:
        build.add_at("ioapic", SECOND_IOAPIC)
    _transports(parts, second, has_acpi)
    if has_acpi:
        own = "acpi-ged-x86"
        typename = own if own in build.board.types else "acpi-ged"
        ged = build.new(typename, ged_event=POWER_DOWN)
        ged.realize_on(build.board.system_bus)
        parts.loose.connect(ged, "sysbus-irq", [("gsi", GED_IRQ)])
    parts.interrupt_controllers()
    if parts.wants("pit"):
        pit = parts.isa_device("isa-pit", iobase=0x40)
        parts.loose.connect(pit, "unnamed-gpio-out", [("gsi", 0)])
    if parts.wants("rtc"):
        parts.clock()
        parts.connect_clock(None)
        parts.show_clock()
    if machine.isa_serial:
        build.defaults.serial_ports(parts)
    parts.firmware(FIRMWARE[has_acpi])
    if has_acpi:
        parts.fw_cfg = machine.property("fw_cfg").resolve(machine)
        parts.fw_cfg.add_files(
            {
                "etc/acpi/tables": TABLES_SIZE,
                "etc/table-loader": LOADER_SIZE,
                "etc/acpi/rsdp": NEWER_RSDP,
            }
        )


def _transports(parts: PCParts, second: bool, has_acpi: bool) -> None:
    """The places for virtio devices."""
    first = 24 if second else 16 if has_acpi else 5
    for number in range(GSIS if second else VIRTIO_COUNT):
        place = parts.build.add_at("virtio-mmio", VIRTIO_BASE + number * VIRTIO_STEP)
        if "eventfds-need-kvm" in parts.rules:
            place.property("ioeventfd").store(place, False)
        parts.loose.connect(place, "sysbus-irq", [("gsi", first + number)])
