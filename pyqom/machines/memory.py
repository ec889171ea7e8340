"""Where a PC has its memory, and where memory devices may be plugged.

QEMU ``hw/i386/pc.c`` (``pc_memory_init``), ``hw/mem/memory-device.c``, ``hw/mem/pc-dimm.c`` and the
memory part of ``machine_run_board_init`` (``hw/core/machine.c``).  Addresses and sizes are bytes.
"""

from __future__ import annotations

from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Any

    from pyqom.machines.properties import Machine

MIB = 1 << 20
GIB = 1 << 30
U64 = (1 << 64) - 1
PAGE = 4096
MAX_SLOTS = 256
"""``ACPI_MAX_RAM_SLOTS``."""
AMD_HOLE = 0xFD00000000
"""AMD's HyperTransport range begins here and ends at 1 TiB; memory may have to go above it."""
AMD_HOLE_END = 1 << 40


# --- the machine's own memory ------------------------------------------------------------------


def consume(backend: Any) -> None:
    """Take a memory backend into use (``machine_consume_memdev``).

    Raises PyqomError where it is in use already.
    """
    if getattr(backend, "is_mapped", False):
        raise PyqomError(f"memory backend {backend.path_component} can't be used multiple times.")
    backend.is_mapped = True


def attach_memory(
    machine: Machine, make_backend: Callable[[str, int], Any], reserved: Collection[str] = ()
) -> None:
    """Give a machine its memory, as ``machine_run_board_init`` does, and complete its NUMA nodes.

    `make_backend(id, size)` makes the backend that the machine has without being told, `reserved`
    are the ids of objects that are there already.  Raises PyqomError.
    """
    assert machine.machine_type is not None
    name, numa = machine.machine_type.default_ram_id, machine.numa
    if machine.memory_backend is not None:
        if machine.memory_backend.get("size") != machine.memory_size:
            raise PyqomError("Machine memory size does not match the size of the memory backend")
    elif name is not None and machine.memory_size and not (numa and numa.has_memdevs):
        if name in reserved:
            raise _reserved(machine, name)
        machine.set("memory-backend", make_backend(name, machine.memory_size))
    if numa is not None:
        numa.complete()
    if machine.memory_backend is not None:
        consume(machine.memory_backend)


def _reserved(machine: Machine, name: str) -> PyqomError:
    if "reserved-ram-id-has-a-hint" in machine.rules:
        return PyqomError(
            f"object's id '{name}' is reserved for the default RAM backend, "
            "it can't be used for any other purposes\n"
            "Change the object's 'id' to something else or disable automatic creation of the "
            f"default RAM backend by setting 'memory-backend={name}' with '-machine'."
        )
    return PyqomError(
        f"object name '{name}' is reserved for the default RAM backend, it can't be used for any "
        "other purposes. Change the object's 'id' to something else"
    )


def resolve_backend(machine: Machine, path: str, has_size: bool) -> None:
    """Take ``-machine memory-backend=``: once the objects are there, before `attach_memory`.

    `has_size` tells whether a memory size was given; else the backend's counts.  Raises PyqomError.
    """
    from pyqom.types.path import Ambiguous, lookup

    try:
        found = lookup(machine.root(), path, "memory-backend")
    except Ambiguous:
        found = None
    if found is None:
        raise PyqomError(f"Memory backend '{path}' not found")
    if not has_size:
        machine.memory_size = found.get("size")
    machine.set("memory-backend", found)


def size_summary(machine: Machine, plugged: int = 0) -> dict[str, int]:
    """``query-memory-size-summary``; `plugged` are the bytes of memory devices."""
    return {"base-memory": machine.memory_size, "plugged-memory": plugged}


# --- where it is -------------------------------------------------------------------------------


class Layout:
    """Where a PC has its memory.

    ``below_4g`` bytes at 0 and ``above_4g`` bytes at ``above_start``; ``device_memory`` is where
    memory devices go, None where none can be.
    """

    __slots__ = ("above_4g", "above_start", "below_4g", "device_memory")

    def __init__(self, below_4g: int, above_4g: int) -> None:
        self.below_4g = below_4g
        self.above_4g = above_4g
        self.above_start = 4 * GIB
        self.device_memory: DeviceMemory | None = None

    @property
    def end(self) -> int:
        """Where the memory above 4 GiB ends."""
        return self.above_start + self.above_4g


class DeviceMemory:
    """The range for memory devices; ``total`` bytes of it may be used, ``used`` are."""

    __slots__ = ("base", "dimm_size", "size", "total", "used")

    def __init__(self, base: int, size: int, total: int) -> None:
        self.base = base
        self.size = size
        self.total = total
        self.used = 0
        self.dimm_size = 0


def device_range(machine: Machine, layout: Layout) -> tuple[int, int]:
    """Base and size of the range for memory devices: each may need to be aligned to 1 GiB."""
    size = machine.max_memory - machine.memory_size + GIB * machine.memory_slots
    return _round_up(layout.end, GIB), size & U64


def lay_out(
    machine: Machine, phys_bits: int, long_mode: bool, amd: bool, hole64_size: int
) -> Layout:
    """Lay out a PC's memory, for a first CPU with `phys_bits` address bits, long mode, of AMD.

    `hole64_size` is the property ``pci-hole64-size`` of the PCI host, 0 without one.  Raises
    PyqomError where the CPU cannot address it all, or the machine type cannot have it.
    """
    assert machine.machine_type is not None
    fields = machine.machine_type.fields
    low = machine.low_memory()
    layout = Layout(min(machine.memory_size, low), max(machine.memory_size - low, 0))

    def last_address() -> int:
        return _last_address(machine, layout, phys_bits, long_mode, hole64_size)

    if amd and fields["enforce-amd-1tb-hole"] and last_address() >= AMD_HOLE:
        layout.above_start = AMD_HOLE_END
    limit, used = (1 << phys_bits) - 1, last_address()
    if limit < used:
        raise PyqomError(
            f"Address space limit 0x{limit:x} < 0x{used:x} phys-bits too low ({phys_bits})"
        )
    layout.device_memory = machine.device_memory = _device_memory(machine, layout)
    machine.layout = layout
    return layout


def _has_device_memory(machine: Machine) -> bool:
    assert machine.machine_type is not None
    reserved = machine.machine_type.fields["has-reserved-memory"]
    return bool(reserved) and machine.memory_size < machine.max_memory


def hole64_start(machine: Machine, layout: Layout) -> int:
    """Where the PCI hole above 4 GiB begins (``pc_pci_hole64_start``)."""
    assert machine.machine_type is not None
    start = layout.end
    if getattr(machine, "cxl", False):
        start = _cxl_end(machine, layout)
    elif _has_device_memory(machine):
        start, size = device_range(machine, layout)
        if not machine.machine_type.fields.get("broken-reserved-end"):
            start = start + size & U64
    return _round_up(start, GIB)


def cxl_start(machine: Machine, layout: Layout) -> int:
    """CXL's registers come after the memory devices, and its windows after them."""
    if _has_device_memory(machine):
        return sum(device_range(machine, layout)) & U64
    return layout.end


def _cxl_end(machine: Machine, layout: Layout) -> int:
    start = cxl_start(machine, layout)
    windows: Sequence[dict[str, int]] = machine.cxl_fmw
    return start + MIB + sum(window["size"] for window in windows)


def _last_address(
    machine: Machine, layout: Layout, phys_bits: int, long_mode: bool, hole64_size: int
) -> int:
    """The highest address that the machine may use (``pc_max_used_gpa``)."""
    assert machine.machine_type is not None
    has_hole = long_mode if "hole64-needs-long-mode" in machine.rules else phys_bits > 32
    if has_hole:
        return hole64_start(machine, layout) + hole64_size - 1 & U64
    if machine.machine_type.fields.get("broken-32bit-mem-addr-check", True):
        return (1 << phys_bits) - 1
    if _has_device_memory(machine):
        return sum(device_range(machine, layout)) - 1 & U64
    return layout.end - 1


def _device_memory(machine: Machine, layout: Layout) -> DeviceMemory | None:
    assert machine.machine_type is not None
    reserved = machine.machine_type.fields["has-reserved-memory"]
    more = machine.max_memory > machine.memory_size
    if not reserved and (machine.memory_slots or more):
        raise PyqomError(
            f"\"-memory 'slots|maxmem'\" is not supported by: {machine.machine_type.name}"
        )
    if not more:
        return None
    if machine.memory_slots > MAX_SLOTS:
        raise PyqomError(f"unsupported amount of memory slots: {machine.memory_slots}")
    if machine.max_memory % PAGE:
        raise PyqomError(f"maximum memory size must by aligned to multiple of {PAGE} bytes")
    base, size = device_range(machine, layout)
    if base + size > U64:
        raise PyqomError(f"unsupported amount of maximum memory: {machine.max_memory:x}")
    return DeviceMemory(base, size, machine.max_memory - machine.memory_size)


def _round_up(number: int, unit: int) -> int:
    return -(-number // unit) * unit


# --- memory devices ----------------------------------------------------------------------------


def check_prepared(memory: DeviceMemory | None) -> None:
    """Refuse memory devices where the machine has no room for any.  Raises PyqomError."""
    if memory is None:
        raise PyqomError(
            "the configuration is not prepared for memory devices"
            " (e.g., for memory hotplug), consider specifying the maxmem option"
        )


def check_addable(memory: DeviceMemory | None, size: int, alignment: int) -> DeviceMemory:
    """Refuse a memory device that there is no room for (``memory_device_pre_plug``).

    `alignment` is that of its backend.  Returns the range.  Raises PyqomError.
    """
    check_prepared(memory)
    assert memory is not None
    if memory.used + size > min(memory.total, U64):
        raise PyqomError(
            f"not enough space, currently 0x{memory.used:x}"
            f" in use of total space for memory devices 0x{memory.total:x}"
        )
    if size % alignment:
        raise PyqomError(f"backend memory size must be multiple of 0x{alignment:x}")
    return memory


def free_address(
    memory: DeviceMemory,
    devices: Sequence[tuple[int, int, str | None]],
    hint: int,
    alignment: int,
    size: int,
    warn: Callable[[str], None] | None = None,
) -> int:
    """The address for a memory device (``memory_device_get_free_addr``).

    `devices` are those that are there, as (address, size, id); `hint` is the wanted address, 0 for
    any.  Raises PyqomError.
    """
    if memory.base % alignment and warn is not None:
        warn(
            f"the alignment (0x{alignment:x}) exceeds the expected maximum alignment, memory will "
            "get fragmented and not all 'maxmem' might be usable for memory devices."
        )
    end = memory.base + memory.size
    there = sorted(devices, key=lambda device: device[0])
    if hint % alignment:
        raise PyqomError(f"address must be aligned to 0x{alignment:x} bytes")
    if hint:
        if hint < memory.base or hint + size > end:
            raise PyqomError(
                f"can't add memory device [0x{hint:x}:0x{size:x}], usable range for memory"
                f" devices [0x{memory.base:x}:0x{memory.size:x}]"
            )
        for address, length, name in there:
            if address < hint + size and hint < address + length:
                raise PyqomError(
                    "address range conflicts with memory device"
                    f" id='{name if name is not None else '(unnamed)'}'"
                )
        return hint
    address = _round_up(memory.base, alignment)
    if address + size - 1 > U64:
        raise PyqomError("can't add memory device, device too big")
    for other, length, _ in there:
        if other >= address + size:
            break
        if address < other + length:
            address = _round_up(other + length, alignment)
    if address + size > end:
        raise PyqomError(
            "could not find position in guest address space for "
            "memory device - memory fragmented due to alignments"
        )
    return address


def free_slot(machine: Machine, taken: Collection[int], hint: int = -1) -> int:
    """The slot for a DIMM (``pc_dimm_pre_plug``); `hint` is the wanted one, -1 for any.

    Raises PyqomError.
    """
    count = machine.memory_slots
    if hint != -1 and not 0 <= hint < count:
        raise PyqomError(f"invalid slot number {hint}, valid range is [0-{count - 1 & U64}]")
    if count == 0:
        raise PyqomError("no slots where allocated, please specify the 'slots' option")
    if hint != -1:
        if hint in taken:
            raise PyqomError(f"slot {hint} is busy")
        return hint
    for slot in range(count):
        if slot not in taken:
            return slot
    raise PyqomError("no free slots available")
