"""IDE buses and drives (QEMU ``hw/ide/ide-bus.c``, ``hw/ide/ide-dev.c``)."""

from __future__ import annotations

from pyqom.devices import disk
from pyqom.devices.blocks import SECTOR
from pyqom.devices.bus import Bus
from pyqom.devices.device import Device
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ANY = 0xFFFFFFFF
UNITS = 2
"""How many drives a bus can tell apart."""


class IDEBus(Bus):
    """The model of type "IDE": master and, unless it is a SATA port, slave."""

    units = UNITS
    first_serial = 0
    """The serial number of the drive that gets none of its own, less one, for the master."""

    def configure(self, line: Mapping[str, Any]) -> None:
        board = self.owner.board  # type: ignore[union-attr]
        self.first_serial = board.ide_drives
        board.ide_drives += UNITS

    def machine_units(self) -> dict[int, Any]:
        """The drives by unit."""
        return {device._unit: device for device in self.members if device._realized}


class IDEDrive(Device):
    """The model of type "ide-device"."""

    is_rom = False
    model_name = "QEMU HARDDISK"
    _drive: Any
    _unit: int
    _ver: str | None
    _serial: str | None

    def do_realize(self) -> None:
        """``ide_qdev_realize``: find its unit, then check the drive (``ide_dev_initfn``)."""
        bus = self.parent_bus
        taken = bus.machine_units()
        if self._unit == ANY:
            self._unit = 1 if 0 in taken else 0
        most = 1 if bus.owner.typename.endswith("ahci") else UNITS
        if self._unit >= most:
            raise PyqomError(
                f"Can't create IDE unit {self._unit}, bus supports only {most} units"
            )
        if self._unit in taken:
            raise PyqomError(f"IDE unit {self._unit} is in use")
        self._check_drive()

    def _check_drive(self) -> None:
        if self._drive is None:
            if not self.is_rom:
                raise PyqomError("No drive specified")
            self._drive = self.board.blocks.new_backend(None)
            self._drive.device = self
        disk.check_sizes(self)
        if self._logical_block_size != SECTOR:
            raise PyqomError("logical_block_size must be 512 for IDE")
        if not self.is_rom:
            disk.check_geometry(self, (65535, 16, 255))
        drive = self._drive
        disk.take_rights(self, self.is_rom or not disk.can_write(drive), not self.is_rom)
        drive.removable, drive.keeps_status = self.is_rom, True
        if not self.is_rom:
            if drive.node is None:
                raise PyqomError("Device needs media, but drive is empty")
            if not disk.can_write(drive):
                raise PyqomError("Can't use a read-only drive")
        self._ver = self._ver or self.board.hw_version
        if self._serial is None:
            number = self.parent_bus.first_serial + self._unit + 1
            self._serial = f"QM{number:05d}"


class IDERom(IDEDrive):
    """The model of "ide-cd"."""

    is_rom = True
