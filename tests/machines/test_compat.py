"""Compat properties of 7.2, whose query-machines does not tell them, and their order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pyqom import machines

DATA = Path(__file__).parents[1] / "data" / "machines"
SHARED = Path(__file__).parents[3] / "shared" / "oracle" / "cpu"
ARRAYS = json.loads((DATA / "compat-arrays-7.2.json").read_text())
DEVICES = json.loads((DATA / "device-props-7.2.json").read_text())


@pytest.mark.parametrize("name", ARRAYS["machines"])
def test_arrays_of_machine(name):
    machine = machines.find(name, "7.2")
    assert [each.name for each in machine.compat_lists] == ARRAYS["machines"][name]
    want = [entry for array in ARRAYS["machines"][name] for entry in ARRAYS["arrays"][array]]
    assert [[each.driver, each.property, each.value] for each in machine.compat_props] == want


def test_arrays_of_the_shared_recording():
    path = SHARED / "qemu-7.2.22" / "compat-props.json"
    if not path.exists():
        pytest.skip("no recordings beside the checkout")
    data = json.loads(path.read_text())
    # That file was derived from 7.2.0; the stable releases up to 7.2.22 gained these.
    later = {"nvme.msix-exclusive-bar", "virtio-rng-pci.vectors"}
    later |= {f"virtio-rng-pci-{each}transitional.vectors" for each in ("", "non-")}
    for name, record in data["machines"].items():
        got = {
            each.name: [
                [entry.driver, entry.property, entry.value]
                for entry in each.entries
                if f"{entry.driver}.{entry.property}" not in later
            ]
            for each in machines.find(name, "7.2").compat_lists
        }
        assert got == {array: data["arrays"][array] for array in record["compat_arrays"]}, name


def parsed(text: str):
    """A global property's text as QEMU's string visitor reads it for bool and integer."""
    if text in ("on", "true", "yes"):
        return True
    if text in ("off", "false", "no"):
        return False
    try:
        return int(text, 0)
    except ValueError:
        return text


def on_machines(runs: dict):
    """(machine type, value) for every machine type from the runs of a recorded property."""
    for family, changes in runs.items():
        steps = dict(changes)
        value = None
        for version in DEVICES["versions"][family]:
            value = steps.get(version, value)
            yield f"{family}-{version}", value


@pytest.mark.parametrize("typename", DEVICES["types"])
def test_last_word_is_what_live_devices_have(typename):
    """Where a compat entry speaks of a device's property, the live device has its value."""
    record = DEVICES["types"][typename]
    spoken = 0
    for prop, runs in record["properties"].items():
        silent = set()
        for name, live in on_machines(runs):
            words = [
                entry.value
                for entry in machines.find(name, "7.2").compat_props
                if entry.property == prop and entry.driver in record["ancestors"]
            ]
            live = {"on": True, "off": False}.get(live, live)
            if words:
                spoken += 1
                assert parsed(words[-1]) == live or words[-1] == str(live), f"{name} {prop}"
            else:
                silent.add(live)
        assert len(silent) <= 1, f"{prop} changes without a compat entry"
    assert spoken


OPTIONAL = {
    ("virtio-pci", "disable-modern"),
    ("virtio-pci", "disable-legacy"),
    ("virtio-blk-device", "scsi"),
}


def test_optional_entries():
    entries = machines.find("pc-i440fx-1.4").compat_props
    assert {(each.driver, each.property) for each in entries if each.optional} == OPTIONAL


def test_newest_list_first():
    versions = [each.version for each in machines.find("pc-q35-9.2").compat_lists]
    assert versions == [None, *(v for v in ("11.0", "10.2", "10.1", "10.0", "9.2") for _ in (1, 2))]


def test_entry_says_where_it_is_from():
    entry = machines.find("pc-q35-2.12").compat_props[-1]
    assert (entry.driver, entry.property, entry.value) == (
        "EPYC-IBPB-x86_64-cpu",
        "xlevel",
        "0x8000000a",
    )
    assert (entry.list, entry.version) == ("pc_compat_2_12", "2.12")


def test_lists_are_shared_between_machine_types():
    newer, older = machines.find("pc-q35-9.0"), machines.find("pc-q35-8.2")
    assert older.compat_lists[3] is newer.compat_lists[3]
