"""Every answer against what live QEMU answered: each cell, with names, values and types."""

from __future__ import annotations

import json
from typing import Any

import pytest

import pyqom
from pyqom import machines, release
from pyqom.answers.property_list import device_list_properties, qom_list_properties
from pyqom.answers.target import Target, model_name
from pyqom.catalog import registry
from tests.conformance import questions
from tests.conformance.recordings import (
    RELEASES,
    TYPES,
    differences,
    exact,
    recorded,
    same,
    sources,
)

SOURCES = list(sources())
CELLS = [
    pytest.param(name, source, machine, type, id=f"{source}-{name}-{machine}-{type}")
    for name, source in SOURCES
    for type in TYPES
    for machine in recorded(name, source).content[type]
]
MACHINES = [
    pytest.param(name, source, machine, id=f"{source}-{name}-{machine}")
    for name, source in SOURCES
    for machine in recorded(name, source).content["definitions"]
]
PROPERTY_LISTS: dict[str, Any] = {
    "qom-list-properties": qom_list_properties,
    "device-list-properties": device_list_properties,
}


@pytest.mark.parametrize(("name", "source", "machine", "type"), CELLS)
def test_expansion(name: str, source: str, machine: str, type: str) -> None:
    recording = recorded(name, source)
    models = recording.content[type][machine]
    assert sorted(map(model_name, Target(machine, release=name).models())) == sorted(models)
    wrong = []
    for model in models:
        want = recording.expansion(machine, type, model)
        got = pyqom.expand(model, machine=machine, type=type, release=name)
        assert list(got) == ["model"]
        assert list(got["model"]) == ["name", "props"]
        assert got["model"]["name"] == (model if type == "full" else "base")
        if not same(want, got["model"]["props"]):
            wrong += [f"{model}.{each}" for each in differences(want, got["model"]["props"])]
    assert wrong == []


@pytest.mark.parametrize(("name", "source", "machine"), MACHINES)
def test_definitions(name: str, source: str, machine: str) -> None:
    found: list[Any] = pyqom.definitions(machine=machine, release=name)
    found.sort(key=lambda each: each["name"])
    assert exact(found) == exact(recorded(name, source).definitions(machine))


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize("name", RELEASES)
def test_expansion_lines_say_the_same(name: str, type: str) -> None:
    """The bulk command writes its JSON by hand: it must be what `expand` returns."""
    content = recorded(name, "kept").content
    for line in pyqom.expansion_lines(content[type], type=type, release=name):
        cell = json.loads(line)
        assert list(cell) == ["machine", "model", "type", "return"]
        one = pyqom.expand(cell["model"], machine=cell["machine"], type=type, release=name)
        assert cell["type"] == type
        assert cell["return"]["model"]["name"] == one["model"]["name"]
        assert same(cell["return"]["model"]["props"], one["model"]["props"])


# --- cases: properties that are given, and errors --------------------------------------------


def cases(kind: str) -> list[Any]:
    """The recorded cases that have a member `kind`, with the release and source of each."""
    return [
        pytest.param(name, source, case, id=f"{source}-{name}-{number}")
        for name, source in SOURCES
        for number, case in enumerate(recorded(name, source).content["cases"])
        if kind in case and questions.shape_is_sound(case.get("arguments", {}))
    ]


@pytest.mark.parametrize(("name", "source", "case"), cases("changed"))
def test_expansion_with_properties(name: str, source: str, case: dict[str, Any]) -> None:
    recording, arguments = recorded(name, source), case["arguments"]
    model, props = arguments["model"]["name"], arguments["model"].get("props")
    want = dict(recording.expansion(case["machine"], arguments["type"], model))
    want |= case["changed"]
    for gone in case["gone"]:
        del want[gone]
    reply = questions.reply(name, case["machine"], arguments)
    assert "error" not in reply
    assert reply["return"]["model"]["name"] == case["name"]
    assert differences(want, reply["return"]["model"]["props"]) == []
    if isinstance(props, dict):
        told = pyqom.expand(
            model, machine=case["machine"], type=arguments["type"], props=props, release=name
        )
        assert same(told["model"]["props"], reply["return"]["model"]["props"])


@pytest.mark.parametrize(("name", "source", "case"), cases("reply"))
def test_expansion_refused(name: str, source: str, case: dict[str, Any]) -> None:
    assert questions.reply(name, case["machine"], case["arguments"]) == case["reply"]


@pytest.mark.parametrize(("name", "source"), SOURCES)
def test_warning_at_start(name: str, source: str) -> None:
    content = recorded(name, source).content
    for machine in content["definitions"]:
        warning = machines.find(machine, name).deprecation_warning
        text = f"qemu-system-x86_64: warning: {warning}\n" if warning else ""
        assert content["stderr"].get(machine, "") == text


# --- types and properties --------------------------------------------------------------------


@pytest.mark.parametrize("query", PROPERTY_LISTS)
@pytest.mark.parametrize(("name", "source"), SOURCES)
def test_properties_of_types(name: str, source: str, query: str) -> None:
    properties, ask = recorded(name, source).content["properties"], PROPERTY_LISTS[query]
    lists = [by_name(each) for each in properties["lists"]]
    for typename, replies in properties["types"].items():
        if isinstance(replies[query], int):
            got = by_name(ask(typename, release=name))
            assert exact(got) == exact(lists[replies[query]]), typename
        else:
            with pytest.raises(pyqom.PyqomError) as caught:
                ask(typename, release=name)
            error = {"class": caught.value.qmp_class, "desc": str(caught.value)}
            assert replies[query] == {"error": error}


def by_name(properties: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """A property list without its order; no name is there twice."""
    found = {each["name"]: each for each in properties}
    assert len(found) == len(properties)
    return found


def x86_types(content: dict[str, Any]) -> list[str]:
    return [
        typename
        for typename in content["qom-types"]["types"]
        if typename.endswith("-x86_64-cpu") or typename in ("x86_64-cpu", "cpu", "device")
    ]


@pytest.mark.parametrize(("name", "source"), SOURCES)
def test_qom_types(name: str, source: str) -> None:
    types, content = registry(release.get(name)), recorded(name, source).content
    for typename in x86_types(content):
        info = content["qom-types"]["types"][typename]
        assert types.parent(typename) == info["parent"], typename
        assert types.abstract(typename) is info.get("abstract", False), typename
        cls = types.get(typename)
        assert (cls.typename, cls.parent.typename) == (typename, info["parent"])
    for implemented in ("cpu", "x86_64-cpu"):
        want = content["qom-types"]["implements"][implemented]
        assert list(types.list(implemented, abstract=True)) == sorted(want["all"])
        assert list(types.list(implemented)) == sorted(want["concrete"])


# --- the recordings themselves ---------------------------------------------------------------


@pytest.mark.parametrize("name", RELEASES)
def test_recordings_are_a_fair_part(name: str) -> None:
    content = recorded(name, "kept").content
    assert len(content["full"]) >= 8
    assert content["full"].keys() == content["static"].keys() == content["definitions"].keys()
    assert len(cases("changed")) > 500
    assert len(cases("reply")) > 150
    assert set(content["definitions"].values()) == set(range(len(content["definition_lists"])))


def test_comparison_sees_types() -> None:
    assert exact({"a": 1}) != exact({"a": True})
    assert differences({"a": 1, "b": 2}, {"a": True, "c": 3}) == [
        "a: QEMU 1, pyqom True",
        "b: QEMU 2, pyqom 'nothing'",
        "c: QEMU 'nothing', pyqom 3",
    ]
