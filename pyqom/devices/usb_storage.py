"""USB disks: a SCSI disk behind a USB plug (QEMU ``hw/usb/dev-storage-classic.c``)."""

from __future__ import annotations

from pyqom.devices import disk
from pyqom.devices.parts import new_part
from pyqom.devices.usb import FULL, HIGH, SUPER, USBDevice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PASSED_ON = (
    *("_logical_block_size", "_physical_block_size", "_min_io_size", "_opt_io_size"),
    *("_discard_granularity", "_write_cache", "_share_rw", "_rerror", "_werror", "_bootindex"),
    *("_backend_defaults", "_account_invalid", "_account_failed"),
)
"""What the disk has from the USB device around it: its BlockConf."""


class MassStorage(USBDevice):
    """The model of type "usb-storage-dev"."""

    product = "QEMU USB MSD"
    speeds = (FULL, HIGH, SUPER)


class UAS(USBDevice):
    """The model of "usb-uas"."""

    product = "QEMU USB Attached SCSI HBA"
    speeds = (FULL, HIGH, SUPER)


class USBStorage(MassStorage):
    """The model of "usb-storage": it hands its drive to a SCSI disk of its own."""

    _drive: Any

    def usb_realize(self) -> None:
        """``usb_msd_storage_realize``."""
        drive = disk.drive_of(self)
        self._drive = None
        drive.device = None
        legacy = new_part(self, "scsi-hd")
        bus = self.new_bus("SCSI").limit(0, 0, 0)
        bus.add_child("legacy[0]", legacy)
        for slot in PASSED_ON:
            setattr(legacy, slot, getattr(self, slot))
        legacy._scsi_id, legacy._removable = 0, self._removable
        if self._serial is not None:
            legacy.set("serial", self._serial)
        drive.device = legacy
        legacy._drive = drive
        legacy.realize_on(bus)
