"""Machine types follow from data: changed data, a further release, machine types of one's own."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from pyqom import errors, machines, release

ROOT = Path(__file__).parents[2]
FILES = [
    ("machines", "pyqom/machines/data/machines.json"),
    ("compat", "pyqom/machines/data/compat.json"),
    ("releases", "pyqom/data/releases.json"),
]


def schema(name: str):
    return json.loads((ROOT / "schema" / f"{name}.json").read_text())


@pytest.mark.parametrize(("name", "path"), FILES)
def test_data_fits_its_schema(name, path):
    Draft202012Validator.check_schema(schema(name))
    data = json.loads((ROOT / path).read_text())
    faults = [
        f"{each.json_path}: {each.message}"
        for each in Draft202012Validator(schema(name)).iter_errors(data)
    ]
    assert faults == []


BROKEN = [
    (["families", 0, "fields", "cpu-max"], 0, "$.families[0].fields['cpu-max']"),
    (["families", 0, "fields", "cpu-maximum"], 1, "$.families[0].fields"),
    (
        ["families", 1, "fields", "cpu-max", 0, "value"],
        "many",
        "$.families[1].fields['cpu-max'][0].value",
    ),
    (["families", 0, "versions", 3, "version"], "ten", "$.families[0].versions[3].version"),
    (["types", 0, "abstract"], False, "$.types[0].abstract"),
]


@pytest.mark.parametrize(("path", "value", "where"), BROKEN)
def test_schema_refuses(path, value, where):
    data = json.loads((ROOT / FILES[0][1]).read_text())
    at = data
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    found = {each.json_path for each in Draft202012Validator(schema("machines")).iter_errors(data)}
    assert where in found


def family(data, name):
    return next(each for each in data["families"] if each["family"] == name)


def test_all_lists_are_used():
    data = machines.read()
    used = {
        name
        for each in data["families"]
        for record in (each, *each.get("versions", ()))
        for name in record.get("compat", ())
    }
    assert used == {each["name"] for each in data["lists"]}


@pytest.mark.parametrize("which", ["7.2", "11.1"])
def test_added_entry_shows_on_that_version_and_all_older_ones(which):
    data = machines.read()
    array = next(each for each in data["lists"] if each["name"] == "pc_compat_6_1")
    array["entries"].append(["edu", "dma_mask", "0xff"])
    changed = machines.load(data)
    older = 0
    for mine in changed.machines(which):
        theirs = machines.find(mine.name, which)
        extra = [each for each in mine.compat_props if each.driver == "edu"]
        version = mine.version and release.release_key(mine.version)
        if version and version <= (6, 1):
            older += 1
            assert [each.value for each in extra] == ["0xff"]
            assert (extra[0].list, extra[0].version) == ("pc_compat_6_1", "6.1")
        else:
            assert not extra, mine.name
        assert [each for each in mine.compat_props if each.driver != "edu"] == [
            *theirs.compat_props
        ]
    assert older == {"7.2": 47, "11.1": 6}[which]
    assert all(each.driver != "edu" for each in machines.find("pc-q35-5.2").compat_props)


def test_changed_field_shows_on_that_version_and_all_older_ones():
    data = machines.read()
    versions = family(data, "pc-q35")["versions"]
    next(each for each in versions if each["version"] == "9.1")["fields"] = {"cpu-max": 99}
    changed = machines.load(data)
    got = [changed.find(f"pc-q35-{version}").cpu_max for version in ("9.2", "9.1", "9.0", "8.2")]
    assert got == [4096, 99, 99, 1024]


def test_a_newer_release_is_data(monkeypatch):
    """12.0: its version on top, the lists that 11.1 must keep, and nothing else."""
    newer = release.Release("12.0", (12, 0, 0), "", release.get("11.1").rules)
    name, known = release._carried()
    monkeypatch.setattr(release, "_carried", lambda: (name, {**known, "12.0": newer}))
    data = machines.read()
    for each in ("pc-i440fx", "pc-q35"):
        versions = family(data, each)["versions"]
        versions[0].update(compat=["hw_compat_11_1"], fields={"cpu-max": 128})
        versions.insert(0, {"version": "12.0"})
    data["lists"].append({"name": "hw_compat_11_1", "entries": [["edu", "dma_mask", "1"]]})
    changed = machines.load(data)

    assert changed.find("q35", "12.0").name == "pc-q35-12.0"
    assert changed.find("pc", "12.0").is_default
    assert changed.find("pc-q35-12.0", "12.0").cpu_max == 4096
    assert changed.find("pc-q35-11.1", "12.0").cpu_max == 128
    assert changed.find("pc-q35-11.1", "12.0").compat_props[3].driver == "edu"
    retired = [each.name for each in changed.machines("12.0") if each.version == "5.2"]
    assert retired == []
    assert changed.find("pc-q35-9.0", "12.0").deprecated
    assert not changed.find("pc-q35-9.1", "12.0").deprecated
    for which in ("7.2", "11.1"):
        assert [each.info(True) for each in changed.machines(which)] == [
            each.info(True) for each in machines.machines(which)
        ]


def test_a_release_in_between_needs_no_new_version(monkeypatch):
    between = release.Release("9.0", (9, 0, 4), "", frozenset())
    name, known = release._carried()
    monkeypatch.setattr(release, "_carried", lambda: (name, {**known, "9.0": between}))
    own = machines.builtin().copy()
    assert own.find("q35", "9.0").name == "pc-q35-9.0"
    lists = [each.name for each in own.find("pc-q35-8.1", "9.0").compat_lists]
    assert lists == ["hw_compat_8_2", "pc_compat_8_2", "hw_compat_8_1", "pc_compat_8_1"]
    assert not own.find("pc-q35-5.2", "9.0").deprecated


def test_own_machine_type():
    mine = machines.find("pc-q35-11.1").derive(
        "lab-q35", compat=[("x86_64-cpu", "pmu", "on")], fields={"cpu-max": 64}
    )
    assert (mine.typename, mine.parent) == ("lab-q35-machine", "generic-pc-machine")
    assert (mine.alias, mine.is_default, mine.cpu_max) == (None, False, 64)
    base = machines.find("pc-q35-11.1")
    assert mine.compat_props[:-1] == base.compat_props
    last = mine.compat_props[-1]
    assert (last.property, last.list, last.version) == ("pmu", "lab-q35", "lab-q35")
    assert base.cpu_max == 4096

    own = machines.builtin().copy()
    own.add(mine)
    assert own.find("lab-q35") is mine
    assert own.machines()[-1] is mine
    assert mine not in own.machines("7.2")
    with pytest.raises(errors.UnknownMachine):
        machines.find("lab-q35")


def spoil(change):
    data = copy.deepcopy(machines.read())
    change(data)
    with pytest.raises(errors.BadData) as caught:
        machines.load(data)
    return caught.value.faults


def cyclic(data):
    data["types"][0]["parent"] = "x86-machine"


def unknown_names(data):
    data["families"][0]["parent"] = "pc-machine"
    data["families"][0]["versions"][2]["compat"] = ["hw_compat_99"]
    data["families"][0]["versions"].reverse()
    data["lists"].append(data["lists"][0])


def test_all_faults_at_once():
    texts = dict(spoil(unknown_names))
    assert texts["families[0]"] == "unknown parent 'pc-machine'"
    assert "families[0].versions[1]" in texts
    assert any("unknown compat list 'hw_compat_99'" in text for text in texts.values())
    assert any("is there twice" in text for text in texts.values())


def test_cycle():
    assert ("types[0]", "type 'machine' is its own ancestor") in spoil(cyclic)


@pytest.mark.parametrize("data", [{}, {"types": 3}, {"types": [], "families": [{}], "lists": []}])
def test_not_machine_definitions(data):
    with pytest.raises(errors.BadData):
        machines.load(data)
