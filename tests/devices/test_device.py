"""Devices: realized with all that belongs to them, and put to rest without a trace."""

from __future__ import annotations

import pytest

from tests.devices.plug import add, ask, get, machine, names, told

EXISTING = (
    "qemu-xhci,id=x",
    "virtio-scsi-pci,id=s",
    "pcie-root-port,id=rp,chassis=1",
    "pcie-root-port,id=rq,chassis=2",
    "virtio-serial-pci,id=v",
    "pci-bridge,id=br,chassis_nr=7",
)

LEAVING = (
    ("usb-kbd", True),
    ("usb-hub", True),
    ("scsi-cd", True),
    ("virtserialport", True),
    ("virtio-rng-pci,bus=rp", False),
    ("virtio-net-pci,bus=rp", False),
    ("edu,bus=rp", False),
    ("nec-usb-xhci,bus=rp", False),
    ("e1000,bus=rp", False),
    ("ich9-ahci,bus=rp", False),
)
"""Devices that come and go, and whether they do so without a reset."""


def snapshot(vm: object) -> object:
    """Everything about a machine that plugging could leave behind."""
    board = vm.board  # type: ignore[attr-defined]
    paths = {
        each.canonical_path(): {prop.name for prop in each.property_list()}
        for each in board.surroundings.root.descendants()
    }
    taken = (board.acpi_indexes, board.boot_order, board.chassis_slots, board.memory)
    rest = [list(each) for each in taken], board.balloon, board.network._used
    return paths, str(rest)


@pytest.mark.parametrize("release", ["11.1", "7.2"])
@pytest.mark.parametrize(("device", "at_once"), LEAVING)
def test_what_leaves_leaves_nothing(device: str, at_once: bool, release: str) -> None:
    vm = machine("q35", *EXISTING, release=release)
    before = snapshot(vm)
    assert add(vm, f"{device},id=d") == {}
    assert snapshot(vm) != before
    assert ask(vm, "device_del", id="d") == {}
    if not at_once:
        assert "already in the process of unplug" in ask(vm, "device_del", id="d")
        vm.qmp("system_reset")
    after = snapshot(vm)
    gone = [(name, data) for name, data in told(vm) if name == "DEVICE_DELETED"]
    assert gone[-1] == ("DEVICE_DELETED", {"device": "d", "path": "/machine/peripheral/d"})
    assert after == before


@pytest.mark.parametrize(
    ("device", "text"),
    [
        ("edu,bus=rp,addr=99", "Property 'edu.addr' doesn't take value '99'"),
        ("edu,bus=rp,no-such=1", "Property 'edu.no-such' not found"),
        ("edu,bus=rp,romsize=3", "ROM size 3 is not a power of two"),
        ("edu,bus=rp,romfile=nope", 'failed to find romfile "nope"'),
        ("edu,bus=rp,acpi-index=20000", "acpi-index should be less or equal to 16383"),
        ("virtio-scsi-pci,bus=rp,num_queues=0", "Invalid number of queues (= 0)"),
        ("virtio-net-pci,bus=rp,rx_queue_size=3", "Invalid rx_queue_size (= 3)"),
        ("usb-kbd,usb_version=5", "Invalid usb version 5 for usb hid device"),
        ("usb-tablet,port=9.9", "usb port 9.9 (bus x.0) not found (in use?)"),
        ("usb-hub,ports=9", "num_ports (9) out of range (1..8)"),
        ("scsi-hd", "drive property not set"),
        ("scsi-cd,lun=99999", "bad scsi device lun: 99999"),
        ("virtserialport,nr=0", "Port number 0 on virtio-serial devices reserved for virtconsole"),
        ("virtio-crypto-pci,bus=rp", "'cryptodev' parameter expects a valid object"),
        ("nvme,bus=rp", "serial property not set"),
        ("pcie-root-port,bus=rp,chassis=1", "Can't add chassis slot, error -16"),
        ("VGA,bus=rp", "Device 'VGA' does not support hotplugging"),
        ("pci-bridge,bus=rp", "Bridge chassis not specified."),
    ],
)
def test_what_is_refused_leaves_nothing(device: str, text: str) -> None:
    vm = machine("q35", *EXISTING)
    before, events = snapshot(vm), told(vm)
    answer = add(vm, f"{device},id=d")
    assert str(answer).startswith(text)
    assert snapshot(vm) == before
    assert told(vm) == events
    assert add(vm, "edu,bus=rp,id=d") == {}  # the id and the slot are free


def test_parts_go_before_the_whole() -> None:
    vm = machine("pc")
    add(vm, "virtio-rng-pci,id=v")
    ask(vm, "device_del", id="v")
    vm.qmp("system_reset")
    assert told(vm)[-2:] == [
        ("DEVICE_DELETED", {"path": "/machine/peripheral/v/virtio-backend"}),
        ("DEVICE_DELETED", {"device": "v", "path": "/machine/peripheral/v"}),
    ]


@pytest.mark.parametrize(
    ("identifier", "text"),
    [
        ("no", "Device 'no' not found"),
        ("/machine", "/machine is not a device"),
        ("ser", "Bus 'isa.0' does not support hotplugging"),
        ("/machine/i440fx", "Bus 'main-system-bus' does not support hotplugging"),
        ("/machine/unattached/device[0]", "Boot CPU is unpluggable"),
        ("vga", "Device 'VGA' does not support hotplugging"),
        ("hub", {}),
    ],
)
def test_who_may_leave(identifier: str, text: object) -> None:
    vm = machine("pc", "isa-serial,id=ser", "qemu-xhci,id=x", "usb-hub,id=hub", "VGA,id=vga")
    assert ask(vm, "device_del", id=identifier) == text


def test_a_device_of_the_start_is_not_hotplugged() -> None:
    vm = machine("q35", "qemu-xhci,id=x")
    add(vm, "usb-kbd,id=k")
    assert (get(vm, "x", "hotplugged"), get(vm, "k", "hotplugged")) == (False, True)
    assert (get(vm, "x", "hotpluggable"), get(vm, "k", "hotpluggable")) == (False, True)


@pytest.mark.parametrize(
    ("device", "properties"),
    [
        ("isa-serial", {"index": 0, "iobase": 0x3F8, "irq": 4}),
        ("isa-serial,index=1", {"index": 1, "iobase": 0x2F8, "irq": 3}),
        ("e1000", {"mac": "52:54:00:12:34:56", "romfile": "efi-e1000.rom", "addr": 8}),
        ("megasas", {"hba_serial": "QEMU123456"}),
        ("bochs-display", {"xres": 1280, "yres": 800}),
        ("bochs-display,xres=640", {"xres": 640, "yres": 800}),
        ("virtio-serial-pci", {"vectors": 2, "class": 0x0780}),
        ("virtio-scsi-pci", {"vectors": 4, "num_queues": 1, "disable-legacy": "off"}),
        ("virtio-keyboard-pci", {"vectors": 2, "disable-legacy": "on"}),
        ("virtio-balloon-pci", {"guest-stats-polling-interval": 0}),
    ],
)
def test_what_properties_become(device: str, properties: dict[str, object]) -> None:
    vm = machine("q35", f"{device},id=d")
    assert {name: get(vm, "d", name) for name in properties} == properties


def test_regions_are_there_while_it_is_realized() -> None:
    vm = machine("q35", "edu,id=e")
    assert {"edu-mmio[0]", "bus master[0]", "bus master container[0]"} <= names(
        vm, "/machine/peripheral/e"
    )
    assert get(vm, "/machine/peripheral/e/edu-mmio[0]", "size") == 1 << 20
    vm.peripheral.property("e").resolve(vm.peripheral).realize(False)
    assert "edu-mmio[0]" not in names(vm, "/machine/peripheral/e")


def test_requirements_are_told_in_order() -> None:
    vm = machine("pc")
    assert add(vm, "vhost-user-fs-pci") == "missing chardev"
    ask(vm, "chardev-add", id="c", backend={"type": "null", "data": {}})
    assert add(vm, "vhost-user-fs-pci,chardev=c") == "missing tag property"
