"""Memory backends: the memory of machines and DIMMs (``backends/hostmem.c``)."""

from __future__ import annotations

from pyqom.devices.backends import hostfile
from pyqom.devices.backends.fields import Fact, Field, flag
from pyqom.devices.backends.objects import Backend
from pyqom.devices.interior import escaped, new_region
from pyqom.errors import InvalidParameterValue, ObjectInUse, ObjectRefused, PropertyError
from pyqom.types import Bool, Enum, Link, Object, Size, UInt32
from pyqom.types.composite import UInt16List
from pyqom.types.tree import Coming
from pyqom.types.visitor import size_to_str

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_NODES = 128
"""How many NUMA nodes a host may have (``MAX_NODES``)."""

POLICIES = ("default", "preferred", "bind", "interleave")

FILES_HOLD_WHOLE_PAGES = Fact(since="11.1")
DELETING_SAYS_WHAT_IS_MAPPED = Fact(since="11.1")


def once_allocated(obj: Any, name: str) -> None:
    """Refuse a property when the memory is there."""
    if obj.allocated:
        raise PropertyError("cannot change property value")


def _size_once_allocated(obj: Any, name: str) -> None:
    if obj.allocated:
        raise PropertyError(f"cannot change property {name} of {obj.typename} ")


def _not_zero(obj: Any, value: int, name: str) -> int:
    if not value:
        raise InvalidParameterValue(f"property '{name}' of {obj.typename} doesn't take value '0'")
    return value


def _nodes(obj: Any, value: tuple[int, ...], name: str) -> tuple[int, ...]:
    """Nodes are only ever added."""
    for node in value:
        if node >= MAX_NODES:
            raise InvalidParameterValue(f"Invalid host-nodes value: {node}")
    return tuple(sorted({*obj.host_nodes, *value}))


def _prealloc(obj: Any, value: bool, name: str) -> bool:
    """What is allocated stays so."""
    if value and not obj.reserve:
        raise _incompatible()
    return value or (obj.allocated and obj.prealloc)


def _reserve(obj: Any, value: bool, name: str) -> bool:
    if obj.prealloc and not value:
        raise _incompatible()
    return value


def _incompatible() -> InvalidParameterValue:
    return InvalidParameterValue("'prealloc=on' and 'reserve=off' are incompatible")


class BackendRegion(Coming):
    """The memory of a backend as a region, which is called as the backend is."""

    ONLY: BackendRegion

    def has(self, obj: Any, name: str) -> bool:
        return name == f"{escaped(obj.region_name)}[0]"

    def bring(self, obj: Any) -> None:
        new_region(obj, obj.region_name, obj.size)


BackendRegion.ONLY = BackendRegion()


class MemoryBackend(Object, Backend, typename="memory-backend", abstract=True):
    """Host memory for a guest.

    ``allocated`` says that the object is complete, ``is_mapped`` that a machine or a device uses
    it: who does so sets it.  A subclass allocates in `allocate`.
    """

    allocated = False
    is_mapped = False
    aligned = False
    """Whether the size must be whole pages of what backs it."""

    merge = Field(Bool(True), description="Mark memory as mergeable")
    dump = Field(Bool(True), description="Set to 'off' to exclude from core dump")
    prealloc = Field(Bool(), accept=_prealloc, description="Preallocate memory")
    prealloc_threads = Field(
        UInt32(1),
        "int",
        accept=_not_zero,
        description="Number of CPU threads to use for prealloc",
    )
    prealloc_context = Link(
        "thread-context",
        qdev=False,
        description="Context to use for creating CPU threads for preallocation",
    )
    size = Field(
        Size(),
        "int",
        refuse=_size_once_allocated,
        accept=_not_zero,
        description="Size of the memory region (ex: 500M)",
    )
    host_nodes = Field(
        UInt16List(()),
        "int",
        accept=_nodes,
        description="Binds memory to the list of NUMA host nodes",
    )
    policy = Field(Enum(POLICIES, "HostMemPolicy"), description="Set the NUMA policy")
    share = Field(
        Bool(),
        refuse=once_allocated,
        description="Mark the memory as private to QEMU or shared",
    )
    reserve = Field(
        Bool(True),
        refuse=once_allocated,
        accept=_reserve,
        description="Reserve swap space (or huge pages) if applicable",
    )
    use_canonical_path = flag(name="x-use-canonical-path-for-ramblock-id")

    def settled(self) -> None:
        """Take on what the machine says, then the overrides (``host_memory_backend_init``)."""
        machine = self.surroundings.machine
        if machine is not None and machine.has_property("mem-merge"):
            self._merge = machine.get("mem-merge")
            self._dump = machine.get("dump-guest-core")
            self._prealloc_threads = machine.get("smp").get("cpus", 1)
        if self.surroundings.context is not None:
            self.surroundings.context.apply(self)

    @property
    def region_name(self) -> str:
        """What error texts call the memory (``host_memory_backend_get_name()``)."""
        return (self.canonical_path() if self.use_canonical_path else self.path_component) or ""

    def complete(self) -> None:
        """Allocate the memory, then bind it to the host's nodes."""
        if not self.size:
            raise ObjectRefused(self.no_size)
        self.allocate()
        self.allocated = True
        self.expect(BackendRegion.ONLY)
        if self.aligned and FILES_HOLD_WHOLE_PAGES.holds(self.registry):
            if self.size % hostfile.PAGE:
                page = size_to_str(hostfile.PAGE)
                raise ObjectRefused(
                    f"backend '{self.typename}' memory size must be multiple of {page}"
                )
        self._bind()

    no_size = "can't create backend with size 0"

    def allocate(self) -> None:
        """Hook: take what backs the memory from the host, or raise."""

    def _bind(self) -> None:
        """Check policy and nodes as QEMU does before mbind(), and as the kernel does in it."""
        if self.host_nodes and self.policy == "default":
            raise ObjectRefused(
                "host-nodes must be empty for policy default, or you should explicitly"
                " specify a policy other than default"
            )
        if not self.host_nodes and self.policy != "default":
            raise ObjectRefused(f"host-nodes must be set for policy {self.policy}")
        if self.host_nodes and not hostfile.memory_nodes() & {*self.host_nodes}:
            raise ObjectRefused("cannot bind memory to host NUMA nodes: Invalid argument")

    def can_be_deleted(self) -> bool:
        """Not while it is mapped."""
        if self.is_mapped and DELETING_SAYS_WHAT_IS_MAPPED.holds(self.registry):
            raise ObjectInUse(
                f"Cannot delete host memory backend '{self.path_component}' which is mapped"
            )
        return not self.is_mapped


class MemoryBackendRam(MemoryBackend, typename="memory-backend-ram"):
    """Anonymous memory (``backends/hostmem-ram.c``).

    The host's memory is no limit here, its address space is.
    """

    def allocate(self) -> None:
        """Anonymous memory is not taken: a guest that uses it never runs."""
        if self.size >= hostfile.ADDRESS_SPACE:
            raise ObjectRefused(
                f"cannot set up guest memory '{self.region_name}': Cannot allocate memory"
            )
