"""The old devices of a PC: DMA, clock, timer, interrupt controllers, keyboard, floppy disks.

QEMU ``hw/dma/i8257.c``, ``hw/rtc/mc146818rtc.c``, ``hw/input/pckbd.c``, ``hw/block/fdc-isa.c``,
``hw/timer/hpet.c``, ``hw/nvram/fw_cfg.c``.
"""

from __future__ import annotations

from pyqom.devices.device import Device
from pyqom.devices.interior import line_in, new_region
from pyqom.devices.isa import ISADevice
from pyqom.devices.sysbus import SysBusDevice
from pyqom.types.tree import Coming

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class DMAController(ISADevice):
    """The model of "i8257": four channels, of bytes or of words."""

    @property
    def scale(self) -> int:
        """How far its registers lie apart."""
        return 1 << self._dshift  # type: ignore[no-any-return]


class Clock(ISADevice):
    """The model of "mc146818rtc": its time stands still, at the beginning of time."""

    _date = {"tm_year": 70, "tm_mon": 0, "tm_mday": 1, "tm_hour": 0, "tm_min": 0, "tm_sec": 0}


class KeyboardController(ISADevice):
    """The model of "i8042", with a keyboard and a mouse."""

    def do_realize(self) -> None:
        """``i8042_realizefn``."""
        loose = self.board.loose
        loose.connect(
            self, "unnamed-gpio-out", (("gsi", self._kbd_irq), ("gsi", self._mouse_irq))
        )
        for name, stem in (("ps2kbd", "ps2-kbd"), ("ps2mouse", "ps2-mouse")):
            part = self.property(name).resolve(self)
            part.realize_on(self.board.system_bus)
            part.wires["unnamed-gpio-out"] = self._input(f"{stem}-input-irq")

    def _input(self, stem: str) -> Any:
        return lambda index: line_in(self, index, stem)


class Floppy(Device):
    """The model of "floppy": a drive, which is what its controller says where nobody does."""

    def do_realize(self) -> None:
        """``floppy_drive_realize``."""
        if self.get("drive-type") == "auto":
            controller = self.parent_bus.owner
            self.property("drive-type").store(self, controller.get("fallback"))


class FirmwareConfig(SysBusDevice):
    """The model of "fw_cfg": the files that firmware reads.

    Those that ACPI builds again when the guest asks are memory regions.
    """

    def add_files(self, files: dict[str, int]) -> None:
        """Have files with a memory region: their sizes in bytes by name."""
        self.expect(FileRegions(files))


class FileRegions(Coming):
    """The memory regions of files that firmware reads (``rom_add_blob``)."""

    def __init__(self, files: dict[str, int]) -> None:
        self.files = files

    def has(self, obj: Any, name: str) -> bool:
        return name.startswith("\\x2from@")

    def bring(self, obj: Any) -> None:
        for name, size in self.files.items():
            new_region(obj, f"/rom@{name}", size)
