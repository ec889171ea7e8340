"""A device of one's own answers guest code, and may end the machine or fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pyqom
from pyqom.devices.io import ShutdownRequest
from pyqom.errors import PyqomError
from tests.emulator.guests import HLT, Guest, needs_engine, put, rom

pytestmark = needs_engine

BASE, PORT = 0xD0000, 0x300
RESULTS = {1: ShutdownRequest(7), 2: PyqomError("the device is upset"), 3: KeyError("a fault")}


def own_types() -> Any:
    """Types with "lab-cell": four bytes of memory, and a port by which it raises `RESULTS`."""
    types = pyqom.new_types()
    base: Any = types.get("isa-device")

    class Cell(base, typename="lab-cell", registry=types):  # type: ignore[misc, call-arg]
        content = 0x11223344

        def mmio(self) -> range:
            return range(BASE, BASE + 4)

        def read_memory(self, address: int, size: int) -> int:
            return self.content >> 8 * (address - BASE)

        def write_memory(self, address: int, size: int, value: int) -> None:
            self.content = value

        def ports(self) -> range:
            return range(PORT, PORT + 1)

        def read_port(self, port: int, size: int) -> int:
            return 0

        def write_port(self, port: int, size: int, value: int) -> None:
            raise RESULTS[value]

    return types


def guest_of(code: bytes | str, folder: Path) -> Guest:
    return Guest(folder, rom(code), types=own_types(), devices=[{"driver": "lab-cell", "id": "c"}])


def test_its_memory(tmp_path: Path) -> None:
    load, store = (
        "b800d0 8ed8 a00100 e6e9 66a10000 e6e9",
        "66c7060000 78563412 a10000 e6e9 88e0 e6e9 f4",
    )
    guest = guest_of(load + store, tmp_path)
    assert guest.run() == "halted", guest.vm.fault
    assert guest.console.hex() == "33447856"
    (cell,) = guest.vm.peripheral.children()
    assert cell.content == 0x12345678


def test_it_ends_the_machine(tmp_path: Path) -> None:
    guest = guest_of(put(PORT, 1) + HLT, tmp_path)
    assert guest.run() == "exited"
    assert guest.vm.exit_status == 7


def test_its_error_is_the_guests_end(tmp_path: Path) -> None:
    guest = guest_of(put(PORT, 2) + HLT, tmp_path)
    assert guest.run() == "internal-error"
    assert str(guest.vm.fault).startswith("the device is upset, at f000:")


def test_its_fault_is_its_authors(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="a fault"):
        guest_of(put(PORT, 3) + HLT, tmp_path).run()


def test_it_answers_once_it_is_there(tmp_path: Path) -> None:
    guest = Guest(tmp_path, rom(put(PORT, 1) + HLT), types=own_types())
    assert guest.run() == "halted"
