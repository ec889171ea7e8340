"""Filters on network backends (``net/filter.c`` and its kinds).

No packet passes: a filter checks its place and its properties.
"""

from __future__ import annotations

from pyqom.devices.backends import hostfile
from pyqom.devices.backends.fields import Field, flag, text
from pyqom.devices.backends.objects import Backend
from pyqom.errors import DeviceNotFound, InvalidParameterValue, ObjectRefused
from pyqom.types import Enum, Object, String, UInt32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _status(obj: Any, value: str, name: str) -> str:
    if value not in ("on", "off"):
        raise InvalidParameterValue("Invalid value for netfilter status, should be 'on' or 'off'")
    return value


def _insert(obj: Any, value: str, name: str) -> str:
    if value not in ("before", "behind"):
        raise InvalidParameterValue(
            "Invalid value for netfilter insert, should be 'before' or 'behind'"
        )
    return value


class NetFilter(Object, Backend, typename="netfilter", abstract=True):
    """A filter on a network backend, at a place among the other filters there.

    ``attached`` is the id of the backend, once the object is complete.
    """

    attached: str | None = None

    netdev = text()
    queue = Field(Enum(("all", "rx", "tx"), "NetFilterDirection"))
    status = Field(String("on"), accept=_status)
    position = text("tail")
    insert = Field(String("behind"), accept=_insert)

    def complete(self) -> None:
        """Find the backend and the place, then set up."""
        if self.netdev is None:
            raise ObjectRefused("Parameter 'netdev' is required")
        queues = self.surroundings.netdevs.get(self.netdev, 0)
        if queues < 1:
            raise InvalidParameterValue("Parameter 'netdev' expects a network backend id")
        if queues > 1:
            raise ObjectRefused("multiqueue is not supported")
        if self.position not in ("head", "tail"):
            self._check_position()
        self.setup()
        self.attached = self.netdev

    def _check_position(self) -> None:
        """The place is beside another filter of the same backend."""
        if not self.position.startswith("id="):
            raise InvalidParameterValue("Parameter 'position' expects 'head', 'tail' or 'id=<id>'")
        identifier = self.position[3:]
        other = self.surroundings.object(identifier)
        if other is None or not isinstance(other, NetFilter):
            raise ObjectRefused(f"filter '{identifier}' not found")
        if other.attached != self.netdev:
            raise ObjectRefused(f"filter '{identifier}' belongs to a different netdev")

    def setup(self) -> None:
        """Hook: check what the kind of filter needs, or raise."""


def _interval(obj: Any, value: int, name: str) -> int:
    if not value:
        raise InvalidParameterValue(f"Property '{obj.typename}.{name}' requires a positive value")
    return value


class FilterBuffer(NetFilter, typename="filter-buffer"):
    """Holds packets for a time (``net/filter-buffer.c``)."""

    interval = Field(UInt32(), accept=_interval)

    def setup(self) -> None:
        """There must be a time."""
        if not self.interval:
            raise InvalidParameterValue("Parameter 'interval' expects a non-zero interval")


def _maxlen(obj: Any, value: int, name: str) -> int:
    if not value:
        raise InvalidParameterValue(f"Property '{obj.typename}.{name}' doesn't take value '0'")
    return value


class FilterDump(NetFilter, typename="filter-dump"):
    """Writes packets to a file (``net/dump.c``); the file is not made."""

    maxlen = Field(UInt32(65536), accept=_maxlen)
    file = text()

    def setup(self) -> None:
        """See whether the file could be written."""
        if self.file is None:
            raise ObjectRefused("dump filter needs 'file' property set!")
        failure = hostfile.writable(self.file)
        if failure is not None:
            why = hostfile.reason(failure)
            raise ObjectRefused(f"net dump: can't open {self.file}: {why}")


class FilterMirror(NetFilter, typename="filter-mirror"):
    """Copies packets to a chardev (``net/filter-mirror.c``)."""

    outdev = text()
    vnet_hdr_support = flag(name="vnet_hdr_support")

    def setup(self) -> None:
        """Take the chardev."""
        if self.outdev is None:
            raise DeviceNotFound("filter-mirror parameter 'outdev' cannot be empty")
        self.surroundings.take(self, self.outdev)

    def instance_finalize(self) -> None:
        """Let it go."""
        self.surroundings.release(self, self.outdev)


class FilterRedirector(NetFilter, typename="filter-redirector"):
    """Sends packets to a chardev, and takes others from one (``net/filter-mirror.c``)."""

    indev = text()
    outdev = text()
    vnet_hdr_support = flag(name="vnet_hdr_support")

    def setup(self) -> None:
        """Take the chardevs, one at least."""
        if not self.indev and not self.outdev:
            raise ObjectRefused(
                "filter redirector needs 'indev' or 'outdev' at least one property set"
            )
        if self.indev == self.outdev:
            raise ObjectRefused("'indev' and 'outdev' could not be same for filter redirector")
        if self.indev is not None:
            self.surroundings.take(self, self.indev, "IN ")
        if self.outdev is not None:
            self.surroundings.take(self, self.outdev, "OUT ")

    def instance_finalize(self) -> None:
        """Let them go."""
        self.surroundings.release(self, self.indev)
        self.surroundings.release(self, self.outdev)


class FilterReplay(NetFilter, typename="filter-replay"):
    """Records packets for a replay (``net/filter-replay.c``)."""


class FilterRewriter(NetFilter, typename="filter-rewriter"):
    """Rewrites sequence numbers for COLO (``net/filter-rewriter.c``)."""

    vnet_hdr_support = flag(name="vnet_hdr_support")
