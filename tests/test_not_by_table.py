"""Answers are computed: who changes one number of a definition sees it wherever it counts."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import pyqom
from pyqom import machines
from pyqom import release as releases
from pyqom.devices.cpu.x86.models import records

RELEASES = [release.name for release in releases.releases()]


def changed(release: str, model: str, **changes: Any) -> Any:
    """A registry made from the built-in records, with one of them changed."""
    content = copy.deepcopy(list(records(releases.get(release))))
    (record,) = (record for record in content if record["name"] == model)
    for member, value in changes.items():
        record[member.replace("_", "-")] = value
    return pyqom.new_types(release, models=content)


def expansions(release: str, types: Any = None, type: str = "full") -> dict[Any, dict[str, Any]]:
    """The properties of all models on all machine types, by (machine type, model)."""
    found = {}
    for machine in machines.machines(release):
        for definition in pyqom.definitions(machine=machine, types=types):
            name = definition["name"]
            answer = pyqom.expand(name, machine=machine, type=type, types=types)
            found[machine.name, name] = answer["model"]["props"]
    return found


def differences(before: Any, after: Any) -> dict[Any, set[str]]:
    """The properties that differ, by (machine type, model)."""
    assert before.keys() == after.keys()
    return {
        key: {name for name in props if props[name] != after[key][name]}
        for key, props in before.items()
        if props != after[key]
    }


@pytest.mark.parametrize("release", RELEASES)
def test_one_number_of_one_record_shows_on_every_machine_type(release: str) -> None:
    before = expansions(release)
    after = expansions(release, changed(release, "SandyBridge", stepping=7))
    names = {name for _, name in before if name.startswith("SandyBridge")}
    assert len(names) == 4
    cells = {(machine.name, name) for machine in machines.machines(release) for name in names}
    assert differences(before, after) == {cell: {"stepping"} for cell in cells}
    assert {after[cell]["stepping"] for cell in cells} == {7}


@pytest.mark.parametrize("release", RELEASES)
def test_one_level_of_one_record_goes_through_the_rules(release: str) -> None:
    types = changed(release, "SandyBridge", level=20)
    for machine in machines.machines(release):
        for name, level in (("SandyBridge", 20), ("SandyBridge-v2", 20), ("Westmere", 11)):
            props = pyqom.expand(name, machine=machine, types=types)["model"]["props"]
            assert (props["level"], props["min-level"]) == (level, level), (machine.name, name)


def test_one_feature_of_one_record_shows_in_full_and_static_and_in_what_tcg_lacks() -> None:
    features = copy.deepcopy(next(r for r in records(releases.get()) if r["name"] == "Conroe"))
    lists = features["features"]
    lists["1.ECX"].append("pcid")
    types = changed("11.1", "Conroe", features=lists)
    for type in ("full", "static"):
        for machine in machines.machines("11.1"):
            asked = {"machine": machine, "type": type}
            old = pyqom.expand("Conroe", **asked)["model"]["props"]
            new = pyqom.expand("Conroe", types=types, **asked)["model"]["props"]
            assert {name for name in old if old[name] != new[name]} == {"pcid"}
    for known, lacking in ((None, []), (types, ["pcid"])):
        found = {each["name"]: each for each in pyqom.definitions(machine="pc", types=known)}
        assert found["Conroe"]["unavailable-features"] == lacking
    assert pyqom.explain("Conroe", "pcid", machine="pc", types=types).decided().layer == "model"


def test_a_version_of_a_record_shows_where_it_is_what_the_name_means() -> None:
    record = copy.deepcopy(next(r for r in records(releases.get()) if r["name"] == "SandyBridge"))
    versions = record["versions"]
    versions[0]["props"] = {"stepping": 9}
    types = changed("11.1", "SandyBridge", versions=versions)
    for machine in machines.machines("11.1"):
        props = pyqom.expand("SandyBridge-v1", machine=machine, types=types)["model"]["props"]
        plain = pyqom.expand("SandyBridge", machine=machine, types=types)["model"]["props"]
        assert props["stepping"] == 9
        assert plain["stepping"] == (1 if machine.default_cpu_version == "legacy" else 9)


# --- compat entries ----------------------------------------------------------


def with_entry(compat_list: str, entry: list[str]) -> Any:
    """The machine definitions with one entry more at the end of a compat list."""
    data = machines.read()
    (record,) = (record for record in data["lists"] if record["name"] == compat_list)
    record["entries"] = [*record["entries"], entry]
    return machines.load(data)


@pytest.mark.parametrize(
    ("release", "compat_list", "version", "family"),
    [
        ("11.1", "pc_compat_8_0", (8, 0), None),
        ("11.1", "hw_compat_9_2", (9, 2), None),
        ("7.2", "pc_compat_2_4", (2, 4), None),
        ("7.2", "pc_compat_1_5", (1, 5), "pc-i440fx"),
    ],
)
def test_a_compat_entry_of_an_old_machine_type_shows_there_and_on_older_ones(
    release: str, compat_list: str, version: tuple[int, int], family: str | None
) -> None:
    entry = ["x86_64-cpu", "hv-spinlocks", "1234"]
    definitions = with_entry(compat_list, entry)
    seen = set()
    for machine in definitions.machines(release):
        if machine.version is None:
            expected = False
        else:
            expected = tuple(map(int, machine.version.split(".")))[:2] <= version
        for model in ("SandyBridge", "EPYC-v2", "max", "base"):
            props = pyqom.expand(model, machine=machine)["model"]["props"]
            assert (props["hv-spinlocks"] == 1234) is expected, (machine.name, model)
        if expected:
            seen.add(machine.family)
            told = pyqom.explain("SandyBridge", "hv-spinlocks", machine=machine).decided()
            assert (told.layer, told.source) == ("machine", compat_list)
    assert seen == {family} if family else seen >= {"pc-i440fx", "pc-q35"}


def test_an_entry_for_one_model_is_for_that_model_alone() -> None:
    definitions = with_entry("pc_compat_8_0", ["SandyBridge-v2-x86_64-cpu", "avx", "off"])
    new, old = definitions.find("pc-q35-8.1"), definitions.find("pc-q35-8.0")
    found = {
        (machine.name, model): pyqom.expand(model, machine=machine)["model"]["props"]["avx"]
        for machine in (new, old)
        for model in ("SandyBridge-v1", "SandyBridge-v2", "SandyBridge-IBRS")
    }
    assert [cell for cell, avx in found.items() if not avx] == [("pc-q35-8.0", "SandyBridge-v2")]


def test_the_built_in_answers_stay_as_they_are() -> None:
    before = pyqom.expand("SandyBridge", machine="pc-q35-8.0")
    with_entry("pc_compat_8_0", ["x86_64-cpu", "hv-spinlocks", "1234"])
    changed("11.1", "SandyBridge", stepping=7)
    assert pyqom.expand("SandyBridge", machine="pc-q35-8.0") == before
