"""What a machine's own hot-plug handler refuses, in the words of live QEMU 11.1.3 and 7.2.22."""

from __future__ import annotations

from typing import Any

import pytest

from pyqom.errors import PyqomError
from pyqom.vm import VirtualMachine

BOOT_CPU = "/machine/unattached/device[0]"
NO_LIMIT = 18446744073709551615


def refusal(vm: VirtualMachine, command: str, **arguments: Any) -> str:
    before = vm.qmp("qom-list", path="/machine/peripheral")
    with pytest.raises(PyqomError) as raised:
        vm.qmp(command, **arguments)
    assert vm.qmp("qom-list", path="/machine/peripheral") == before
    return str(raised.value)


@pytest.mark.parametrize("release", ["11.1", "7.2"])
@pytest.mark.parametrize(
    ("machine", "text"),
    [
        ("isapc", "CPU hot unplug not supported without ACPI"),
        ("pc,acpi=off", "CPU hot unplug not supported without ACPI"),
        ("pc", "Boot CPU is unpluggable"),
        ("q35,acpi=off", "Boot CPU is unpluggable"),
        ("microvm", "unplug not supported by microvm"),
    ],
)
def test_the_boot_cpu_stays(machine: str, text: str, release: str) -> None:
    vm = VirtualMachine(machine, release=release)
    assert refusal(vm, "device_del", id=BOOT_CPU) == text


@pytest.mark.parametrize("release", ["11.1", "7.2"])
@pytest.mark.parametrize(
    ("slots", "size", "props", "text"),
    [
        (3, 4096, {}, "backend memory size must be multiple of 0x200000"),
        (3, 1 << 21, {"slot": 9}, "invalid slot number 9, valid range is [0-2]"),
        (3, 1 << 21, {"slot": -2}, "invalid slot number -2, valid range is [0-2]"),
        (3, 1 << 21, {"addr": 4096}, "address must be aligned to 0x200000 bytes"),
        (0, 1 << 21, {"slot": 0}, f"invalid slot number 0, valid range is [0-{NO_LIMIT}]"),
        (0, 1 << 21, {}, "no slots where allocated, please specify the 'slots' option"),
    ],
)
def test_a_dimm_that_does_not_fit(
    slots: int, size: int, props: dict[str, int], text: str, release: str
) -> None:
    room = {"slots": slots, "max-size": 1 << 30} if slots else {}
    vm = VirtualMachine("q35", memory={"size": 1 << 27, **room}, release=release)
    vm.qmp("object-add", qom_type="memory-backend-ram", id="m", size=size)
    assert refusal(vm, "device_add", driver="pc-dimm", id="d", memdev="m", **props) == text
    vm.qmp("object-del", id="m")
