"""SCSI buses and the devices on them (QEMU ``hw/scsi/scsi-bus.c``, ``scsi-disk.c``)."""

from __future__ import annotations

from pyqom.devices import disk
from pyqom.devices.blocks import Backend
from pyqom.devices.bus import Bus
from pyqom.devices.device import Device
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ANY = 0xFFFFFFFF
"""An id or a number of a unit that is not given."""
DISCARD_GRANULARITY = 4096
MOST_SERIAL, MOST_SERIAL_FOR_ID = 36, 20


class SCSIBus(Bus):
    """The model of type "SCSI"; ``most_*`` are the highest numbers that its adapter takes."""

    most_channel = 0
    most_target = 7
    most_lun = 7

    def limit(self, channel: int, target: int, lun: int) -> Any:
        """Set the highest numbers.  Returns the bus."""
        self.most_channel, self.most_target, self.most_lun = channel, target, lun
        return self

    def configure(self, line: Mapping[str, Any]) -> None:
        self.limit(*line["most"])

    def device_at(self, channel: int, target: int, lun: int) -> Any:
        """The device at an address; None where it is free."""
        for device in self.members:
            if (device._channel, device._scsi_id, device._lun) == (channel, target, lun):
                return device
        return None

    def check_address(self, device: Any) -> None:
        channel, target, lun = device._channel, device._scsi_id, device._lun
        if channel > self.most_channel:
            raise PyqomError(f"bad scsi channel id: {channel}")
        if target != ANY and target > self.most_target:
            raise PyqomError(f"bad scsi device id: {target}")
        if lun != ANY and lun > self.most_lun:
            raise PyqomError(f"bad scsi device lun: {lun}")
        if ANY not in (target, lun):
            other = self.device_at(channel, target, lun)
            if other is not None:
                name = "(null)" if other.id is None else other.id
                raise PyqomError(f"lun already used by '{name}'")

    def address_of(self, device: Any) -> str:
        return f"{device._channel}:{device._scsi_id}:{device._lun}"


class SCSIDevice(Device):
    """The model of type "scsi-device"."""

    _scsi_id: int
    _lun: int

    def do_realize(self) -> None:
        """``scsi_qdev_realize``: what was not given is the first that is free."""
        self._find_address()
        self.scsi_realize()

    def _find_address(self) -> None:
        bus, channel = self.parent_bus, self._channel
        if self._scsi_id == ANY:
            lun = 0 if self._lun == ANY else self._lun
            for target in range(bus.most_target + 1):
                if bus.device_at(channel, target, lun) is None:
                    self._scsi_id, self._lun = target, lun
                    return
            raise PyqomError("no free target")
        if self._lun == ANY:
            for lun in range(bus.most_lun + 1):
                if bus.device_at(channel, self._scsi_id, lun) is None:
                    self._lun = lun
                    return
            raise PyqomError("no free lun")

    def scsi_realize(self) -> None:
        """What a type of SCSI device does to come to life.  Raises PyqomError."""


class SCSIDisk(SCSIDevice):
    """What hard disk and CD-ROM have in common (``scsi_realize``)."""

    _drive: Any
    _discard_granularity: int
    _ver: str | None
    _vendor: str | None
    _product: str | None
    _device_id: str | None
    default_product = "QEMU HARDDISK"
    removable_medium = False

    def finish(self, read_only: bool, resizable: bool) -> None:
        """Check the drive, and fill in what was not given.  Raises PyqomError."""
        drive = disk.drive_of(self)
        if not self.removable_medium and drive.node is None:
            raise PyqomError("Device needs media, but drive is empty")
        disk.check_sizes(self)
        if not self.removable_medium:
            disk.check_geometry(self, (65535, 255, 255))
        disk.take_rights(self, read_only or not disk.can_write(drive), resizable)
        drive.removable, drive.keeps_status = self.removable_medium, True
        if self._discard_granularity == disk.UNSET:
            self._discard_granularity = max(self._logical_block_size, DISCARD_GRANULARITY)
        self._name_it(drive)

    def _name_it(self, drive: Backend) -> None:
        """What the disk tells of itself."""
        self._ver = self._ver or self.board.hw_version
        self._vendor = self._vendor or "QEMU"
        self._product = self._product or self.default_product
        serial = self._serial
        if serial is not None and len(serial) > MOST_SERIAL:
            raise PyqomError(f"The serial number can't be longer than {MOST_SERIAL} characters")
        if self._device_id is None:
            if serial is not None and len(serial) > MOST_SERIAL_FOR_ID:
                raise PyqomError(
                    f"The serial number can't be longer than {MOST_SERIAL_FOR_ID} characters when"
                    " it is also used as the default for device_id"
                )
            self._device_id = serial if serial is not None else drive.id


class SCSIHardDisk(SCSIDisk):
    """The model of "scsi-hd"."""

    def scsi_realize(self) -> None:
        self.removable_medium = self._removable
        if self._drive is not None:
            disk.check_sizes(self)
        self.finish(read_only=False, resizable=True)


class SCSIRom(SCSIDisk):
    """The model of "scsi-cd"; without a drive it is empty."""

    default_product = "QEMU CD-ROM"
    removable_medium = True

    def scsi_realize(self) -> None:
        if self._drive is None:
            self._drive = self.board.blocks.new_backend(None)
            self._drive.device = self
        self.finish(read_only=True, resizable=False)


class SCSIPassthrough(SCSIDevice):
    """The model of "scsi-block" and "scsi-generic": a SCSI device of the host."""

    def scsi_realize(self) -> None:
        disk.drive_of(self)
        raise PyqomError("cannot get SG_IO version number: Operation not supported")
