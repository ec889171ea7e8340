"""NUMA nodes of a machine: memory, distances, and which CPUs are in them.

QEMU ``hw/core/numa.c`` and the NUMA part of ``hw/core/machine.c``.  What ``-numa`` and
``set-numa-node`` say are records, typed as QMP's NumaOptions: ``{"type": "node", "nodeid": 0,
"cpus": [0, 1], "memdev": "ram0"}``.  Memory attributes (``hmat-lb``, ``hmat-cache``) are in
`pyqom.machines.hmat`.
"""

from __future__ import annotations

from pyqom.errors import PyqomError
from pyqom.types.path import Ambiguous, lookup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from pyqom.machines.cpus import Cpus
    from pyqom.machines.hmat import Bandwidth
    from pyqom.machines.properties import Machine

MAX_NODES = 128
DISTANCE_MIN = 10
"""The distance of a node to itself (``NUMA_DISTANCE_MIN``)."""

IDS = ("thread-id", "core-id", "module-id", "cluster-id", "socket-id", "die-id")
"""The ids that choose CPUs, in the order in which a machine that lacks one says so."""
PLACE = ("socket-id", "die-id", "cluster-id", "module-id", "core-id", "thread-id")
"""The ids that name a place, the largest first."""

HMAT_IS_OFF = (
    "ACPI Heterogeneous Memory Attribute Table (HMAT) is disabled, enable it with "
    "-machine hmat=on before using any of hmat specific options"
)
PARTIAL = (
    "All CPU(s) up to maxcpus should be described in NUMA config, ability to start up with "
    "partial NUMA mappings is obsoleted and will be removed in future"
)


class Node:
    """One NUMA node (``NodeInfo``): ``memory`` bytes, from ``memdev`` if that was given.

    ``initiator`` is the node that reaches its memory best, None where none was given;
    ``described`` which of "latency" and "bandwidth" are known.
    """

    __slots__ = ("described", "distance", "has_cpu", "initiator", "memdev", "memory", "present")

    def __init__(self) -> None:
        self.present = False
        self.memory = 0
        self.memdev: Any = None
        self.initiator: int | None = None
        self.has_cpu = False
        self.distance: dict[int, int] = {}
        self.described: set[str] = set()


class NumaState:
    """The NUMA nodes of a machine, as far as its options have said.

    ``cpus`` are the machine's CPU places (`pyqom.machines.cpus.Cpus`); who makes the machine sets
    them before the first record.  `set_options` takes the records, `complete` checks the whole and
    gives every CPU its node.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.cpus: Cpus | None = None
        self.hmat_enabled = False
        self.nodes: dict[int, Node] = {}
        self.has_distances = False
        self.has_memdevs = False
        self.has_mem = False
        self.bandwidths: dict[tuple[str, str], Bandwidth] = {}
        self.caches: dict[tuple[int, int], Mapping[str, Any]] = {}

    def __len__(self) -> int:
        """The number of nodes."""
        return sum(node.present for node in self.nodes.values())

    def node(self, number: int) -> Node:
        """What is known of a node; it may not be present."""
        return self.nodes.setdefault(number, Node())

    def is_present(self, number: int) -> bool:
        """Whether there is such a node."""
        return number in self.nodes and self.nodes[number].present

    # --- records -------------------------------------------------------------

    def set_options(self, record: Mapping[str, Any]) -> None:
        """Take one record (``set_numa_options``).  Raises PyqomError."""
        kind = record["type"]
        if kind == "node":
            self._node(record)
        elif kind == "dist":
            self._distance(record)
        elif kind == "cpu":
            self._cpu(record)
        elif not self.hmat_enabled:
            raise PyqomError(HMAT_IS_OFF)
        else:
            from pyqom.machines import hmat

            (hmat.set_bandwidth if kind == "hmat-lb" else hmat.set_cache)(self, record)

    def _node(self, record: Mapping[str, Any]) -> None:
        """``parse_numa_node``; what was done before an error stays, as in QEMU."""
        number = record.get("nodeid", len(self))
        if number >= MAX_NODES:
            raise PyqomError(f"Max number of NUMA nodes reached: {number}")
        if self.is_present(number):
            raise PyqomError(f"Duplicate NUMA nodeid: {number}")
        node = self.node(number)
        node.initiator = None
        if "initiator" in record:
            if not self.hmat_enabled:
                raise PyqomError(HMAT_IS_OFF)
            initiator = record["initiator"]
            if initiator >= MAX_NODES:
                # QEMU says so, leaves the node out, and goes on
                self.machine.report(
                    f"The initiator id {initiator} expects an integer between 0 and {MAX_NODES - 1}"
                )
                return
            node.initiator = initiator
        self._node_cpus(number, record.get("cpus", ()))
        self._node_memory(node, record)
        node.present = True

    def _node_cpus(self, number: int, indices: Iterable[int]) -> None:
        most = self.machine.smp_config.maxcpus
        for index in indices:
            if index >= most:
                raise PyqomError(f"CPU index ({index}) should be smaller than maxcpus ({most})")
            self._assign(index, number)

    def _node_memory(self, node: Node, record: Mapping[str, Any]) -> None:
        memdev, has_mem = record.get("memdev"), "mem" in record
        self.has_memdevs = self.has_memdevs or memdev is not None
        self.has_mem = self.has_mem or has_mem
        if (has_mem and self.has_memdevs) or (memdev is not None and self.has_mem):
            raise PyqomError(
                "numa configuration should use either mem= or memdev=,mixing both is not allowed"
            )
        if has_mem:
            assert self.machine.machine_type is not None
            if not self.machine.machine_type.numa_mem_supported:
                raise PyqomError(
                    "Parameter -numa node,mem is not supported by this machine type"
                    "\nUse -numa node,memdev instead"
                )
            node.memory = record["mem"]
            self.machine.warn(
                "Parameter -numa node,mem is deprecated, use -numa node,memdev instead"
            )
        if memdev is not None:
            node.memdev = self._backend(memdev)
            node.memory = node.memdev.get("size")

    def _backend(self, path: str) -> Any:
        root = self.machine.root()
        try:
            found = lookup(root, path, "memory-backend") if root is not None else None
        except Ambiguous:
            found = None
        if found is None:
            raise PyqomError(f"memdev={path} is ambiguous")
        return found

    def _distance(self, record: Mapping[str, Any]) -> None:
        """``parse_numa_distance``."""
        source, target, value = record["src"], record["dst"], record["val"]
        for name, number in (("src", source), ("dst", target)):
            if number >= MAX_NODES:
                raise PyqomError(
                    f"Parameter '{name}' expects an integer between 0 and {MAX_NODES - 1}"
                )
        if not (self.is_present(source) and self.is_present(target)):
            raise PyqomError(
                "Source/Destination NUMA node is missing. "
                "Please use '-numa node' option to declare it first."
            )
        if value < DISTANCE_MIN:
            raise PyqomError(
                f"NUMA distance ({value}) is invalid, it shouldn't be less than {DISTANCE_MIN}."
            )
        if source == target and value != DISTANCE_MIN:
            raise PyqomError(f"Local distance of node {source} should be {DISTANCE_MIN}.")
        self.nodes[source].distance[target] = value
        self.has_distances = True

    # --- CPUs ----------------------------------------------------------------

    def _cpu(self, record: Mapping[str, Any]) -> None:
        """``machine_set_cpu_numa_node``: all CPUs that the given ids fit get the node."""
        if "node-id" not in record:
            raise PyqomError("Missing mandatory node-id property")
        number = record["node-id"]
        if not self.is_present(number):
            raise PyqomError(
                f"Invalid node-id={number}, NUMA node must be defined with -numa node,nodeid=ID "
                "before it's used with -numa cpu,node-id=ID"
            )
        if self.cpus is None:
            raise PyqomError("mapping of CPUs to NUMA node is not supported")
        given = {name: record[name] for name in IDS if name in record}
        matched = False
        for index in range(self.cpus.smp.maxcpus):
            place = self.cpus.props(index)
            for name in given:
                if name not in place:
                    raise PyqomError(f"{name} is not supported")
            if all(place[name] == value for name, value in given.items()):
                matched = True
                self._assign(index, number)
        if not matched:
            raise PyqomError("no match found")

    def _assign(self, index: int, number: int) -> None:
        """Give one CPU its node."""
        if self.cpus is None:
            raise PyqomError("mapping of CPUs to NUMA node is not supported")
        before = self.cpus.nodes.get(index, number)
        if before != number:
            raise PyqomError(f"CPU is already assigned to node-id: {before}")
        self.cpus.nodes[index] = number
        if self.hmat_enabled:
            node = self.node(number)
            if node.initiator not in (None, number):
                raise PyqomError(
                    f"The initiator of CPU NUMA node {number} should be itself"
                    f" (got {node.initiator})"
                )
            node.has_cpu = True
            node.initiator = number

    def pre_plug(self, cpu: Any, index: int) -> None:
        """Tell a CPU its node (``numa_cpu_pre_plug``); raises PyqomError if it has another."""
        number = self.cpus.nodes.get(index) if self.cpus is not None else None
        given = cpu.get("node-id")
        if given == -1:
            if number is not None:
                cpu.set("node-id", number)
        elif given != (number or 0):
            raise PyqomError(f"invalid node-id, must be {number or 0}")

    # --- the whole -----------------------------------------------------------

    def complete(self) -> None:
        """Check all nodes against the machine's memory, and give every CPU a node.

        What is missing in distances is filled in; memory backends of nodes become the machine's
        memory.  Raises PyqomError where QEMU refuses to start.
        """
        self._enable_by_default()
        most = max((number for number, node in self.nodes.items() if node.present), default=-1)
        for number in reversed(range(most + 1)):
            if not self.is_present(number):
                raise PyqomError(f"numa: Node ID missing: {number}")
        if most < 0:
            return
        self._complete_memory()
        if self.has_distances:
            self._complete_distances()
        self._complete_cpus()

    def _enable_by_default(self) -> None:
        """Memory that can be plugged needs a node to be plugged into."""
        machine = self.machine
        assert machine.machine_type is not None
        fields = machine.machine_type.fields
        if len(self) == 0 and (
            (machine.memory_slots and fields["auto-enable-numa-with-memhp"])
            or (machine.max_memory > machine.memory_size and fields["auto-enable-numa-with-memdev"])
        ):
            self._node({})
            self.nodes[0].memory = machine.memory_size

    def _complete_memory(self) -> None:
        machine = self.machine
        total = sum(self.nodes[number].memory for number in range(len(self)))
        if total != machine.memory_size:
            raise PyqomError(
                f"total memory for NUMA nodes (0x{total:x}) should equal"
                f" RAM size (0x{machine.memory_size:x})"
            )
        assert machine.machine_type is not None
        if not self.has_memdevs or machine.machine_type.default_ram_id is None:
            return
        if machine.memory_backend is not None:
            raise PyqomError(
                "'-machine memory-backend' and '-numa memdev' properties are mutually exclusive"
            )
        from pyqom.machines.memory import consume

        for number in range(len(self)):
            if self.nodes[number].memdev is not None:
                consume(self.nodes[number].memdev)

    def _complete_distances(self) -> None:
        """Distances may be given one way where all are the same both ways."""
        count = len(self)
        table = [self.nodes[number].distance for number in range(count)]
        uneven = False
        for source in range(count):
            for target in range(source + 1, count):
                there, back = table[source].get(target, 0), table[target].get(source, 0)
                if not there and not back:
                    raise PyqomError(
                        f"The distance between node {source} and {target} is missing, "
                        "at least one distance value between each nodes should be provided."
                    )
                uneven = uneven or bool(there and back and there != back)
        for source in range(count):
            for target in range(count):
                if target in table[source]:
                    continue
                if uneven and source != target:
                    raise PyqomError(
                        "At least one asymmetrical pair of distances is given, please provide "
                        "distances for both directions of all node pairs."
                    )
                table[source][target] = DISTANCE_MIN if source == target else table[target][source]

    def _complete_cpus(self) -> None:
        """``machine_numa_finish_cpu_init``: CPUs without a node get their socket's, or node 0."""
        cpus = self.cpus
        if cpus is None:
            return
        by_default = not cpus.nodes
        forgotten = []
        for index in range(cpus.smp.maxcpus):
            if index in cpus.nodes:
                continue
            number = cpus.topology.nth(index).socket % len(self) if by_default else 0
            if not by_default:
                place = cpus.props(index)
                ids = ", ".join(f"{name}: {place[name]}" for name in PLACE if name in place)
                forgotten.append(f"CPU {index} [{ids}]")
            self._assign(index, number)
        if self.hmat_enabled:
            self._check_initiators()
        if forgotten:
            self.machine.warn(f"CPU(s) not present in any NUMA nodes: {', '.join(forgotten)}")
            self.machine.warn(PARTIAL)

    def _check_initiators(self) -> None:
        """``numa_validate_initiator``."""
        for number in range(len(self)):
            initiator = self.nodes[number].initiator
            if initiator is None:
                continue
            if not self.is_present(initiator):
                raise PyqomError(
                    f"NUMA node {initiator} is missing, use '-numa node' option to declare it first"
                )
            if not self.nodes[initiator].has_cpu:
                raise PyqomError(f"The initiator of NUMA node {number} is invalid")


def info_numa(
    state: NumaState | None,
    cpus: Iterable[tuple[int, int | None]],
    plugged: Mapping[int, int] | None = None,
) -> str:
    """What the monitor says to ``info numa``.

    `cpus` are (index, node) of the CPUs that are there, `plugged` the bytes of memory devices by
    node.
    """
    count = 0 if state is None else len(state)
    lines = [f"{count} nodes"]
    placed = list(cpus)
    for number in range(count):
        assert state is not None
        more = (plugged or {}).get(number, 0)
        here = "".join(f" {index}" for index, node in placed if node == number)
        lines.append(f"node {number} cpus:{here}")
        lines.append(f"node {number} size: {state.nodes[number].memory + more >> 20} MB")
        lines.append(f"node {number} plugged: {more >> 20} MB")
    return "".join(f"{line}\n" for line in lines)
