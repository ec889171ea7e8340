"""Buses: names, members, capacity, and the ways to them."""

from __future__ import annotations

import pytest

from tests.devices.plug import add, ask, get, machine, names

CONTROLLERS = (
    "virtio-scsi-pci",
    "virtio-scsi-pci,id=s1",
    "qemu-xhci",
    "qemu-xhci,id=x1",
    "virtio-serial-pci",
    "pcie-root-port,id=rp",
)
ANON = "/machine/peripheral-anon"


@pytest.mark.parametrize(
    ("path", "bus"),
    [
        (f"{ANON}/device[0]/virtio-backend", "scsi.0"),
        ("/machine/peripheral/s1/virtio-backend", "s1.0"),
        (f"{ANON}/device[1]", "usb-bus.0"),
        ("/machine/peripheral/x1", "x1.0"),
        (f"{ANON}/device[2]/virtio-backend", "virtio-serial-bus.0"),
        ("/machine/peripheral/rp", "rp"),
        ("/machine/q35", "pcie.0"),
        (f"{ANON}/device[1]", "bus master[0]"),
    ],
)
def test_a_bus_is_a_child_of_its_device(path: str, bus: str) -> None:
    assert bus in names(machine("q35", *CONTROLLERS), path)


@pytest.mark.parametrize(
    ("device", "answer"),
    [
        ("usb-kbd,bus=usb-bus.0", {}),
        ("usb-kbd,bus=x1.0", {}),
        ("usb-kbd,bus=x1", "Bus 'x1' not found"),
        ("usb-kbd,bus=s1.0", "Device 'usb-kbd' can't go on SCSI bus"),
        ("usb-kbd,bus=pcie.0", "Device 'usb-kbd' can't go on PCIE bus"),
        ("usb-kbd,bus=main-system-bus", "Device 'usb-kbd' can't go on System bus"),
        ("usb-kbd,bus=/x1", "Device 'x1' not found"),
        ("usb-kbd,bus=pcie.0/x1", {}),
        ("usb-kbd,bus=pcie.0/x1/x1.0", {}),
        ("usb-kbd,bus=pcie.0/x1/no", "Bus 'no' not found"),
        ("usb-kbd,bus=pcie.0/mch", "Device 'mch' has no child bus"),
        ("usb-kbd,bus=pcie.0/ahci", "Device 'ahci' has multiple child buses"),
        ("edu", "Bus 'pcie.0' does not support hotplugging"),
        ("scsi-cd", {}),
        ("ccid-card-passthru", "No 'ccid-bus' bus found for device 'ccid-card-passthru'"),
    ],
)
def test_finding_a_bus(device: str, answer: object) -> None:
    assert add(machine("q35", *CONTROLLERS), device) == answer


def test_the_newest_bus_that_has_room_is_taken() -> None:
    vm = machine("q35", *CONTROLLERS)
    assert add(vm, "usb-kbd,id=k") == {}
    assert get(vm, "k", "parent_bus") == "/machine/peripheral/x1/x1.0"


def test_members_are_links_that_count_on() -> None:
    vm = machine("q35", "qemu-xhci,id=x")
    for name in ("a", "b", "c"):
        add(vm, f"usb-kbd,id={name}")
    ask(vm, "device_del", id="b")
    add(vm, "usb-kbd,id=d")
    bus = "/machine/peripheral/x/x.0"
    assert {name for name in names(vm, bus) if name[:5] == "child"} == {
        *("child[0]", "child[2]", "child[3]"),
    }
    assert get(vm, bus, "child[3]") == "/machine/peripheral/d"


def test_numbers_of_buses_are_not_given_twice() -> None:
    vm = machine("pc", "qemu-xhci,id=a")
    add(vm, "qemu-xhci")
    assert "usb-bus.0" in names(vm, f"{ANON}/device[0]")
    add(vm, "qemu-xhci")
    assert "usb-bus.1" in names(vm, f"{ANON}/device[1]")
    assert "a.0" in names(vm, "/machine/peripheral/a")


def test_a_full_bus() -> None:
    vm = machine("q35", "virtio-rng-pci,id=r")
    text = "Bus 'virtio-bus' is full"
    assert add(vm, "virtio-balloon-device,bus=virtio-bus") == text
    assert add(vm, "virtio-balloon-device") == "A 'virtio-bus' bus was found but is full"
