"""Virtio devices, the bus each has for itself, and the PCI proxy (QEMU ``hw/virtio``)."""

from __future__ import annotations

from pyqom.devices.bus import Bus
from pyqom.devices.device import Device
from pyqom.devices.pci import PCIDevice
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

UNSPECIFIED = 0xFFFFFFFF
"""A number of vectors that the type chooses itself."""
VENDOR = "1af4"
MODERN_ID, MODERN_SUBSYSTEM = 0x1040, 0x1100
KINDS = {
    "virtio-net": 1,
    "virtio-blk": 2,
    "virtio-serial": 3,
    "virtio-rng": 4,
    "virtio-balloon": 5,
    "virtio-scsi": 8,
    "virtio-9p": 9,
    "virtio-gpu": 16,
    "virtio-clk": 17,
    "virtio-input": 18,
    "vhost-vsock": 19,
    "virtio-crypto": 20,
    "virtio-iommu": 23,
    "virtio-mem": 24,
    "virtio-sound": 25,
    "vhost-user-fs": 26,
    "virtio-pmem": 27,
}
"""The number of a kind of device (virtio specification, section 5)."""
LEGACY_IDS = {1: 0x1000, 2: 0x1001, 5: 0x1002, 3: 0x1003, 8: 0x1004, 4: 0x1005, 9: 0x1009}
"""The PCI ids that older guests know, by kind."""
PAGE = 4096
MODERN_BAR = 4 * PAGE
HEADER = 24
"""Bytes of an older guest's registers before the configuration."""
VECTOR = 16
"""Bytes of an entry in the table of vectors."""
PARTS = ("common", "isr", "device", "notify", "notify-pio")
"""The memory regions in which a modern guest finds a device."""


class VirtIOBus(Bus):
    """The model of type "virtio-bus": it has room for one device."""

    most_members = 1


class VirtIODevice(Device):
    """The model of type "virtio-device": what a proxy makes a guest see."""

    device_name: str | None = None
    """What regions are called after; None: as the type, without "-device"."""
    legacy_config: int | None = None
    """Bytes of its configuration as older guests see it; None: it is for modern ones only."""

    def do_realize(self) -> None:
        self.virtio_realize()

    def virtio_realize(self) -> None:
        """What a type of virtio device does to come to life.  Raises PyqomError."""

    def choose_queues(self) -> None:
        """Settle how many queues there are, where that depends on the machine's CPUs."""

    def vectors(self) -> int:
        """How many interrupt vectors suit it."""
        return 2

    @property
    def region_name(self) -> str:
        """What regions are called after."""
        return self.device_name or self.typename.removesuffix("-device")

    def cpu_count(self) -> int:
        """How many CPUs the machine starts with: as many queues are best."""
        return int(self.board.machine.smp_config.cpus)


class VirtIOPCI(PCIDevice):
    """The model of type "virtio-pci": the PCI device through which a guest sees a virtio device."""

    _legacy = False
    _vectors: int
    _disable_legacy: str

    @property
    def backend(self) -> Any:
        """The virtio device behind it."""
        return self.property("virtio-backend").resolve(self)

    def pci_realize(self) -> None:
        """``virtio_pci_realize``, then ``virtio_pci_device_plugged``."""
        legacy, modern = self._modes()
        self._legacy = legacy
        self.add_region("virtio-pci", MODERN_BAR)
        bus = self.new_bus("virtio-pci-bus", "virtio-bus")
        backend = self.backend
        backend.choose_queues()
        if self.has_property("vectors") and self._vectors == UNSPECIFIED:
            self._vectors = backend.vectors()
            self.on_unrealize(lambda: setattr(self, "_vectors", UNSPECIFIED))
        backend.realize_on(bus)
        if modern:
            for part in PARTS:
                size = 4 if part == "notify-pio" else PAGE
                self.add_region(f"virtio-pci-{part}-{backend.region_name}", size)
        self._add_vectors()
        if legacy and backend.legacy_config is not None:
            size = HEADER + backend.legacy_config
            self.add_region("virtio-pci", 1 << (size - 1).bit_length())

    def _modes(self) -> tuple[bool, bool]:
        """Whether older and newer guests can use it.  Raises PyqomError where neither can."""
        if not self.has_property("disable-legacy"):
            return "-transitional" in self.typename.replace("non-transitional", ""), True
        if self._disable_legacy == "auto":
            port = self.pci_bus.is_express and not self.pci_bus.is_root
            forced = self.backend.legacy_config is None
            self._disable_legacy = "on" if port or forced else "off"
            self.on_unrealize(lambda: setattr(self, "_disable_legacy", "auto"))
        legacy, modern = self._disable_legacy != "on", not self._disable_modern
        if not legacy and not modern:
            raise PyqomError("device cannot work as neither modern nor legacy mode is enabled")
        return legacy, modern

    def pci_declared(self) -> dict[str, Any]:
        """A device that older guests can use has another id, and tells its kind elsewhere."""
        backend = self.backend
        kind = KINDS.get(backend.region_name, 0)
        legacy = self._legacy and kind in LEGACY_IDS
        number = LEGACY_IDS[kind] if legacy else MODERN_ID + kind
        declared = {"bars": (), **super().pci_declared(), "id": f"{VENDOR}:{number:04x}"}
        declared["subsystem"] = f"{VENDOR}:{kind if legacy else MODERN_SUBSYSTEM:04x}"
        bars = [f"1 memory {PAGE}"] if self.has_property("vectors") and self._vectors else []
        if legacy:
            size = HEADER + backend.legacy_config
            bars.insert(0, f"0 io {1 << (size - 1).bit_length()}")
        declared["bars"] = [*bars, f"4 prefetchable memory64 {MODERN_BAR}", *declared["bars"]]
        return declared

    def _add_vectors(self) -> None:
        """``msix_init_exclusive_bar``."""
        if not self.has_property("vectors") or not self._vectors:
            return
        count = self._vectors
        self.add_region(f"{self.typename}-msix", PAGE)
        self.add_region("msix-table", VECTOR * count)
        self.add_region("msix-pba", -(-count // 64) * 8)
