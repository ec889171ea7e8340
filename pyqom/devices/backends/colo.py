"""Comparing the packets of two guests (``net/colo-compare.c``)."""

from __future__ import annotations

from pyqom.devices.backends.fields import Field, flag, text
from pyqom.devices.backends.objects import Backend
from pyqom.errors import InvalidParameterValue, ObjectRefused
from pyqom.types import Link, Object, UInt32, UInt64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEFAULT_TIMEOUT_MS = 3000
DEFAULT_SCAN_CYCLE_MS = 1000
DEFAULT_QUEUE_SIZE = 1024


def _positive(obj: Any, value: int, name: str) -> int:
    if not value:
        raise InvalidParameterValue(f"Property '{obj.typename}.{name}' requires a positive value")
    return value


class ColoCompare(Object, Backend, typename="colo-compare"):
    """Compares what a primary and a secondary guest send."""

    primary_in = text(name="primary_in")
    secondary_in = text(name="secondary_in")
    outdev = text()
    iothread = Link("iothread", qdev=False)
    notify_dev = text(name="notify_dev")
    compare_timeout = Field(UInt32(), "uint64", name="compare_timeout", accept=_positive)
    expired_scan_cycle = Field(UInt32(), name="expired_scan_cycle", accept=_positive)
    max_queue_size = Field(UInt64(), "uint32", name="max_queue_size", accept=_positive)
    vnet_hdr_support = flag(name="vnet_hdr_support")

    def complete(self) -> None:
        """Take the chardevs, which must be there and be sockets."""
        labels = (self.primary_in, self.secondary_in, self.outdev)
        if not all(labels) or self.iothread is None:
            raise ObjectRefused(
                "colo compare needs 'primary_in' ,'secondary_in','outdev','iothread' property set"
            )
        if len({*labels}) < len(labels):
            raise ObjectRefused("'indev' and 'outdev' could not be same for compare module")
        self._compare_timeout = self.compare_timeout or DEFAULT_TIMEOUT_MS
        self._expired_scan_cycle = self.expired_scan_cycle or DEFAULT_SCAN_CYCLE_MS
        self._max_queue_size = self.max_queue_size or DEFAULT_QUEUE_SIZE
        for label in (*labels, self.notify_dev):
            if label is not None:
                self._take(label)

    def _take(self, label: str) -> None:
        chardev = self.surroundings.chardev(label)
        if chardev is None:
            raise ObjectRefused(f"Device '{label}' not found")
        if not chardev.cast("chardev-socket"):
            raise ObjectRefused(f'chardev "{label}" is not reconnectable')
        self.surroundings.claim(self, label, chardev)

    def instance_finalize(self) -> None:
        """Let the chardevs go."""
        for label in (self.primary_in, self.secondary_in, self.outdev, self.notify_dev):
            self.surroundings.release(self, label)
