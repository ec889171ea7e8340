"""USB: ports by path, hubs, speeds, and hubs that come by themselves."""

from __future__ import annotations

import pytest

from tests.devices.plug import add, ask, get, machine, names


def test_ports_are_taken_in_order() -> None:
    vm = machine("q35", "qemu-xhci,id=x")
    add(vm, "usb-kbd,id=k")
    add(vm, "usb-tablet,id=t,port=3")
    assert add(vm, "usb-tablet,port=3") == "usb port 3 (bus x.0) not found (in use?)"
    add(vm, "usb-hub,id=h")
    assert add(vm, "usb-mouse,port=2.8") == {}
    assert add(vm, "usb-mouse,port=2.9") == "usb port 2.9 (bus x.0) not found (in use?)"
    assert get(vm, "h", "port") == ""


def test_the_last_port_gets_a_hub() -> None:
    vm = machine("q35", "piix3-usb-uhci,id=u")
    for number in range(9):
        assert add(vm, f"usb-kbd,id=k{number}") == {}, number
    bus = "/machine/peripheral/u/u.0"
    kinds = [
        entry["type"] for entry in vm.qmp("qom-list", path=bus) if entry["name"][:5] == "child"
    ]
    assert kinds.count("link<usb-hub>") == 2


@pytest.mark.parametrize(
    ("controller", "device", "there", "own"),
    [
        ("usb-ehci", "usb-mouse,usb_version=1", "high", "full"),
    ],
)
def test_speeds_have_to_fit(controller: str, device: str, there: str, own: str) -> None:
    vm = machine("q35", f"{controller},id=c")
    text = add(vm, device)
    assert text.startswith("Warning: speed mismatch trying to attach usb device ")
    assert f"({own} speed) to bus " in text
    assert text.endswith(f'"c.0", port "1" ({there} speed)')
    assert add(vm, "usb-kbd") == {}  # the port is free


def test_hubs_chain_five_deep() -> None:
    vm = machine("q35", "qemu-xhci,id=x")
    path = "1"
    for _ in range(5):
        assert add(vm, f"usb-hub,port={path}") == {}
        path += ".1"
    assert add(vm, f"usb-hub,port={path}") == "usb hub chain too deep"


def test_what_is_in_a_hub_goes_with_it() -> None:
    vm = machine("q35", "qemu-xhci,id=x")
    add(vm, "usb-hub,id=h,port=1")
    add(vm, "usb-kbd,id=k,port=1.1")
    ask(vm, "device_del", id="h")
    assert not {"h", "k"} & names(vm, "/machine/peripheral")
    assert add(vm, "usb-kbd,port=1") == {}


def test_companions_share_a_bus() -> None:
    vm = machine("q35", "ich9-usb-ehci1,id=e", "ich9-usb-uhci1,id=u,masterbus=e.0,firstport=0")
    assert not vm.peripheral.property("u").resolve(vm.peripheral).buses
    with pytest.raises(Exception, match="USB bus 'no' not found"):
        machine("q35", "ich9-usb-uhci1,masterbus=no")


def test_a_usb_disk_is_a_scsi_disk() -> None:
    vm = machine("q35", "qemu-xhci,id=x", blockdevs=[{"driver": "null-co", "node-name": "n"}])
    assert add(vm, "usb-storage") == "drive property not set"
    assert add(vm, "usb-storage,id=d,drive=n,serial=abc") == {}
    legacy = "/machine/peripheral/d/d.0/legacy[0]"
    assert (get(vm, legacy, "drive"), get(vm, legacy, "serial")) == ("n", "abc")
    assert get(vm, "d", "drive") == ""
    assert ask(vm, "blockdev-del", **{"node-name": "n"}) == "Node n is in use"
    ask(vm, "device_del", id="d")
    assert ask(vm, "blockdev-del", **{"node-name": "n"}) == {}
