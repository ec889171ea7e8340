"""What every PC has, whatever its chipset (``hw/i386/pc.c``).

`PCParts` makes the devices in QEMU's order: the numbers of unattached devices, of interrupt lines
and of places on buses follow from it.
"""

from __future__ import annotations

from pyqom.devices.interior import line_in
from pyqom.machines.memory import cxl_start
from pyqom.types import Alias

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.machines.builder import Builder

GSIS = 24
ISA_IRQS = 16
KIB = 1 << 10
ROM_SIZE = 128 * KIB
ROM_START = 0xC0000
END_32 = 1 << 32
PAGE = 4 * KIB
TABLES_SIZE = 128 * KIB
LOADER_SIZE = 4 * KIB
RSDP_SIZE = 20
LEGACY_CPU_SIZE = 97
"""What a CPU adds to the ACPI tables of old machine types (``ACPI_BUILD_LEGACY_CPU_AML_SIZE``)."""
FIRMWARE = {
    "bios.bin": 128 * KIB,
    "bios-256k.bin": 256 * KIB,
    "bios-microvm.bin": 128 * KIB,
    "qboot.rom": 64 * KIB,
}
"""The firmware that QEMU comes with, and its bytes."""


class PCParts:
    """Makes the devices that all PCs have."""

    def __init__(self, build: Builder) -> None:
        self.build = build
        self.board = build.board
        self.machine = build.machine
        self.rules = build.machine.rules
        self.loose = self.board.loose
        self.fw_cfg: Any = None
        self.isa: Any = None
        """The ISA bus."""
        self.rtc: Any = None

    def wants(self, name: str) -> bool:
        """Whether an on/off/auto property of the machine asks for something."""
        return bool(self.machine.get(name) != "off")

    @property
    def has_smm(self) -> bool:
        """``x86_machine_is_smm_enabled``: TCG has system management mode."""
        return self.wants("smm")

    # --- memory ----------------------------------------------------------------------------

    def memory(self) -> None:
        """``pc_memory_init``: memory, firmware and what it reads."""
        layout, loose, has_pci = self.machine.layout, self.loose, self.build.has_pci
        if has_pci:
            loose.add_region("pci", (1 << 64) - 1, 0, "memory", -1)
        loose.add_region("ram-below-4g", layout.below_4g, 0, "memory")
        if layout.above_4g:
            loose.add_region("ram-above-4g", layout.above_4g, layout.above_start, "memory")
        if layout.device_memory is not None:
            device = layout.device_memory
            self.board.own.add_region("device-memory", device.size, device.base, "memory")
        if getattr(self.machine, "cxl", False):
            start = cxl_start(self.machine, layout)
            self.board.own.add_region("cxl_host_reg", 1 << 20, start, "memory")
        self.firmware()
        loose.add_region("pc.rom", ROM_SIZE, ROM_START, "pci", 1)
        self.add_fw_cfg()

    def add_fw_cfg(self) -> None:
        """``fw_cfg_init_io_dma``."""
        self.fw_cfg = self.build.new("fw_cfg_io")
        self.machine.add_child("fw_cfg", self.fw_cfg)
        self.fw_cfg.realize_on(self.board.system_bus)

    def firmware(self, default: str = "bios.bin") -> None:
        """``x86_bios_rom_init``: the firmware below 4 GiB, and its end below 1 MiB."""
        size = firmware_size(self.machine.firmware or default)
        shown = min(size, ROM_SIZE)
        self.loose.add_region("pc.bios", size, END_32 - size, "pci")
        self.loose.add_region("isa-bios", shown, (1 << 20) - shown, "pci", 1)

    # --- the ISA bus -------------------------------------------------------------------------

    def isa_device(self, typename: str, **values: Any) -> Any:
        """A device on the ISA bus."""
        return self.build.add(typename, self.isa, **values)

    def interrupt_controllers(self) -> None:
        """``i8259_init``: two of them, the second behind line 2 of the first."""
        if not self.wants("pic"):
            return
        master = self.isa_device(
            "isa-i8259", iobase=0x20, elcr_addr=0x4D0, elcr_mask=0xF8, master=True
        )
        self.loose.connect(master, "unnamed-gpio-out", ["cpu"])
        second = self.isa_device(
            "isa-i8259", iobase=0xA0, elcr_addr=0x4D1, elcr_mask=0xDE, master=False
        )
        second.wires["unnamed-gpio-out"] = lambda index: line_in(master, 2)

    def ioapic(self, host: Any) -> None:
        """``ioapic_init_gsi``."""
        ioapic = self.build.new("ioapic")
        host.add_child("ioapic", ioapic)
        ioapic.realize_on(self.board.system_bus)

    def clock(self) -> None:
        """``mc146818_rtc_init``, in releases whose chipsets do not have one."""
        if self.rtc is None:
            self.rtc = self.isa_device("mc146818rtc", base_year=0)

    def basic_devices(self, hpet_lines: int, floppy: bool) -> None:
        """``pc_basic_device_init``."""
        has_owner = "ports-belong-to-the-machine" in self.rules
        for name, port in (("ioport80", 0x80), ("ioportF0", 0xF0)):
            (self.board.own if has_owner else self.loose).add_region(name, 1, port, "io")
        hpet = self.hpet(hpet_lines) if self.machine.hpet else None
        self.clock()
        self.connect_clock(hpet)
        if "machines-link-their-clock" in self.rules:
            self.build.link_machine("rtc_state", "isa-device", self.rtc)
        self.show_clock()
        if self.wants("pit"):
            self._timer(hpet)
        self.super_io(floppy)

    def hpet(self, lines: int) -> Any:
        """The high precision event timer, which may have the lines that are set in `lines`."""
        hpet = self.build.new("hpet")
        if not hpet.get("hpet-intcap"):
            hpet.set("hpet-intcap", lines)
        hpet.realize_on(self.board.system_bus)
        self.loose.connect(hpet, "sysbus-irq", [("gsi", number) for number in range(GSIS)])
        return hpet

    def show_clock(self) -> None:
        """Let the machine tell the time."""
        self.machine.add_property(Alias("date", name="rtc-time", target_object=self.rtc))

    def connect_clock(self, hpet: Any) -> None:
        """Connect the clock's interrupt, which goes through the HPET where there is one."""
        if hpet is None:
            self.loose.connect(self.rtc, "unnamed-gpio-out", [("gsi", self.rtc._irq)])
        else:
            self.rtc.wires["unnamed-gpio-out"] = lambda index: line_in(hpet, 1)

    def _timer(self, hpet: Any) -> None:
        pit = self.isa_device("isa-pit", iobase=0x40)
        if hpet is None:
            self.loose.connect(pit, "unnamed-gpio-out", [("gsi", 0)])
        else:
            pit.wires["unnamed-gpio-out"] = lambda index: line_in(hpet, 0)
            hpet.wires["unnamed-gpio-out"] = lambda index: line_in(pit, 0)
        speaker = self.build.new("isa-pcspk")
        speaker.set("pit", pit)
        speaker.realize_on(self.isa)

    def super_io(self, floppy: bool) -> None:
        """``pc_superio_init``."""
        self.build.defaults.serial_ports(self)
        self.build.defaults.parallel_ports(self)
        if floppy or self.build.defaults.floppies:
            self.build.defaults.floppy_drives(self, self.isa_device("isa-fdc"))
        if not self.machine.get("i8042"):
            return
        i8042 = self.isa_device("i8042")
        if self.machine.vmport == "on":
            self.isa_device("vmport")
            mouse = self.build.new("vmmouse")
            mouse.set("i8042", i8042)
            mouse.realize_on(self.isa)
        port92 = self.isa_device("port92")
        self.loose.connect(i8042, "a20", [("a20", 0)])
        self.loose.connect(port92, "a20", [("a20", 1)])

    # --- SMBus and ACPI ----------------------------------------------------------------------

    def eeproms(self, bus: Any) -> None:
        """``smbus_eeprom_init``: eight of them."""
        for number in range(8):
            self.build.add("smbus-eeprom", bus, address=0x50 + number)

    def acpi_device(self, device: Any) -> None:
        """Tell who handles ACPI's part of hot-plug."""
        self.build.link_machine("acpi-device", "hotplug-handler", device)

    def acpi_tables(self) -> None:
        """``acpi_setup``, when the machine is complete."""
        fields = self.machine.machine_type.fields
        if not self.wants("acpi") or not fields["has-acpi-build"]:
            return
        files = {"etc/acpi/tables": tables_size(self.machine), "etc/table-loader": LOADER_SIZE}
        if fields.get("rsdp-in-ram", True):
            files["etc/acpi/rsdp"] = RSDP_SIZE
        self.fw_cfg.add_files(files)


def tables_size(machine: Any) -> int:
    """The bytes of the ACPI tables, which are padded so that they need not grow."""
    legacy = machine.machine_type.fields.get("legacy-acpi-table-size")
    if not legacy:
        return TABLES_SIZE
    size = legacy + LEGACY_CPU_SIZE * machine.smp_config.maxcpus
    return -(-size // PAGE) * PAGE  # type: ignore[no-any-return]


def firmware_size(name: str) -> int:
    """The bytes of a firmware file that QEMU brings; 0 for one that is not there."""
    from os import stat

    size = FIRMWARE.get(name)
    if size is None:
        try:
            size = stat(name).st_size
        except OSError:
            size = 0
    return size
