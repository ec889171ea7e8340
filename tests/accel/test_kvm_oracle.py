"""KVM against the recordings beside this checkout: the recording host, and invented hosts.

What cannot be matched is named in ``tests/data/kvm/disturbed.json``, case by case.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import pyqom
from pyqom import release
from pyqom.accel.select import kvm
from pyqom.hosts import Host, load_host
from pyqom.reports import Reports
from pyqom.vm import VirtualMachine
from tests.accel.kvm_recordings import said, without_location
from tests.conformance.recordings import RELEASES, SHARED, differences, exact, read

pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the recordings of live QEMU are not beside this checkout"
)

DISTURBED = json.loads(
    (Path(__file__).parents[1] / "data" / "kvm" / "disturbed.json").read_text(encoding="utf-8")
)
HOSTS = sorted(path.stem for path in (SHARED / "kvm-hosts" / "hosts").glob("*.json"))
SOURCES = [(name, host) for name in RELEASES for host in ("", *HOSTS)]
"""Release and host of all recordings; the recording host's name is empty."""


@cache
def host_of(name: str) -> Host:
    return load_host(
        SHARED / "kvm-hosts" / "hosts" / f"{name}.json" if name else SHARED / "kvm-host.json"
    )


@cache
def content(name: str, host: str, kind: str) -> Any:
    folder = RELEASES[name]
    if host:
        return read(SHARED / "kvm-hosts" / folder / f"{host}-{kind}.json.xz")
    return read(SHARED / folder / f"{kind}-kvm.json.xz")


@cache
def tables(name: str, host: str, kind: str) -> list[dict[str, Any]]:
    full: list[dict[str, Any]] = []
    for entry in content(name, host, kind)["dicts"]:
        props = entry["props"] if "props" in entry else {**full[entry["base"]], **entry["set"]}
        gone = entry.get("del", ())
        full.append({name: value for name, value in props.items() if name not in gone})
    return full


@pytest.mark.parametrize(("name", "host"), SOURCES)
def test_definitions(name: str, host: str) -> None:
    recorded = content(name, host, "expansions")
    accel = kvm(release.get(name), host_of(host))
    for machine, number in recorded["definitions"].items():
        found: list[Any] = pyqom.definitions(machine=machine, accel=accel, release=name)
        found.sort(key=lambda each: each["name"])
        assert exact(found) == exact(recorded["definition_lists"][number]), machine


@pytest.mark.parametrize("type", ["full", "static"])
@pytest.mark.parametrize(("name", "host"), SOURCES)
def test_expansions(name: str, host: str, type: str) -> None:
    recorded, props = content(name, host, "expansions"), tables(name, host, "expansions")
    accel = kvm(release.get(name), host_of(host))
    wrong = []
    for line in pyqom.expansion_lines(recorded[type], type, accel, release=name):
        cell = json.loads(line)
        want = props[recorded[type][cell["machine"]][cell["model"]]]
        got = cell["return"]["model"]["props"]
        if want != got:
            where = f"{cell['machine']} {cell['model']}"
            wrong += [f"{where} {each}" for each in differences(want, got)]
    assert wrong == []


VCPUS = [
    (name, host, kind)
    for name, host in SOURCES
    for kind in (("vcpus",) if host else ("vcpu-models", "vcpu-cases"))
]


@pytest.mark.parametrize(("name", "host", "kind"), VCPUS)
def test_vcpus(name: str, host: str, kind: str) -> None:
    recorded, props = content(name, host, kind), tables(name, host, kind)
    disturbed = {} if host else DISTURBED["cases"][name][kind.removeprefix("vcpu-")]
    aborted = {}
    wrong = []
    for row in recorded["results"]:
        if row.get("rc", 0) < 0:
            key = row["case"].get("id") or row["case"]["cpu"]
            aborted[key] = DISTURBED["reasons"][disturbed[key]]
            continue
        stderr = recorded["values"][row["stderr"]].splitlines()
        wrong += compare(name, host, row, props, recorded["values"], stderr)
    assert wrong == []
    assert aborted.keys() == disturbed.keys()


def compare(
    name: str, host: str, row: Any, props: list[Any], values: list[Any], stderr: list[str]
) -> list[str]:
    """What is different in one case."""
    case, reports, refused, vm = row["case"], Reports(), [], None
    smp = case.get("smp")
    try:
        vm = VirtualMachine(
            case["machine"],
            case.get("cpu"),
            topology(smp) if smp else None,
            "kvm",
            16 << 20 if case["machine"] != "none" else None,
            [tuple(text.replace("=", ".", 1).split(".", 2)) for text in case.get("global", ())],
            release=name,
            host=host_of(host),
            paused=True,
            reports=reports,
        )
    except pyqom.PyqomError as error:
        refused = [str(error)]
    where = f"{case}: "
    want_said = without_location([line.partition(": ")[2] or line for line in stderr])
    if said(reports) + refused != want_said:
        return [f"{where}said {said(reports) + refused}, QEMU {want_said}"]
    if vm is None or "props" not in row:
        return [] if (vm is None) == ("props" not in row) else [f"{where}started, QEMU not"]
    assert vm.cpus is not None
    cpu = vm.cpus[0]
    found = []
    for prop, want in props[row["props"]].items():
        if prop in MADE_ELSEWHERE or (isinstance(want, dict) and "error" in want):
            continue
        got = cpu.property(prop).wire(cpu.get(prop))
        if exact(got) != exact(want):
            found.append(f"{where}{prop} {got!r}, QEMU {want!r}")
    words = ("feature-words", "filtered-features")
    return found + [f"{where}{prop}" for prop in words if cpu.get(prop) != values[row[prop]]]


MADE_ELSEWHERE = {"lapic", "memory", "type", "parent_bus"}
"""Properties that are no matter of the CPU's own."""


def topology(text: str) -> dict[str, int]:
    """``-smp`` as a mapping."""
    parts = [part if "=" in part else f"cpus={part}" for part in text.split(",")]
    return {key: int(value) for key, _, value in (part.partition("=") for part in parts)}
