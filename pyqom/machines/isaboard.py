"""The devices of a PC without PCI (``hw/i386/isapc.c``, before ``pc_piix.c``)."""

from __future__ import annotations

from pyqom.devices.southbridge import make_dma
from pyqom.machines.pcdevices import PCParts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.machines.builder import Builder

IDE_BUSES = ((0x1F0, 0x3F6, 14), (0x170, 0x376, 15))
"""Where the IDE controllers have their ports, and their interrupts."""


def isapc(build: Builder) -> None:
    """``pc_init_isa``."""
    build.has_pci = False
    parts = PCParts(build)
    parts.memory()
    bridge = build.new("isabus-bridge")
    bridge.realize_on(build.board.system_bus)
    parts.isa = bridge.new_bus("ISA")
    own = "south-bridges-have-parts" in parts.rules
    if own:
        parts.isa.realize()
        parts.clock()
        parts.loose.connect(parts.rtc, "unnamed-gpio-out", [("gsi", parts.rtc.get("irq"))])
    make_dma(build.machine, build.board, build.context, parts.isa, own)
    parts.interrupt_controllers()
    build.defaults.graphics(parts, None)
    parts.basic_devices(0x4, True)
    build.defaults.network(parts, None)
    for number, (base, control, irq) in enumerate(IDE_BUSES):
        ide = parts.isa_device("isa-ide", iobase=base, iobase2=control, irq=irq)
        if number == 1:
            build.defaults.cdrom_drive(parts, ide.buses[0], 0)
