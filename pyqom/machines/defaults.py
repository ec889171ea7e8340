"""The devices that a plain start gives to a machine (``system/vl.c``, ``hw/core/machine.c``).

Without ``-nodefaults`` a machine gets a serial and a parallel port, a display, a network card, a
floppy drive and a CD-ROM drive, unless an option names one of its own.
"""

from __future__ import annotations

from pyqom.types import Link, UInt32, container_get

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from pyqom.machines.pcdevices import PCParts

DISPLAYS = {
    "std": ("VGA", "isa-vga"),
    "cirrus": ("cirrus-vga", "isa-cirrus-vga"),
    "vmware": ("vmware-svga", None),
    "qxl": ("qxl-vga", None),
    "virtio": ("virtio-vga", None),
}
"""The types of displays on PCI and on ISA, by what ``-vga`` calls them."""


class Defaults:
    """What the machine gets beside its own devices.

    ``serials`` and ``parallels`` are the ids of the chardevs of its ports, ``display`` what
    ``-vga`` names, ``nics`` the network cards as (type or None for the machine's own, id of the
    backend), ``floppies`` and ``cdroms`` the names of drives by (bus, unit).
    """

    def __init__(
        self,
        serials: Iterable[str] = (),
        parallels: Iterable[str] = (),
        display: str | None = None,
        nics: Iterable[tuple[str | None, str]] = (),
        floppies: Iterable[str] = (),
        cdrom: str | None = None,
    ) -> None:
        self.serials = tuple(serials)
        self.parallels = tuple(parallels)
        self.display = display
        self.nics = tuple(nics)
        self.floppies = tuple(floppies)
        self.cdrom = cdrom

    def add_backends(self, vm: Any) -> None:
        """Make what stands behind the devices: consoles, drives without media, a network."""
        for name in (*self.serials, *self.parallels):
            chardev = vm.add_chardev("vc", name)
            if chardev.has_property("encoding"):
                setattr(chardev, chardev.property("encoding").slot, "utf8")
                vm.context.apply(chardev)
        for name in (*self.floppies, *(() if self.cdrom is None else (self.cdrom,))):
            vm.board.blocks.new_backend(None, name)
        for _, name in self.nics:
            vm.board.network.add({"id": name, "type": "hubport", "hubid": 0})

    def add_consoles(self, root: Any, board: Any) -> None:
        """Show the consoles: those of displays, then those of the ports."""
        types = board.types
        has_kinds = "qemu-graphic-console" in types
        kinds = ("qemu-graphic-console", "qemu-fixed-text-console")
        graphic, text = kinds if has_kinds else ("qemu-console",) * 2
        consoles = [] if self.screen is None else [(graphic, self.screen)]
        consoles += [(text, None)] * len((*self.serials, *self.parallels))
        if not consoles:
            return
        backend = container_get(root, "/backend")
        for typename, device in consoles:
            console = backend.add_child("console[*]", types.get(typename)())
            if not has_kinds:
                console.add_property(Link("device", name="device", qdev=False))
                console.add_property(UInt32(0, name="head", writable=False, qdev=False))
            if device is not None:
                console.property("device").store(console, device)

    screen: Any = None
    """The display, once it is made."""

    def serial_ports(self, parts: PCParts) -> None:
        """``serial_hds_isa_init``."""
        for name in self.serials:
            parts.isa_device("isa-serial", chardev=name)

    def parallel_ports(self, parts: PCParts) -> None:
        """``parallel_hds_isa_init``."""
        for name in self.parallels:
            parts.isa_device("isa-parallel", chardev=name)

    def floppy_drives(self, parts: PCParts, controller: Any) -> None:
        """``isa_fdc_init_drives``."""
        for unit, name in enumerate(self.floppies):
            parts.build.add("floppy", controller.buses[0], unit=unit, drive=name)

    def cdrom_drive(self, parts: PCParts, bus: Any, unit: int) -> None:
        """The CD-ROM drive, where it belongs to this place."""
        if self.cdrom is not None:
            parts.build.add("ide-cd", bus, unit=unit, drive=self.cdrom)

    def graphics(self, parts: PCParts, pci: Any) -> None:
        """``pc_vga_init``."""
        if self.display is None:
            return
        on_pci, on_isa = DISPLAYS[self.display]
        if pci is not None:
            self.screen = parts.build.add(on_pci, pci)
        elif on_isa is not None:
            self.screen = parts.isa_device(on_isa)

    def network(self, parts: PCParts, pci: Any) -> None:
        """``pc_nic_init``."""
        own = parts.machine.machine_type.fields.get("default-nic")
        for typename, backend in self.nics:
            chosen = typename or own
            bus = pci if chosen != "ne2k_isa" else parts.isa
            parts.build.add(chosen, bus, netdev=backend)
