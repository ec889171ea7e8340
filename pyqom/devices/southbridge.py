"""What the south bridges of PCs have in common: the ISA bus with DMA and the clock."""

from __future__ import annotations

from pyqom.devices.pci import PCIDevice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.devices.board import Board
    from pyqom.devices.context import Context

DMA = (
    {"base": 0x00, "page-base": 0x80, "pageh-base": -1, "dshift": 0},
    {"base": 0xC0, "page-base": 0x88, "pageh-base": -1, "dshift": 1},
)
"""The two DMA controllers, of bytes and of words (``i8257_dma_init``)."""


def make_dma(owner: Any, board: Board, context: Context, bus: Any, as_children: bool) -> None:
    """Make the DMA controllers: children of their owner, or of nobody."""
    for number, values in enumerate(DMA):
        dma = board.new("i8257", context)
        for name, value in values.items():
            dma.set(name, value)
        if as_children:
            owner.add_child(f"dma[{number}]", dma)
        dma.realize_on(bus)


class SouthBridge(PCIDevice):
    """A PCI device with the ISA bus behind it."""

    isa: Any = None
    """Its ISA bus."""
    rtc: Any = None
    """Its clock; None where the machine makes one."""

    def make_isa_bus(self) -> None:
        """``isa_bus_new``."""
        self.isa = self.new_bus("ISA")

    def make_dma(self) -> None:
        """Two controllers; in newer releases they are parts of the bridge."""
        assert self.registry.release is not None
        assert self.context is not None
        parts = "south-bridges-have-parts" in self.registry.release.rules
        make_dma(self, self.board, self.context, self.isa, parts)

    def make_clock(self) -> None:
        """Bring the clock to life that is a part of it."""
        self.rtc.set("base_year", 0)
        self.rtc.realize_on(self.isa)
