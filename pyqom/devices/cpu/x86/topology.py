"""CPU topology and APIC ids (QEMU ``include/hw/i386/topology.h``).

An APIC id is the ids of thread, core, module, die and socket side by side, each in as many bits
as its level needs.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class TopologyIds:
    """Where a CPU sits: the number of its socket, and of die, module, core, thread within."""

    __slots__ = ("core", "die", "module", "socket", "thread")

    def __init__(self, socket: int, die: int, module: int, core: int, thread: int) -> None:
        self.socket = socket
        self.die = die
        self.module = module
        self.core = core
        self.thread = thread


class Topology:
    """How many sockets, dies, modules, cores and threads there are (``X86CPUTopoInfo``)."""

    __slots__ = ("cores", "dies", "modules", "sockets", "threads")

    def __init__(
        self, sockets: int = 1, dies: int = 1, modules: int = 1, cores: int = 1, threads: int = 1
    ) -> None:
        self.sockets = sockets
        self.dies = dies
        self.modules = modules
        self.cores = cores
        self.threads = threads

    @property
    def threads_per_package(self) -> int:
        """The threads of one socket."""
        return self.dies * self.modules * self.cores * self.threads

    @property
    def total(self) -> int:
        """The threads of all sockets."""
        return self.sockets * self.threads_per_package

    def offsets(self) -> tuple[int, int, int, int]:
        """The bit in the APIC id where core, module, die and socket begin."""
        core = width(self.threads)
        module = core + width(self.cores)
        die = module + width(self.modules)
        return core, module, die, die + width(self.dies)

    def apic_id(self, ids: TopologyIds) -> int:
        """The APIC id of a place (``x86_apicid_from_topo_ids``)."""
        core, module, die, socket = self.offsets()
        return (
            ids.socket << socket
            | ids.die << die
            | ids.module << module
            | ids.core << core
            | ids.thread
        )

    def ids(self, apic_id: int) -> TopologyIds:
        """The place of an APIC id (``x86_topo_ids_from_apicid``)."""
        core, module, die, socket = self.offsets()
        return TopologyIds(
            apic_id >> socket,
            apic_id >> die & (1 << socket - die) - 1,
            apic_id >> module & (1 << die - module) - 1,
            apic_id >> core & (1 << module - core) - 1,
            apic_id & (1 << core) - 1,
        )

    def nth(self, index: int) -> TopologyIds:
        """The place of the CPU with this index (``x86_topo_ids_from_idx``)."""
        rest, thread = divmod(index, self.threads)
        rest, core = divmod(rest, self.cores)
        rest, module = divmod(rest, self.modules)
        socket, die = divmod(rest, self.dies)
        return TopologyIds(socket, die, module, core, thread)

    def apic_ids(self, count: int) -> Iterator[int]:
        """The APIC ids of the CPUs 0 to `count` - 1."""
        for index in range(count):
            yield self.apic_id(self.nth(index))


def width(count: int) -> int:
    """The bits that the numbers 0 to `count` - 1 need."""
    return (count - 1).bit_length()
