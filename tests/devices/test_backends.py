"""Block nodes, network backends and chardevs: made, used by devices, refused, deleted."""

from __future__ import annotations

from typing import Any

import pytest

from pyqom.errors import PyqomError
from pyqom.vm import VirtualMachine
from tests.devices.plug import add, get, machine


def run(vm: VirtualMachine, command: str, **arguments: Any) -> Any:
    """A command with arguments by their QMP names, "__" for "-"."""
    named = {name.replace("__", "-"): value for name, value in arguments.items()}
    try:
        return vm.dispatcher.handlers[command](vm.dispatcher, named) or {}
    except PyqomError as error:
        return str(error)


NODES = [
    {"driver": "null-co", "node-name": "a", "size": 1 << 20},
    {"driver": "null-co", "node-name": "b", "read-only": True},
]


def conflict(required: str, unshared: str) -> str:
    """The error of two devices on node "a"."""
    use = "(uses node 'a' as 'root' child)"
    return (
        "Permission conflict on node 'a': permissions 'write' are both required by block device"
        f" '{required}' {use} and unshared by block device '{unshared}' {use}."
    )


def test_block_nodes_have_names_of_their_own() -> None:
    vm = machine("q35", blockdevs=NODES)
    for options, text in (
        ({"driver": "null-co"}, "'node-name' must be specified for the root node"),
        ({"driver": "null-co", "node-name": "a"}, "Duplicate nodes with node-name='a'"),
        ({"driver": "null-co", "node-name": "1a"}, "Invalid node-name: '1a'"),
        (
            {"driver": "raw", "node-name": "r", "file": "no"},
            "Cannot find device='no' nor node-name='no'",
        ),
        (
            {"driver": "file", "node-name": "f", "filename": "/no/such"},
            "Could not open '/no/such': No such file or directory",
        ),
        ({"driver": "qcow2", "node-name": "q", "file": "a"}, "Image is not in qcow2 format"),
        ({"driver": "raw", "node-name": "r", "file": "a"}, {}),
        ({"driver": "raw", "node-name": "s", "file": {"driver": "null-co"}}, {}),
    ):
        answer = run(vm, "blockdev-add", **{k.replace("-", "__"): v for k, v in options.items()})
        assert answer == text, options
    assert run(vm, "blockdev-del", node__name="a") == "Block device a is in use"
    assert run(vm, "blockdev-del", node__name="no") == "Failed to find node with node-name='no'"
    assert run(vm, "blockdev-del", node__name="s") == {}
    assert run(vm, "blockdev-del", node__name="r") == {}
    assert [node["node-name"] for node in vm.qmp("query-named-block-nodes")] == ["b", "a"]


def test_a_node_and_its_users() -> None:
    vm = machine("q35", "virtio-scsi-pci,id=s", blockdevs=NODES)
    assert add(vm, "scsi-hd,id=d,drive=a,bootindex=1") == {}
    assert add(vm, "scsi-hd,id=e,drive=a") == conflict("d", "e")
    assert add(vm, "scsi-hd,id=e,drive=a,share-rw=on") == conflict("e", "d")
    assert add(vm, "scsi-hd,id=e,drive=b,bootindex=1") == "The bootindex 1 has already been used"
    assert add(vm, "scsi-hd,id=e,drive=no") == "Property 'scsi-hd.drive' can't find value 'no'"
    assert add(vm, "scsi-cd,id=e") == {}
    shown = {entry["qdev"]: entry for entry in vm.qmp("query-block")}
    assert shown["d"]["inserted"]["node-name"] == "a"
    assert (shown["e"]["removable"], "inserted" in shown["e"]) == (True, False)
    assert run(vm, "blockdev-del", node__name="a") == "Node a is in use"
    assert run(vm, "device_del", id="d") == {}
    assert run(vm, "blockdev-del", node__name="a") == {}


@pytest.mark.parametrize(
    ("device", "text"),
    [
        ("scsi-hd,drive=a,scsi-id=300", "bad scsi device id: 300"),
        ("scsi-hd,drive=a,channel=1", "bad scsi channel id: 1"),
        ("scsi-hd,drive=a,physical_block_size=7", "parameter physical_block_size must be a power"),
        ("scsi-hd,drive=a,logical_block_size=4096", "logical_block_size > physical_block_size"),
        ("scsi-hd,drive=a,min_io_size=100", "min_io_size must be a multiple of logical_block_size"),
        ("scsi-hd,drive=a,cyls=5", "heads must be between 1 and 255"),
        (f"scsi-hd,drive=a,serial={'x' * 40}", "The serial number can't be longer than 36 char"),
        ("scsi-cd,scsi-id=0,lun=0", "lun already used by 'cd'"),
    ],
)
def test_what_disks_refuse(device: str, text: str) -> None:
    vm = machine("q35", "virtio-scsi-pci,id=s", "scsi-cd,id=cd", blockdevs=NODES)
    assert add(vm, device).startswith(text)


def test_network_backends() -> None:
    vm = machine("pc", netdevs=[{"type": "hubport", "id": "h", "hubid": 0}])
    for options, text in (
        ({"type": "user", "id": "h"}, "Duplicate ID 'h'"),
        ({"type": "user", "id": "1x"}, "Parameter 'id' expects an identifier"),
        ({"type": "socket", "id": "s"}, "exactly one of listen=, connect=, mcast= or udp= is"),
        ({"type": "vhost-user", "id": "v", "chardev": "no"}, 'chardev "no" not found'),
    ):
        assert run(vm, "netdev_add", **options).startswith(text)
    assert add(vm, "e1000,id=e,netdev=h") == {}
    taken = "Property 'rtl8139.netdev' can't take value 'h', it's in use"
    assert add(vm, "rtl8139,netdev=h") == taken
    assert add(vm, "rtl8139,netdev=no") == "Property 'rtl8139.netdev' can't find value 'no'"
    assert run(vm, "netdev_del", id="h") == {}
    assert get(vm, "e", "netdev") == "h"  # its card keeps the name
    assert run(vm, "netdev_del", id="h") == "Device 'h' not found"


def test_addresses_of_cards_are_counted() -> None:
    vm = machine("pc", "e1000,id=a", "rtl8139,id=b,mac=52:54:00:12:34:57", "e1000,id=c")
    assert [get(vm, name, "mac")[-2:] for name in "abc"] == ["56", "57", "58"]
    assert run(vm, "device_del", id="a") == {}
    vm.reset()
    add(vm, "e1000,id=d")
    assert get(vm, "d", "mac")[-2:] == "56"  # which a has given back


def test_chardevs() -> None:
    vm = machine("q35", "qemu-xhci,id=x")
    null = {"type": "null", "data": {}}
    assert run(vm, "chardev-add", id="c", backend=null) == {}
    taken = "Chardev with id 'c' already exists"
    assert run(vm, "chardev-add", id="c", backend=null) == taken
    assert add(vm, "usb-serial,id=u,chardev=c") == {}
    assert add(vm, "usb-serial,chardev=c") == (
        "Property 'usb-serial.chardev' can't take value 'c': chardev 'c' is already in use"
    )
    assert run(vm, "chardev-remove", id="c") == "Chardev 'c' is busy"
    assert run(vm, "chardev-remove", id="no") == "Chardev 'no' not found"
    run(vm, "device_del", id="u")
    assert run(vm, "chardev-remove", id="c") == {}


def test_only_one_balloon() -> None:
    vm = machine("pc", "virtio-balloon-pci,id=b")
    assert add(vm, "virtio-balloon-pci") == "Only one balloon device is supported"
    assert vm.qmp("query-balloon") == {"actual": vm.machine.memory_size}
    run(vm, "device_del", id="b")
    vm.reset()
    with pytest.raises(PyqomError, match="No balloon device has been activated"):
        vm.qmp("query-balloon")


def test_memory_behind_virtio() -> None:
    memory = {"size": 128 << 20, "slots": 2, "max-size": 1 << 30}
    objects = [{"qom-type": "memory-backend-ram", "id": "m", "size": 64 << 20}]
    vm = machine("q35", "pcie-root-port,id=rp", memory=memory, objects=objects)
    assert add(vm, "virtio-mem-pci,bus=rp") == "'memdev' property must be set"
    assert add(vm, "virtio-mem-pci,id=v,bus=rp,memdev=m") == {}
    assert add(vm, "pc-dimm,memdev=m") == "can't use already busy memdev: m"
    [info] = vm.qmp("query-memory-devices")
    assert (info["type"], info["data"]["max-size"]) == ("virtio-mem", 64 << 20)
    assert add(machine("q35"), "virtio-mem-pci").startswith("Bus 'pcie.0' does not")


def test_the_guid_of_a_generation() -> None:
    guid = "324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87"
    vm = machine("q35", f"vmgenid,guid={guid}")
    assert vm.qmp("query-vm-generation-id") == {"guid": guid}
    with pytest.raises(PyqomError, match="at most one vmgenid device is permitted"):
        machine("q35", "vmgenid", "vmgenid")
