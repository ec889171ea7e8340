"""NUMA nodes and memory layout, as live QEMU has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pyqom import release
from pyqom.catalog import registry
from pyqom.errors import PyqomError
from pyqom.machines import memory, options
from pyqom.machines.cpus import Cpus
from pyqom.machines.numa import info_numa
from pyqom.machines.numaoptions import parse_numa
from pyqom.types import Int32, Object, Registry, Size, container_get, make_root
from pyqom.types.keyval import parse_keyval
from pyqom.types.visitor import strtosz

DATA = Path(__file__).parents[1] / "data" / "machines"
SMP = "2,maxcpus=4,sockets=2,cores=2"
TYPES = Registry()
MIB, GIB = 1 << 20, 1 << 30


class Backend(Object, typename="memory-backend", registry=TYPES):
    size = Size(0)


class CPU(Object, typename="some-cpu", registry=TYPES):
    """A CPU as far as NUMA looks at it."""

    node_id = Int32(-1)


def rows(name: str) -> list[Any]:
    return [
        pytest.param(which, row["machine"].format(release=which), row, id=f"{which}-{index}")
        for index, row in enumerate(json.loads((DATA / name).read_text()))
        for which in row["releases"]
    ]


class Start:
    """A machine that is started as far as its NUMA nodes; ``said`` is what QEMU would print."""

    def __init__(self, name: str, which: str | None = None) -> None:
        self.machine = registry(release.get(which)).get(f"{name}-machine")()
        self.said: list[str] = []
        self.machine.warnings, self.machine.reports = [], []
        make_root().add_child("machine", self.machine)
        self.objects = container_get(self.machine.root(), "/objects")

    def backend(self, name: str, size: int) -> Any:
        return self.objects.add_child(name, Backend(size=size))

    def memory(self, text: str) -> None:
        self.machine.set("memory", sizes(text))

    def smp(self, text: str | None) -> None:
        given = parse_keyval(text, "cpus") if text else {}
        self.machine.set("smp", {key: int(value) for key, value in given.items()})
        self.cpus = Cpus(CPU, self.machine.smp_config)
        if self.machine.numa is not None:
            self.machine.numa.cpus = self.cpus

    def numa(self, text: str) -> None:
        try:
            if self.machine.numa is None:
                raise PyqomError("NUMA is not supported by this machine-type")
            self.machine.numa.set_options(parse_numa(text, self.machine.machine_type.release))
        except PyqomError as error:
            raise PyqomError(f"-numa {text}: {error}") from None
        finally:
            self.hear(f"-numa {text}: ")

    def attach(self) -> None:
        try:
            memory.attach_memory(self.machine, self.backend)
        finally:
            self.hear()

    def hear(self, where: str = "") -> None:
        machine = self.machine
        self.said += [f"{where}warning: {text}" for text in machine.warnings]
        self.said += [f"{where}{text}" for text in machine.reports]
        machine.warnings.clear()
        machine.reports.clear()


def sizes(text: str) -> dict[str, int]:
    """What ``-m`` says, as MemorySizeConfiguration."""
    given = parse_keyval(text, "size")
    plain = given["size"]
    found = {"size": strtosz(plain + "M" if plain[-1].isdigit() else plain)}
    if "maxmem" in given:
        found["max-size"] = strtosz(given["maxmem"])
    if "slots" in given:
        found["slots"] = int(given["slots"]) % (1 << 64)
    return found


@pytest.mark.parametrize(("which", "name", "row"), rows("numa-options.json"))
def test_numa_options(which: str, name: str, row: Mapping[str, Any]) -> None:
    start = Start(name, which)
    machine = start.machine

    def run() -> None:
        start.memory(row["m"])
        start.smp(row.get("smp", SMP))
        if row.get("hmat"):
            machine.set("hmat", True)
        for identifier, size in row.get("objects", ()):
            start.backend(identifier, strtosz(size))
        if row.get("memory-backend"):
            memory.resolve_backend(machine, "a", has_size=True)
        for text in row.get("numa", ()):
            start.numa(text)
        start.attach()

    try:
        run()
    except PyqomError as error:
        start.said.append(str(error))
    assert "\n".join(start.said) == row["stderr"]
    if "info" in row:
        nodes = start.cpus.nodes
        there = [(index, nodes.get(index)) for index in range(machine.smp_config.cpus)]
        assert info_numa(machine.numa, there) == row["info"]
    if "nodes" in row:
        assert [nodes.get(index) for index in range(machine.smp_config.maxcpus)] == row["nodes"]


def test_records_are_typed() -> None:
    """The same as QMP's set-numa-node gives them."""
    start = Start("pc-q35-11.1")
    start.memory("128")
    start.smp(SMP)
    start.backend("a", 128 * MIB)
    numa = start.machine.numa
    numa.set_options({"type": "node", "nodeid": 0, "memdev": "a", "cpus": [0, 1]})
    numa.set_options({"type": "cpu", "node-id": 0, "socket-id": 1})
    numa.complete()
    assert (len(numa), numa.nodes[0].memory) == (1, 128 * MIB)
    assert start.cpus.nodes == {0: 0, 1: 0, 2: 0, 3: 0}
    assert start.cpus.props(3)["node-id"] == 0
    assert start.objects.get("a") == "/objects/a"


def test_distances_are_completed() -> None:
    start = Start("pc-q35-11.1")
    start.memory("128")
    start.smp(SMP)
    for identifier in "ab":
        start.backend(identifier, 64 * MIB)
        start.numa(f"node,memdev={identifier}")
    start.numa("dist,src=1,dst=0,val=21")
    start.attach()
    assert [start.machine.numa.nodes[number].distance for number in (0, 1)] == [
        {0: 10, 1: 21},
        {0: 21, 1: 10},
    ]


@pytest.mark.parametrize(
    ("index", "given", "text"),
    [(0, -1, None), (2, -1, None), (2, 1, None), (2, 0, "invalid node-id, must be 1")],
)
def test_a_cpu_gets_its_node(index: int, given: int, text: str | None) -> None:
    start = Start("pc-q35-11.1")
    start.smp(SMP)
    start.cpus.nodes.update({0: 0, 2: 1})
    cpu = CPU(node_id=given)
    if text is None:
        start.machine.numa.pre_plug(cpu, index)
        assert cpu.node_id == start.cpus.nodes[index]
    else:
        with pytest.raises(PyqomError, match=text):
            start.machine.numa.pre_plug(cpu, index)


def test_plugged_memory_is_counted() -> None:
    start = Start("pc-q35-11.1")
    start.memory("128,slots=2,maxmem=1G")
    start.smp(None)
    start.attach()
    assert info_numa(start.machine.numa, [(0, 0)], {0: 64 * MIB}) == (
        "1 nodes\nnode 0 cpus: 0\nnode 0 size: 192 MB\nnode 0 plugged: 64 MB\n"
    )
    assert info_numa(None, []) == "0 nodes\n"


# --- memory ----------------------------------------------------------------------------------

FACTS = {
    "qemu64": (40, True, True),
    "Haswell": (40, True, False),
    "qemu32": (36, False, False),
    "pentium3": (36, False, False),
    "486": (32, False, False),
}
"""Address bits, long mode, AMD."""


@pytest.mark.parametrize(("which", "name", "row"), rows("memory-layouts.json"))
def test_layouts(which: str, name: str, row: Mapping[str, Any]) -> None:
    machine = Start(name, which).machine
    given = dict(zip(row["args"][::2], row["args"][1::2], strict=True))
    said, layout = [], None
    try:
        options.apply_options(machine, parse_keyval(given.get("-machine", "")))
        machine.set("memory", sizes(given["-m"]))
        default = machine.machine_type.default_cpu_type.removesuffix("-x86_64-cpu")
        facts = FACTS[given.get("-cpu", default)]
        layout = memory.lay_out(machine, *facts, getattr(machine, "hole64_size", 0))
    except PyqomError as error:
        said = [str(error)]
    said = [f"warning: {text}" for text in machine.warnings] + said
    assert "\n".join(said) == row["stderr"]
    if layout is not None:
        devices = layout.device_memory
        assert (machine.max_ram_below_4g, layout.below_4g) == (row["low"], row["below"])
        above = [layout.above_start, layout.above_4g] if layout.above_4g else None
        assert above == row["above"]
        assert (devices and [devices.base, devices.size]) == row["devices"]
        if machine.has_property("device-memory-region-size"):
            assert machine.get("device-memory-region-size") == (devices.size if devices else 0)


def test_memory_of_the_machine() -> None:
    start = Start("pc-q35-11.1")
    start.memory("128")
    start.attach()
    assert start.machine.get("memory-backend") == "/objects/pc.ram"
    assert start.machine.memory_backend.is_mapped
    assert memory.size_summary(start.machine) == {
        "base-memory": 128 * MIB,
        "plugged-memory": 0,
    }


@pytest.mark.parametrize(
    ("which", "name", "text"),
    [
        (
            "11.1",
            "pc-q35-11.1",
            "object's id 'pc.ram' is reserved for the default RAM backend, it can't be used for "
            "any other purposes\nChange the object's 'id' to something else or disable automatic "
            "creation of the default RAM backend by setting 'memory-backend=pc.ram' with "
            "'-machine'.",
        ),
        (
            "7.2",
            "pc-q35-7.2",
            "object name 'pc.ram' is reserved for the default RAM backend, it can't be used for "
            "any other purposes. Change the object's 'id' to something else",
        ),
    ],
)
def test_the_id_of_the_machines_memory_is_reserved(which: str, name: str, text: str) -> None:
    start = Start(name, which)
    with pytest.raises(PyqomError) as caught:
        memory.attach_memory(start.machine, start.backend, ("pc.ram",))
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("has_size", "backend", "size", "text"),
    [
        (False, 64, 64, None),
        (True, 128, 128, None),
        (True, 64, 128, "Machine memory size does not match the size of the memory backend"),
    ],
)
def test_a_backend_of_ones_own(has_size: bool, backend: int, size: int, text: str | None) -> None:
    start = Start("pc-q35-11.1")
    start.backend("m", backend * MIB)
    memory.resolve_backend(start.machine, "m", has_size)
    if text is None:
        start.attach()
    else:
        with pytest.raises(PyqomError, match=text):
            start.attach()
    assert start.machine.memory_size == size * MIB


def test_a_backend_serves_once() -> None:
    start = Start("pc-q35-11.1")
    backend = start.backend("m", MIB)
    memory.consume(backend)
    with pytest.raises(PyqomError, match="memory backend m can't be used multiple times"):
        memory.consume(backend)


# --- memory devices --------------------------------------------------------------------------


def region(used: int = 0) -> memory.DeviceMemory:
    found = memory.DeviceMemory(4 * GIB, 3 * GIB, GIB)
    found.used = used
    return found


@pytest.mark.parametrize(
    ("devices", "hint", "alignment", "size", "result"),
    [
        ([], 0, 2 * MIB, 64 * MIB, 4 * GIB),
        ([(4 * GIB, 64 * MIB, "a")], 0, 2 * MIB, 64 * MIB, 4 * GIB + 64 * MIB),
        ([(4 * GIB + GIB, GIB, "a")], 0, 2 * MIB, GIB, 4 * GIB),
        ([(4 * GIB + MIB, GIB, "a")], 0, GIB, GIB, 6 * GIB),
        ([(5 * GIB, 1, "b"), (4 * GIB, 64 * MIB, "a")], 0, GIB, MIB, 6 * GIB),
        ([], 5 * GIB, 2 * MIB, MIB, 5 * GIB),
        ([], 5 * GIB + 1, 2 * MIB, MIB, "address must be aligned to 0x200000 bytes"),
        (
            [],
            2 * GIB,
            2 * MIB,
            MIB,
            "can't add memory device [0x80000000:0x100000], usable range for memory devices "
            "[0x100000000:0xc0000000]",
        ),
        (
            [(5 * GIB, 64 * MIB, "a")],
            5 * GIB,
            2 * MIB,
            MIB,
            "address range conflicts with memory device id='a'",
        ),
        (
            [(5 * GIB, 64 * MIB, None)],
            5 * GIB,
            2 * MIB,
            MIB,
            "address range conflicts with memory device id='(unnamed)'",
        ),
        (
            [],
            0,
            2 * MIB,
            4 * GIB,
            "could not find position in guest address space for memory device - memory "
            "fragmented due to alignments",
        ),
        ([], 0, 2 * MIB, 1 << 64, "can't add memory device, device too big"),
    ],
)
def test_addresses(
    devices: list[Any], hint: int, alignment: int, size: int, result: int | str
) -> None:
    if isinstance(result, int):
        assert memory.free_address(region(), devices, hint, alignment, size) == result
    else:
        with pytest.raises(PyqomError) as caught:
            memory.free_address(region(), devices, hint, alignment, size)
        assert str(caught.value) == result


def test_large_alignment_is_warned_of() -> None:
    said: list[str] = []
    with pytest.raises(PyqomError, match="could not find position"):
        memory.free_address(region(), [], 0, 8 * GIB, GIB, said.append)
    assert said == [
        "the alignment (0x200000000) exceeds the expected maximum alignment, memory will get "
        "fragmented and not all 'maxmem' might be usable for memory devices."
    ]


@pytest.mark.parametrize(
    ("found", "size", "text"),
    [
        (
            None,
            MIB,
            "the configuration is not prepared for memory devices"
            " (e.g., for memory hotplug), consider specifying the maxmem option",
        ),
        (
            region(GIB - MIB),
            2 * MIB,
            "not enough space, currently 0x3ff00000 in use of total space for memory devices"
            " 0x40000000",
        ),
        (region(), 3 * MIB, "backend memory size must be multiple of 0x200000"),
        (region(), 2 * MIB, None),
    ],
)
def test_room(found: Any, size: int, text: str | None) -> None:
    if text is None:
        assert memory.check_addable(found, size, 2 * MIB) is found
    else:
        with pytest.raises(PyqomError) as caught:
            memory.check_addable(found, size, 2 * MIB)
        assert str(caught.value) == text


@pytest.mark.parametrize(
    ("slots", "taken", "hint", "result"),
    [
        (0, (), -1, "no slots where allocated, please specify the 'slots' option"),
        (2, (), -1, 0),
        (2, (0,), -1, 1),
        (2, (0,), 1, 1),
        (2, (0,), 0, "slot 0 is busy"),
        (2, (), 5, "invalid slot number 5, valid range is [0-1]"),
        (2, (), -2, "invalid slot number -2, valid range is [0-1]"),
        (0, (), 0, "invalid slot number 0, valid range is [0-18446744073709551615]"),
        (2, (0, 1), -1, "no free slots available"),
    ],
)
def test_slots(slots: int, taken: tuple[int, ...], hint: int, result: int | str) -> None:
    machine = Start("pc-q35-11.1").machine
    machine.memory_slots = slots
    if isinstance(result, int):
        assert memory.free_slot(machine, taken, hint) == result
    else:
        with pytest.raises(PyqomError) as caught:
            memory.free_slot(machine, taken, hint)
        assert str(caught.value) == result
