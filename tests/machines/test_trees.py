"""The composition tree of whole machines beside those of live QEMU, and what it costs."""

from __future__ import annotations

import json
import lzma
import shlex
from pathlib import Path
from typing import Any

import pytest

from pyqom.errors import PyqomError
from pyqom.machines.defaults import Defaults
from pyqom.vm import VirtualMachine
from tests.system.started import started

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "tests" / "data" / "trees"
SHARED = ROOT.parent / "shared" / "oracle" / "qmp"
FOLDERS = {"qemu-11.1.3": "11.1", "qemu-7.2.22": "7.2"}
RECORDINGS = sorted(KEPT.glob("*.json.xz")) + sorted(SHARED.glob("*/tree-*.json.xz"))
RUN_TIME = {"rtc-time", "date"}
"""Values that change while a machine stands still: its clock."""
OPTIONS = ("-accel", "tcg", "-S", "-display", "none", "-qmp", "stdio")
SHARE = 0.97
"""How many values must be equal at least: those of some devices' regions are not."""


def tree_of(vm: VirtualMachine) -> dict[str, dict[str, Any]]:
    """{path: {name: (type, value)}}; an error and a child have no value."""
    found: dict[str, dict[str, Any]] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        entry = found[path] = {}
        for prop in vm.qmp("qom-list", path=path):
            value = None
            if prop["type"].startswith("child<"):
                waiting.append(f"{path.rstrip('/')}/{prop['name']}")
            else:
                try:
                    value = vm.qmp("qom-get", path=path, property=prop["name"])
                except PyqomError:
                    value = None
            entry[prop["name"]] = prop["type"], value
    return found


@pytest.mark.parametrize("file", RECORDINGS, ids=lambda path: path.name.removesuffix(".json.xz"))
def test_tree_is_that_of_qemu(file: Path) -> None:
    content = json.loads(lzma.decompress(file.read_bytes()))
    release = content.get("release") or FOLDERS[file.parent.name]
    vm = started("--release", release, *shlex.split(content["args"]), *OPTIONS)
    want = {
        path: {name: (kind, rest[0] if rest else None) for name, kind, *rest in entry}
        for path, entry in content["tree"].items()
    }
    got = tree_of(vm)
    assert sorted(path for path in got if path not in want) == []
    assert sorted(path for path in want if path not in got) == []
    wrong: list[tuple[str, str, Any, Any]] = []
    count = 0
    for path, entry in want.items():
        ours = got[path]
        kinds = {name: kind for name, (kind, _) in ours.items()}
        assert kinds == {name: kind for name, (kind, _) in entry.items()}, path
        count += len(entry)
        wrong += [
            (path, name, ours[name][1], entry[name][1])
            for name in sorted(entry.keys() - RUN_TIME)
            if ours[name][1] != entry[name][1]
        ]
    assert len(wrong) <= (1 - SHARE) * count, wrong[:20]


def test_nothing_is_made_before_somebody_looks() -> None:
    vm = VirtualMachine("q35")
    hpet = next(each for each in vm.unattached.children() if each.typename == "hpet")
    assert not any(name.startswith("sysbus-irq") for name in hpet._dynamic)
    assert vm.qmp("qom-get", path=hpet.canonical_path(), property="sysbus-irq[3]") == (
        "/machine/unattached/non-qdev-gpio[3]"
    )
    assert "sysbus-irq[31]" in hpet._dynamic


def test_region_goes_with_its_device() -> None:
    vm = VirtualMachine("pc")
    for looks in (False, True):
        vm.add_device("edu", "e", {})
        path = "/machine/peripheral/e"
        if looks:
            names = [prop["name"] for prop in vm.qmp("qom-list", path=path)]
            assert "edu-mmio[0]" in names
        vm.peripheral.property("e").resolve(vm.peripheral).unparent()
        assert vm.qmp("qom-list", path="/machine/peripheral") == [
            {"name": "type", "type": "string"}
        ]


def test_plain_start_has_devices_that_nobody_named() -> None:
    defaults = Defaults(["serial0"], [], "std", [(None, "hub0port0")], [], "ide2-cd0")
    vm = VirtualMachine("q35", defaults=defaults)
    kinds = {each.typename for each in vm.unattached.children()}
    assert {"isa-serial", "VGA", "e1000e", "ide-cd"} <= kinds
    assert not {"isa-parallel", "floppy"} & kinds
