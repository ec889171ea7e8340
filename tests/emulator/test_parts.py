"""The parts that need no engine: who answers an address, where memory lies, page tables."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from pyqom.emulator import dispatch, memory
from pyqom.emulator.paging import physical
from pyqom.errors import PyqomError
from pyqom.vm import VirtualMachine

GIB = 1 << 30


class Register:
    """A device with ports and memory that remembers what it was told."""

    typename = "register"

    def __init__(self, place: range, value: int = 0x11223344) -> None:
        self.place = place
        self.value = value
        self.told: list[tuple[int, int, int]] = []

    def canonical_path(self) -> str:
        return "/register"

    def ports(self) -> range:
        return self.place

    def read_port(self, port: int, size: int) -> int:
        return self.value

    def write_port(self, port: int, size: int, value: int) -> None:
        self.told.append((port, size, value))

    mmio, read_memory, write_memory = ports, read_port, write_port


@pytest.mark.parametrize(
    ("find", "elsewhere"), [(dispatch.ports, 0xFFFF), (dispatch.memory, 0)], ids=["ports", "memory"]
)
def test_who_has_the_first_byte_answers(find: Any, elsewhere: int) -> None:
    older, newer = Register(range(16, 24), 0xAAAA), Register(range(20, 22), 0xBBBBBB)
    space = find([older, newer, object()])
    found = [space.read(address, 2) for address in (15, 16, 19, 20, 21, 22, 24)]
    assert found == [elsewhere, 0xAAAA, 0xAAAA, 0xBBBB, 0xBBBB, 0xAAAA, elsewhere]
    for address in (15, 19, 21):
        space.write(address, 2, 0x123456)
    assert (older.told, newer.told) == ([(19, 2, 0x3456)], [(21, 2, 0x3456)])


@pytest.mark.parametrize("place", [range(-1, 4), range(0, 8, 2)])
def test_where_no_device_can_be(place: range) -> None:
    with pytest.raises(PyqomError, match=r"^'/register' cannot answer at range"):
        dispatch.ports([Register(place)])


@pytest.mark.parametrize(
    ("place", "kept"),
    [
        (range(0xFFFE, 0x10002), range(0xFFFE, 0x10000)),
        (range(0x20000, 0x20008), range(0x10000, 0x10000)),
    ],
)
def test_there_are_64_k_ports(place: range, kept: range) -> None:
    (found,) = dispatch.ports([Register(place)]).ranges
    assert found.place == kept


# --- memory --------------------------------------------------------------------------------------


def laid_out(*arguments: Any, **more: Any) -> list[tuple[str, int, int, int]]:
    """(backend, address, size, offset) of a machine's RAM."""
    vm = VirtualMachine(*arguments, **more)
    dimms = vm.memory_devices()
    return [
        (region.name, region.address, region.size, region.offset)
        for region in memory.ram(vm.machine, dimms)
    ]


HOLE = [("pc.ram", 0, 0xA0000, 0)]


@pytest.mark.parametrize(
    ("machine", "size", "above"),
    [
        ("pc", 16 << 20, [(0x100000, 15 << 20, 0x100000)]),
        ("q35", 2 * GIB, [(0x100000, 2 * GIB - 0x100000, 0x100000)]),
        ("q35", 4 * GIB, [(0x100000, 2 * GIB - 0x100000, 0x100000), (4 * GIB, 2 * GIB, 2 * GIB)]),
        ("pc", 4 * GIB, [(0x100000, 3 * GIB - 0x100000, 0x100000), (4 * GIB, GIB, 3 * GIB)]),
        ("microvm", 4 * GIB, None),
    ],
)
def test_where_ram_lies(machine: str, size: int, above: list[tuple[int, int, int]] | None) -> None:
    found = laid_out(machine, memory=size)
    if above is None:  # a microvm's backend has another name, and lies as a pc's does
        assert [each[1:] for each in found] == [each[1:] for each in laid_out("pc", memory=size)]
        return
    assert found == HOLE + [("pc.ram", *each) for each in above]


def test_ram_of_nodes_lies_one_after_another() -> None:
    nodes = [
        {"qom-type": "memory-backend-ram", "id": f"m{number}", "size": size}
        for number, size in enumerate((1 << 20, 3 << 20))
    ]
    numa = [{"type": "node", "memdev": f"m{number}"} for number in (0, 1)]
    found = laid_out("q35", memory=4 << 20, objects=nodes, numa=numa)
    assert found == [("m0", 0, 0xA0000, 0), ("m1", 0x100000, 3 << 20, 0)]


def test_a_dimm_lies_where_it_was_plugged() -> None:
    backend = {"qom-type": "memory-backend-ram", "id": "more", "size": 128 << 20}
    found = laid_out(
        "q35",
        memory={"size": 64 << 20, "max-size": GIB, "slots": 1},
        objects=[backend],
        devices=[{"driver": "pc-dimm", "memdev": "more"}],
    )
    assert found[-1] == ("more", 4 * GIB, 128 << 20, 0)


def test_more_than_there_can_be() -> None:
    vm = VirtualMachine("q35", memory=16 << 20)
    vm.machine.memory_backend.get = lambda name: 1 << 62
    with pytest.raises(PyqomError, match=r"^cannot set up guest memory 'pc.ram': Cannot allocate"):
        memory.content_of(vm.machine.memory_backend)


@pytest.mark.parametrize(("size", "low"), [(64, 0xF0000), (128, 0xE0000), (256, 0xE0000)])
def test_where_firmware_lies(size: int, low: int, tmp_path: Path) -> None:
    content = bytes((number & 0xFF) for number in range(size)) * 1024
    file = tmp_path / "bios"
    file.write_bytes(content)
    top, below = memory.firmware(memory.read_firmware(str(file)))
    assert (top.address, top.end, below.address, below.end) == (
        4 * GIB - len(content), 4 * GIB, low, 0x100000,
    )  # fmt: skip
    assert below.content[below.offset :] == content[-below.size :]
    assert not top.writable
    assert list(memory.gaps((top, below))) == [(0, low), (0x100000, top.address)]


# --- page tables ---------------------------------------------------------------------------------


PAGING, PAE, PSE = 1 << 31, 1 << 5, 1 << 4


def tables(width: int, entries: dict[int, int]) -> Any:
    content = {
        address: struct.pack("<Q" if width == 8 else "<I", entry)
        for address, entry in entries.items()
    }
    return lambda address, size: content.get(address, bytes(size))


FOUR = {0x1000: 0x2003, 0x2008: 0x3003, 0x3010: 0x4003, 0x4018: 0x5003}
LARGE = {0x1000: 0x2003, 0x2008: 0x3003, 0x3010: 0x600083}
HUGE = {0x1000: 0x2003, 0x2008: 0x40000083}
LINEAR = 1 << 30 | 2 << 21 | 3 << 12 | 0xABC


@pytest.mark.parametrize(
    ("linear", "cr0", "cr4", "long_mode", "width", "entries", "expected"),
    [
        (LINEAR, 0, 0, False, 8, {}, LINEAR),
        (LINEAR, PAGING, PAE, True, 8, FOUR, 0x5ABC),
        (LINEAR, PAGING, PAE, True, 8, LARGE, 0x603ABC),
        (LINEAR, PAGING, PAE, True, 8, HUGE, 0x40403ABC),
        (LINEAR, PAGING, PAE, True, 8, {}, None),
        (LINEAR + 0x1000, PAGING, PAE, True, 8, FOUR, None),
        (LINEAR, PAGING, PAE, False, 8, {0x1008: 0x3001, 0x3010: 0x4003, 0x4018: 0x5003}, 0x5ABC),
        (0x00C03ABC, PAGING, 0, False, 4, {0x100C: 0x2003, 0x200C: 0x5003}, 0x5ABC),
        (0x00C03ABC, PAGING, PSE, False, 4, {0x100C: 0x800083}, 0x803ABC),
    ],
)
def test_page_tables(
    linear: int,
    cr0: int,
    cr4: int,
    long_mode: bool,
    width: int,
    entries: dict[int, int],
    expected: int | None,
) -> None:
    found = physical(linear, cr0, 0x1000, cr4, long_mode, tables(width, entries))
    assert found == expected
