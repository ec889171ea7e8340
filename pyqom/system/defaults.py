"""What a plain start gives to a machine beside what the options say (``system/vl.c``)."""

from __future__ import annotations

from pyqom.machines.defaults import Defaults

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.machines import MachineType
    from pyqom.system.commandline import CommandLine

INSTEAD = {
    **dict.fromkeys(("xen-console", "isa-serial"), "serial"),
    "isa-parallel": "parallel",
    **dict.fromkeys(("isa-fdc", "floppy"), "floppy"),
    **dict.fromkeys(("ide-cd", "ide-hd", "scsi-cd", "scsi-hd"), "cdrom"),
    **dict.fromkeys(
        (
            *("VGA", "isa-vga", "cirrus-vga", "isa-cirrus-vga", "vmware-svga", "qxl-vga"),
            *("virtio-vga", "ati-vga", "vhost-user-vga", "virtio-vga-gl", "virtio-vga-rutabaga"),
        ),
        "vga",
    ),
}
"""Which default a device of the user's stands in for (``default_list``)."""

CDROM_BUS = {"pc-q35": 2}
"""The IDE bus of the CD-ROM drive, where it is not the second one."""


def defaults_of(line: CommandLine, machine: MachineType, drivers: set[str]) -> Defaults:
    """The devices that the machine gets; `drivers` are those of ``-device`` and ``-global``."""
    given = {INSTEAD[driver] for driver in drivers if driver in INSTEAD} | line.instead
    fields = machine.fields

    def wants(name: str, unless: str | None = None) -> bool:
        has = unless is None or not fields.get(unless)
        return line.has_defaults and name not in given and has

    display = line.display
    if display is None and wants("vga"):
        display = fields.get("default-display") or "cirrus"
    cdrom = f"ide{CDROM_BUS.get(machine.family, 1)}-cd0"
    return Defaults(
        serials=("serial0",) if wants("serial", "no-serial") else (),
        parallels=("parallel0",) if wants("parallel", "no-parallel") else (),
        display=None if display == "none" else display,
        nics=((None, "hub0port0"),) if wants("net") else (),
        floppies=("floppy0",) if wants("floppy", "no-floppy") else (),
        cdrom=cdrom if wants("cdrom", "no-cdrom") else None,
    )
