"""PCI: slots, functions, bridges, and what query-pci tells."""

from __future__ import annotations

import pytest

from tests.devices.plug import add, ask, get, machine, names

IN_USE = "PCI: slot 4 function 0 not available for edu, in use by pci-testdev,id=t"


@pytest.mark.parametrize(
    ("name", "devices", "text"),
    [
        ("pc", ("pci-testdev,id=t,addr=4", "edu,addr=4"), IN_USE),
        ("pc", ("edu,addr=4.1", "edu,addr=4"), "PCI: 4.0 indicates single function, but 4.1"),
        ("pc", ("edu,addr=4", "edu,addr=4.1"), "PCI: single function device can't be populated"),
        ("pc", ("edu,acpi-index=3", "edu,acpi-index=3"), "a PCI device with acpi-index = 3 "),
        ("q35", ("edu,failover_pair_id=x",), "failover primary device is not an Ethernet device"),
        ("pc", ("e1000,failover_pair_id=x",), "failover primary device must be on PCIExpress bus"),
        ("q35", ("pxb",), "pxb devices cannot reside on a PCIe bus"),
        ("q35", ("pcie-root-port", "pxb-pcie"), "Bus 0 is already in use"),
        ("q35", ("pxb-pcie,id=p,bus_nr=9", "edu,bus=p"), "PCI: Only PCI/PCIe bridges can be"),
        ("q35", ("pci-bridge",), "Bridge chassis not specified."),
    ],
)
def test_what_a_start_refuses(name: str, devices: tuple[str, ...], text: str) -> None:
    with pytest.raises(Exception, match="^" + text.replace("(", r"\(")):
        machine(name, *devices)


@pytest.mark.parametrize(
    ("name", "first"), [("pc", 2), ("q35", 1)], ids=["i440fx has a south bridge", "q35"]
)
def test_free_slots_are_taken_in_order(name: str, first: int) -> None:
    vm = machine(name, "edu,id=a", "edu,id=b,addr=9", "edu,id=c")
    places = [get(vm, each, "addr") for each in "abc"]
    assert places == [first * 8, 9 * 8, (first + 1) * 8]


def test_all_slots_taken() -> None:
    vm = machine("pc", *["edu"] * 30)
    text = "PCI: no slot/function available for edu, all in use or reserved"
    assert add(vm, "edu") == text


def test_a_port_has_one_slot() -> None:
    vm = machine("q35", "pcie-root-port,id=rp")
    assert add(vm, "edu,bus=rp") == {}
    for place in ("", ",addr=1", ",addr=0.1"):
        assert add(vm, f"pci-testdev,bus=rp{place}") == (
            "PCI: slot 0 function 0 already occupied by edu,"
            " new func pci-testdev cannot be exposed to guest."
        )


@pytest.mark.parametrize(
    ("port", "bus", "text"),
    [
        ("pcie-root-port,id=rp", "rp", {}),
        ("pcie-root-port,id=rp,hotplug=off", "rp", "Bus 'rp' does not support hotplugging"),
        ("pci-bridge,id=br,chassis_nr=1", "br", {}),
        ("pcie-pci-bridge,id=br", "br", {}),
        ("i82801b11-bridge,id=br", "br", {}),
        ("x3130-upstream,id=up", "up", {}),
    ],
)
def test_hotplug_behind_bridges(port: str, bus: str, text: object) -> None:
    assert add(machine("q35", port), f"edu,bus={bus}") == text


def test_only_buses_of_the_start_have_numbers() -> None:
    vm = machine("q35", "pcie-root-port,id=rp", "pcie-root-port,id=rq,hotplug=off,chassis=2")
    assert "acpi-pcihp-bsel" in names(vm, "/machine/peripheral/rp/rp")
    assert "acpi-pcihp-bsel" not in names(vm, "/machine/peripheral/rq/rq")
    assert "acpi-pcihp-bsel" in names(machine("pc"), "/machine/i440fx/pci.0")


def test_a_bridge_that_was_plugged_in_handles_its_slots_itself() -> None:
    vm = machine("q35", "pcie-root-port,id=rp")
    assert add(vm, "pcie-pci-bridge,id=br,bus=rp") == {}
    assert add(vm, "edu,id=e,bus=br,addr=0").startswith("Unsupported PCI slot 0 for standard")
    assert add(vm, "edu,id=e,bus=br,addr=2") == {}
    assert ask(vm, "device_del", id="e") == {}
    assert "e" not in names(vm, "/machine/peripheral")


def test_query_pci() -> None:
    vm = machine("q35", "edu,id=e", "virtio-rng-pci,id=v", "pcie-root-port,id=rp")
    bus = vm.qmp("query-pci")[0]
    found = {device["qdev_id"]: device for device in bus["devices"] if device["qdev_id"]}
    assert found["e"] == {
        "bus": 0,
        "slot": 1,
        "function": 0,
        "class_info": {"class": 255},
        "id": {"vendor": 0x1234, "device": 0x11E8, "subsystem-vendor": 0x1AF4, "subsystem": 0x1100},
        "irq_pin": 1,
        "irq": 0,
        "qdev_id": "e",
        "regions": [
            {
                "bar": 0,
                "type": "memory",
                "address": -1,
                "size": 1 << 20,
                "prefetch": False,
                "mem_type_64": False,
            }
        ],
    }
    assert found["v"]["id"]["device"] == 0x1005
    assert [region["bar"] for region in found["v"]["regions"]] == [0, 1, 4]
    assert found["rp"]["pci_bridge"]["bus"]["io_range"] == {"base": 0xF000, "limit": 0xFFF}
    assert [device["slot"] for device in bus["devices"]] == [0, 1, 2, 3, 31, 31, 31]


def test_a_machine_without_pci_has_no_bus() -> None:
    vm = machine("none")
    assert vm.qmp("query-pci") == []
    assert add(vm, "edu") == "No 'PCI' bus found for device 'edu'"
