"""Answers that are kept as text: the same as those that are not, on every machine."""

from __future__ import annotations

import json
from typing import Any

import pytest

import pyqom
from pyqom.monitor.protocol import Session, greeting
from pyqom.types.path import resolve
from pyqom.vm import VirtualMachine

CPU = "/machine/unattached/device[0]"


def asked(vm: VirtualMachine, command: str, pretty: bool = False, **arguments: Any) -> Any:
    """What a client gets that asks over the line; the same as `VirtualMachine.qmp` tells."""
    session = Session(vm.dispatcher, greeting=greeting(vm.dispatcher.version()), pretty=pretty)
    session.receive(b'{"execute": "qmp_capabilities"}')
    session.take()
    session.receive(json.dumps({"execute": command, "arguments": arguments}).encode())
    told = json.loads(session.take())["return"]
    assert told == vm.qmp(command, **arguments)
    return told


@pytest.mark.parametrize("type", ["full", "static"])
@pytest.mark.parametrize(("machine", "release"), [("q35", "11.1"), ("pc-i440fx-1.4", "7.2")])
def test_expansions(machine: str, release: str, type: str) -> None:
    with VirtualMachine(machine, release=release) as vm:
        for model in vm.qmp("query-cpu-definitions"):
            told = asked(vm, "query-cpu-model-expansion", type=type, model={"name": model["name"]})
            assert told == pyqom.expand(model["name"], machine=machine, type=type, release=release)


def test_a_text_of_the_user_in_an_expansion() -> None:
    """Escaped as QEMU does, and no number is seen in it."""
    name = 'q"\\ \u00e9 at 2.5 GHz\x7f'
    with VirtualMachine("none", globals=[("x86_64-cpu", "model-id", name)]) as vm:
        told = asked(vm, "query-cpu-model-expansion", type="full", model={"name": "max"})
    assert told["model"]["props"]["model-id"] == name


@pytest.mark.parametrize("first", ["max", "max,-avx"])
def test_features_of_one_machine_are_not_those_of_another(first: str) -> None:
    """QEMU's ``-cpu M,-feature`` acts on all models of its machine, but there alone."""
    second = "max" if first != "max" else "max,-avx"
    for cpu in (first, second, first):
        with VirtualMachine("pc", cpu=cpu) as vm:
            told = asked(vm, "query-cpu-model-expansion", type="full", model={"name": "Haswell"})
            assert told["model"]["props"]["avx"] is (cpu == "max")


def test_answers_may_be_changed() -> None:
    with VirtualMachine("q35", cpu="Haswell") as vm:
        for command, arguments in (
            ("query-cpu-definitions", {}),
            ("query-cpu-model-expansion", {"type": "full", "model": {"name": "Haswell"}}),
            ("qom-list", {"path": CPU}),
        ):
            before = asked(vm, command, **arguments)
            spoilt = vm.qmp(command, **arguments)
            if isinstance(spoilt, dict):
                spoilt["model"]["props"].clear()
            else:
                for entry in spoilt:
                    entry.get("unavailable-features", []).append("x")
                    entry["name"] = "x"
            assert asked(vm, command, **arguments) == before


@pytest.mark.parametrize("pretty", [False, True])
def test_lists_of_properties(pretty: bool) -> None:
    with VirtualMachine("q35", memory=16 << 20) as vm:
        assert asked(vm, "qom-list", pretty, path="/objects")[0]["name"] == "type"
        vm.qmp("object-add", qom_type="iothread", id="t")
        listed = asked(vm, "qom-list", pretty, path="/objects")
        assert {"name": "t", "type": "child<iothread>"} in listed
        for path in ("/", "/machine", CPU, "/objects/t"):
            names = sorted(prop.name for prop in resolve(vm.root, path).property_list())
            listed = asked(vm, "qom-list", pretty, path=path)
            assert sorted(each["name"] for each in listed) == names
