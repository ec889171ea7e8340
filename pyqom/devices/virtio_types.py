"""The types of virtio devices: what each checks (QEMU ``hw/virtio``, ``hw/scsi``, ``hw/net``)."""

from __future__ import annotations

from pyqom.devices import disk
from pyqom.devices.backends.fields import Fact
from pyqom.devices.bus import Bus
from pyqom.devices.hotplug import HotplugHandler
from pyqom.devices.nic import NIC
from pyqom.devices.parts import new_part
from pyqom.devices.virtio import UNSPECIFIED, VirtIODevice
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TEXTS_HAVE_STOPS = Fact(since="11.1")
MOST_SECONDS = 0xFFFFFFFF
UNKNOWN = (1 << 64) - 1
STATISTICS = (
    *(("stat-swap-in", None), ("stat-swap-out", None), ("stat-major-faults", None)),
    *(("stat-minor-faults", None), ("stat-free-memory", None), ("stat-total-memory", None)),
    *(("stat-available-memory", None), ("stat-disk-caches", None)),
    *(("stat-htlb-pgalloc", None), ("stat-htlb-pgfail", None), ("stat-oom-kills", "11.1")),
    *(("stat-alloc-stalls", "11.1"), ("stat-scan-async", "11.1"), ("stat-scan-direct", "11.1")),
    *(("stat-reclaim-async", "11.1"), ("stat-reclaim-direct", "11.1")),
)
"""What a guest may tell of its memory, and since which release."""
MOST_QUEUES = 1024
MOST_QUEUE_SIZE = 1024
AUTO = 0xFFFF
"""A number of queues that is to be chosen."""
NEEDS_HOTPLUG = "the configuration is not prepared for memory devices"


class VirtIORNG(VirtIODevice):
    """The model of "virtio-rng-device"; without a backend it makes itself one."""

    legacy_config = 0

    def virtio_realize(self) -> None:
        """``virtio_rng_device_realize``."""
        if self._period <= 0:
            raise PyqomError("'period' parameter expects a positive integer")
        if self._max_bytes > (1 << 63) - 1:
            raise PyqomError("'max-bytes' parameter must be non-negative, and less than 2^63")
        if self.rng is None:
            backend = new_part(self, "rng-builtin")
            backend.complete()
            self.add_child("default-backend", backend)
            self.on_unrealize(backend.unparent)
            self.set("rng", backend)
            self.on_unrealize(lambda: self.property("rng").store(self, None))


class VirtIOBalloon(VirtIODevice):
    """The model of "virtio-balloon-device": there is one at most."""

    legacy_config = 16
    polling = 0
    """How often the guest is asked for statistics, in seconds; 0 for never."""

    def get_guest_stats_polling_interval(self) -> int:
        return self.polling

    def set_guest_stats_polling_interval(self, seconds: int) -> None:
        """``balloon_stats_set_poll_interval``."""
        if seconds < 0:
            raise PyqomError("timer value must be greater than zero")
        if seconds > MOST_SECONDS:
            raise PyqomError("timer value is too big")
        self.polling = seconds

    def get_guest_stats(self) -> dict[str, Any]:
        """``balloon_stats_get_all``: the guest has not told any."""
        knows = self.registry.release.knows  # type: ignore[union-attr]
        names = [name for name, since in STATISTICS if knows(since, None)]
        return {"stats": dict.fromkeys(names, UNKNOWN), "last-update": 0}

    def virtio_realize(self) -> None:
        """``virtio_balloon_device_realize``."""
        board = self.board
        if board.balloon is not None:
            raise PyqomError("Only one balloon device is supported")
        if self.get("free-page-hint") and self.get("iothread") == "":
            raise PyqomError("'free-page-hint' requires 'iothread' to be set")
        board.balloon = self
        self.on_unrealize(lambda: setattr(board, "balloon", None))


class VirtIOSCSI(HotplugHandler, VirtIODevice):
    """The model of "virtio-scsi-device": it handles what is plugged into its bus."""

    _num_queues: int
    FIXED_QUEUES = 2
    MOST_TARGET, MOST_LUN = 255, 16383
    legacy_config = 36

    def choose_queues(self) -> None:
        if self._num_queues == UNSPECIFIED:
            self._num_queues = self.cpu_count()

    def vectors(self) -> int:
        return int(self._num_queues) + self.FIXED_QUEUES + 1

    def virtio_realize(self) -> None:
        """``virtio_scsi_device_realize``."""
        most = MOST_QUEUES - self.FIXED_QUEUES
        if not 0 < self._num_queues <= most:
            raise PyqomError(
                f"Invalid number of queues (= {self._num_queues}), must be a positive integer"
                f" less than {most}."
            )
        bus = self.new_bus("SCSI", self._bus_name())
        bus.limit(0, self.MOST_TARGET, self.MOST_LUN).set_handler(self)

    def _bus_name(self) -> str | None:
        """It is called after the proxy's id (``virtio_scsi_pci_realize``)."""
        proxy = self.parent_object
        return f"{proxy.id}.0" if proxy is not None and proxy.id is not None else None


class PortBus(Bus):
    """The model of type "virtio-serial-bus"."""


class VirtIOSerial(HotplugHandler, VirtIODevice):
    """The model of "virtio-serial-device"."""

    MOST_PORTS = 511
    legacy_config = 12

    def vectors(self) -> int:
        return int(self._max_ports) + 1

    def virtio_realize(self) -> None:
        """``virtio_serial_device_realize``."""
        if self._max_ports > self.MOST_PORTS:
            raise PyqomError(f"maximum ports supported: {self.MOST_PORTS}")
        proxy = self.parent_object
        named = proxy is not None and proxy.id is not None
        bus = self.new_bus("virtio-serial-bus", f"{proxy.id}.0" if named else None)
        bus.set_handler(self)
        self.ports: dict[int, Any] = {}
        self.next_guest = 0


class VirtIOBlock(VirtIODevice):
    """The model of "virtio-blk-device"."""

    _num_queues: int
    MOST_SECTORS = 0x7FFFFFFF // 512
    legacy_config = 60

    def choose_queues(self) -> None:
        if self._num_queues == AUTO:
            self._num_queues = self.cpu_count()

    def vectors(self) -> int:
        return int(self._num_queues) + 1

    def virtio_realize(self) -> None:
        """``virtio_blk_device_realize``."""
        drive = disk.drive_of(self)
        if drive.node is None:
            raise PyqomError("Device needs media, but drive is empty")
        if not self._num_queues:
            raise PyqomError("num-queues property must be larger than 0")
        if self._queue_size <= 2:
            raise PyqomError(
                f"invalid queue-size property ({self._queue_size}), must be > 2"
            )
        size = self._queue_size
        if size & (size - 1) or size > MOST_QUEUE_SIZE:
            raise PyqomError(
                f"invalid queue-size property ({size}), must be a power of 2"
                f" (max {MOST_QUEUE_SIZE})"
            )
        disk.take_rights(self, not disk.can_write(drive), True)
        disk.check_sizes(self)
        disk.check_geometry(self, (65535, 255, 255))
        self._check_limits()

    def _check_limits(self) -> None:
        for name in ("max-discard-sectors", "max-write-zeroes-sectors"):
            value = self.get(name)
            if not value or value > self.MOST_SECTORS:
                raise PyqomError(
                    f"invalid {name} property ({value}), must be between 1 and"
                    f" {self.MOST_SECTORS}"
                )


class VirtIONet(NIC, VirtIODevice):
    """The model of "virtio-net-device"."""

    FEWEST, MOST = 256, 1024
    legacy_config = 8

    def vectors(self) -> int:
        return 2 * max(self.queue_pairs, 1) + 2

    @property
    def queue_pairs(self) -> int:
        """How many queues its backend has, in each direction."""
        return getattr(self._netdev, "queues", 1)

    def virtio_realize(self) -> None:
        """``virtio_net_device_realize``."""
        self._check_duplex()
        if self._speed < -1:
            raise PyqomError("'speed' must be between 0 and INT_MAX")
        for name in ("rx_queue_size", "tx_queue_size"):
            size = self.get(name)
            if not self.FEWEST <= size <= MOST_QUEUE_SIZE or size & (size - 1):
                stop = name == "rx_queue_size" or TEXTS_HAVE_STOPS.holds(self.registry)
                raise PyqomError(
                    f"Invalid {name} (= {size}), must be a power of 2 between {self.FEWEST}"
                    f" and {MOST_QUEUE_SIZE}{'.' if stop else ''}"
                )
        self.take_address()
        if self.get("failover"):
            self._be_standby()

    def _be_standby(self) -> None:
        """Stand by for a primary card, which stays hidden until the guest can do with both."""
        name, pairs = self.parent_object.id, self.board.failover
        pairs[name] = None
        self.on_unrealize(lambda: pairs.pop(name))

    def _check_duplex(self) -> None:
        if self._duplex not in (None, "half", "full"):
            raise PyqomError("'duplex' must be 'half' or 'full'")


class VirtIOCrypto(VirtIODevice):
    """The model of "virtio-crypto-device"."""

    def virtio_realize(self) -> None:
        """``virtio_crypto_device_realize``."""
        backend = self.cryptodev
        if backend is None:
            raise PyqomError("'cryptodev' parameter expects a valid object")
        if getattr(backend, "used_by", None) is not None:
            raise PyqomError(
                f"can't use already used cryptodev backend: {backend.path_component}"
            )
        backend.used_by = self
        self.on_unrealize(lambda: setattr(backend, "used_by", None))


class VHostVSock(VirtIODevice):
    """The model of "vhost-vsock-device"; the host has nothing behind it."""

    def virtio_realize(self) -> None:
        cid = self.get("guest-cid")
        if cid <= 2:
            raise PyqomError("guest-cid property must be greater than 2")
        if cid > 0xFFFFFFFF:
            raise PyqomError("guest-cid property must be a 32-bit number")
        raise PyqomError("Could not open '/dev/vhost-vsock': No such file or directory")


class VirtIOInput(VirtIODevice):
    """The model of type "virtio-input-device"."""

    device_name = "virtio-input"


class VirtIOClock(VirtIODevice):
    """The model of "virtio-rtc-device"."""

    device_name = "virtio-clk"
