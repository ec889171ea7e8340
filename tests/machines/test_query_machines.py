"""query-machines and the machine part of qom-list-types, as live QEMU answered them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pyqom import machines, release

DATA = Path(__file__).parents[1] / "data" / "machines"
SHARED = Path(__file__).parents[3] / "shared" / "oracle" / "cpu"
RELEASES = ["7.2", "11.1"]
FOLDERS = {"7.2": "qemu-7.2.22", "11.1": "qemu-11.1.3"}


def load(name: str):
    return json.loads((DATA / name).read_text())


def recorded(name: str) -> list[dict]:
    """The reply, with the runs of compat properties written out."""
    data = load(f"query-machines-{name}.json")
    for entry in data["machines"]:
        if "compat-props" in entry:
            indices = [i for first, last in entry["compat-props"] for i in range(first, last + 1)]
            entry["compat-props"] = [
                dict(zip(("qom-type", "property", "value"), data["compat-props"][i], strict=True))
                for i in indices
            ]
    return data["machines"]


@pytest.mark.parametrize("name", RELEASES)
def test_reply_is_qemus_in_its_order(name):
    assert [each.info(compat_props=True) for each in machines.machines(name)] == recorded(name)


@pytest.mark.parametrize("name", RELEASES)
def test_compat_props_only_when_asked(name):
    want = [{k: v for k, v in each.items() if k != "compat-props"} for each in recorded(name)]
    assert [each.info() for each in machines.machines(name)] == want


@pytest.mark.parametrize("name", RELEASES)
def test_reply_is_the_whole_recording(name):
    path = SHARED / FOLDERS[name] / "machines.json"
    if not path.exists():
        pytest.skip("no recordings beside the checkout")
    want = {each["name"]: each for each in json.loads(path.read_text())["machines"]}
    assert {each.name: each.info(compat_props=True) for each in machines.machines(name)} == want


@pytest.mark.parametrize("name", RELEASES)
def test_qom_types(name):
    made = list(machines.qom_types(name))
    got = {}
    for typename, parent, abstract, _ in made:
        got[typename] = {"parent": parent, "abstract": True} if abstract else {"parent": parent}
    assert got == load(f"qom-types-{name}.json")
    assert len(got) == len(made)
    seen = {"object", "interface"}
    for typename, parent, *_ in made:
        assert parent in seen, f"{typename} comes before its parent"
        seen.add(typename)


INTERFACES = [
    ("7.2", "none-machine", ()),
    ("7.2", "x-remote-machine", ("hotplug-handler",)),
    ("7.2", "x86-machine", ("nmi",)),
    ("7.2", "generic-pc-machine", ("hotplug-handler",)),
    ("11.1", "nitro-machine", ("target-info-aarch64-machine",)),
    (
        "11.1",
        "x-remote-machine",
        ("hotplug-handler", "target-info-aarch64-machine", "target-info-arm-machine"),
    ),
    ("11.1", "pc-q35-11.1-machine", ()),
]


@pytest.mark.parametrize(("name", "typename", "want"), INTERFACES)
def test_interfaces(name, typename, want):
    found = {each[0]: each[3] for each in machines.qom_types(name)}
    assert found[typename] == want


ANCESTORS = [
    ("pc-q35-11.1", ("generic-pc-machine", "x86-machine", "machine")),
    ("isapc", ("generic-pc-machine", "x86-machine", "machine")),
    ("microvm", ("x86-machine", "machine")),
    ("nitro", ("machine",)),
    ("none", ("machine",)),
]


@pytest.mark.parametrize(("name", "want"), ANCESTORS)
def test_ancestors(name, want):
    machine = machines.find(name)
    assert machine.ancestors == want
    assert (machine.typename, machine.parent) == (f"{name}-machine", want[0])


def test_releases_are_ordered():
    keys = [each.key for each in release.releases()]
    assert keys == sorted(keys)
    assert release.get().name == "11.1"
    assert release.get("7.2").version == (7, 2, 22)
