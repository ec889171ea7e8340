"""Memory behind virtio: virtio-mem and virtio-pmem (QEMU ``hw/virtio/virtio-mem.c``)."""

from __future__ import annotations

from pyqom.devices.backends.fields import Fact
from pyqom.devices.dimm import ALIGNMENT, PAGE
from pyqom.devices.virtio import VirtIODevice, VirtIOPCI
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MIB = 1 << 20
DEFAULT_BLOCK = MIB
CAN_LEAVE = Fact(since="11.1")
HUGE_PAGES_COUNT = Fact(until="11.1")
"""Whether a block is a huge page of the host, unless somebody says otherwise."""


class VirtIOMemory(VirtIODevice):
    """What both kinds have in common: a backend, and a place in the guest's address space."""

    may_leave = False
    """Whether it can be unplugged."""

    @property
    def memory(self) -> Any:
        """The memory backend.  Raises PyqomError where there is none."""
        if self.memdev is None:
            raise PyqomError("'memdev' property must be set")
        return self.memdev

    @property
    def alignment(self) -> int:
        """How its address has to be aligned, in bytes."""
        anonymous = self.memory.typename == "memory-backend-ram" and not self.memory.get("share")
        return ALIGNMENT if anonymous else PAGE

    def take(self) -> None:
        """Take the backend for itself, until it is put to rest."""
        memory = self.memory
        memory.is_mapped = True
        self.on_unrealize(lambda: setattr(memory, "is_mapped", False))

    def check_leaving(self) -> None:
        """Refuse to be unplugged.  Raises PyqomError."""
        if not CAN_LEAVE.holds(self.registry):
            raise PyqomError("virtio based memory devices cannot be unplugged.")
        if not self.may_leave:
            raise PyqomError("this virtio based memory devices cannot be unplugged")

    def info(self, name: str | None) -> dict[str, Any]:
        """Its member of ``query-memory-devices``, of a proxy with the id `name`."""
        raise NotImplementedError


class VirtIOMem(VirtIOMemory):
    """The model of "virtio-mem-device"."""

    may_leave = True
    block_size = requested_size = 0

    def get_block_size(self) -> int:
        huge = HUGE_PAGES_COUNT.holds(self.registry)
        return self.block_size or (ALIGNMENT if huge else DEFAULT_BLOCK)

    def set_block_size(self, size: int) -> None:
        """``virtio_mem_set_block_size``."""
        if self._realized:
            raise PyqomError("'block-size' cannot be changed")
        if size < MIB:
            raise PyqomError("'block-size' property has to be at least 0x100000")
        if size & (size - 1):
            raise PyqomError("'block-size' property has to be a power of two")
        self.block_size = size

    def get_requested_size(self) -> int:
        return self.requested_size

    def set_requested_size(self, size: int) -> None:
        """``virtio_mem_set_requested_size``: the guest is asked to take or give memory."""
        if self._realized:
            block = self.get_block_size()
            if size % block:
                raise PyqomError(
                    f"'requested-size' has to be multiples of 'block-size' (0x{block:x})"
                )
            most = self.memory.get("size")
            if size > most:
                raise PyqomError(
                    f"'requested-size' cannot exceed the memory backend size(0x{most:x})"
                )
        self.requested_size = size

    def get_size(self) -> int:
        """How much the guest has taken: nothing."""
        return 0

    def virtio_realize(self) -> None:
        """``virtio_mem_device_realize``."""
        if self.memdev is None:
            raise PyqomError("'memdev' property is not set")
        if self.memory.is_mapped:
            raise PyqomError(
                f"'memdev' property specifies a busy memdev: {self.memory.path_component}"
            )
        nodes = self.board.machine.numa
        count = 0 if nodes is None else len(nodes)
        if self._node and self._node >= count:
            raise PyqomError(
                f"'node' property has value '{self._node}', which exceedsthe number of numa"
                f" nodes: {count or 1}"
            )
        self._check_block()
        self.take()

    def _check_block(self) -> None:
        block = self.get_block_size()
        if block < PAGE:
            raise PyqomError(
                f"'block-size' property has to be at least the page size (0x{PAGE:x})"
            )
        for name, value in (
            ("'requested-size' property", self.get("requested-size")),
            ("'memaddr' property", self.get("memaddr")),
        ):
            if value % block:
                raise PyqomError(f"{name} has to be multiples of 'block-size' (0x{block:x})")
        if self.memory.get("size") % block:
            raise PyqomError(
                f"'memdev' property memdev size has to be multiples of'block-size' (0x{block:x})"
            )

    def check_leaving(self) -> None:
        super().check_leaving()
        if self.get("requested-size"):
            raise PyqomError(
                "virtio-mem device cannot get unplugged while 'requested-size' != '0'"
            )

    def info(self, name: str | None) -> dict[str, Any]:
        names = ("memaddr", "requested-size", "size", "block-size", "node")
        data = {each: self.get(each) for each in names}
        data["max-size"] = self.memory.get("size")
        data["memdev"] = self.memory.canonical_path()
        return {"type": "virtio-mem", "data": data if name is None else {"id": name, **data}}


class VirtIOPMem(VirtIOMemory):
    """The model of "virtio-pmem"."""

    def virtio_realize(self) -> None:
        """``virtio_pmem_realize``."""
        if self.memdev is None:
            raise PyqomError("virtio-pmem memdev not set")
        if self.memory.is_mapped:
            raise PyqomError(f"can't use already busy memdev: {self.memory.path_component}")
        self.take()

    def info(self, name: str | None) -> dict[str, Any]:
        data = {
            "memaddr": self.get("memaddr"),
            "size": self.memory.get("size"),
            "memdev": self.memory.canonical_path(),
        }
        return {"type": "virtio-pmem", "data": data if name is None else {"id": name, **data}}


class MemoryProxy(VirtIOPCI):
    """The model of their PCI proxies: the machine gives each its place before it is realized."""

    @property
    def memory(self) -> Any:
        """The memory backend.  Raises PyqomError where there is none."""
        return self.backend.memory

    @property
    def alignment(self) -> int:
        """How its address has to be aligned, in bytes."""
        return self.backend.alignment  # type: ignore[no-any-return]

    @property
    def addr(self) -> int:
        """Where it is."""
        return self.backend.get("memaddr")  # type: ignore[no-any-return]

    def place(self, address: int) -> None:
        """Give it its place."""
        self.backend._memaddr = address
