"""A release between two carried ones is data: QEMU 10.0, made in a copy of pyqom whose code stays.

What 10.0 has is stated in ``tests/data/release_between/10.0.json``, read from libvirt's recorded
probe of QEMU 10.0.0: the release's record, the lifetimes whose border moves from 11.1 to 10.0, and
what 11.1 alone has beside it.  The copy is edited by that and asked in a process of its own; where
the recording is there, the answers are compared with it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import pyqom
from pyqom import catalog, machines, release
from pyqom.answers.target import Target
from pyqom.devices.cpu.x86.cpu import X86CPU
from pyqom.devices.cpu.x86.realize import realize
from pyqom.types import name_of

ROOT = Path(__file__).parents[1]
STATED = json.loads((ROOT / "tests/data/release_between/10.0.json").read_text())
RECORDING = ROOT.parent / "shared" / "oracle" / "caps" / "10.0.0_x86_64.json"
NAME, BORDER = "10.0", "11.1"

RELEASES = "data/releases.json"
MACHINES = "machines/data/machines.json"
SCHEMAS = {
    RELEASES: "releases",
    MACHINES: "machines",
    **{path: "cpu-models" for path in STATED["files"] if "/models/" in path},
}

ASK = """
import json, sys
import pyqom
from pyqom import catalog, machines, release

def answers(name):
    types = catalog.registry(release.get(name))
    models = [each["name"] for each in pyqom.definitions(release=name)]
    def expanded(model, kind):
        return pyqom.expand(model, machine="q35", type=kind, release=name)["model"]["props"]
    def properties(typename):
        return sorted(types.get(typename).properties())
    return {
        "models": models,
        "alias-of": {
            each["name"]: each["alias-of"]
            for each in pyqom.definitions(release=name) if "alias-of" in each
        },
        "full": {model: expanded(model, "full") for model in models},
        "static": {model: expanded(model, "static") for model in models},
        "words": {
            model: str(pyqom.explain(model, "svm", machine="q35", release=name))
            for model in models
        },
        "properties": {
            each: properties(each)
            for each in ("max-x86_64-cpu", "none-machine", "generic-pc-machine")
        },
        "machines": {each.name: each.info(False) for each in machines.machines(name)},
    }

print(json.dumps({name: answers(name) for name in sys.argv[1:]}))
"""


# --- making it ---------------------------------------------------------------


def label(record: dict[str, Any], key: str, within: str) -> str:
    """What a record of a data file goes by in the statement."""
    if "from" in record:
        target = record["to"]
        to = target["word"] if isinstance(target, dict) else ", ".join(target)
        return f"{', '.join(record['from'])} > {to}"
    if "version" in record:
        return f"{within}-v{record['version']}" if within else f"{key} {record['version']}"
    for member in ("name", "word", "feature"):
        if isinstance(record.get(member), str):
            return str(record[member])
    return f"{within}: {key}"


class Edit:
    """An edit of a data file: lifetimes whose border moves to `NAME`, facts that came later."""

    def __init__(self, moved: list[str], later: list[str]) -> None:
        self.moved, self.later = set(moved), set(later)
        self.done: set[str] = set()

    def of(self, node: Any, key: str = "", within: str = "") -> Any:
        """The edited content of a node; `key` is its member, `within` the record around it."""
        if isinstance(node, list):
            return [self.of(each, key, within) for each in node]
        if isinstance(node, str):
            return self._dated(node) if node in self.later else node
        if not isinstance(node, dict):
            return node
        named = label(node, key, within)
        family = node.get("family", within) if "versions" in node else within
        inner = str(node.get("name", family))
        edited = {
            member: value if member in PLAIN else self.of(value, member, inner)
            for member, value in node.items()
        }
        if named in self.later:
            edited = {**edited, "since": BORDER}
            self.done.add(named)
        for bound in ("since", "until"):
            if named in self.moved and node.get(bound) == BORDER:
                edited[bound] = NAME
                self.done.add(named)
        return edited

    def _dated(self, name: str) -> dict[str, str]:
        self.done.add(name)
        return {"name": name, "since": BORDER}


PLAIN = ("name", "word", "feature", "description", "alias", "note")
"""Members that hold no facts with a lifetime."""


def add_release(data: dict[str, Any]) -> None:
    data["releases"].append(STATED["release"])


def retire_machines(data: dict[str, Any]) -> None:
    data["retirement"].append(STATED["retirement"])
    for family in data["families"]:
        for version in family.get("versions", ()):
            if f"{family['family']}-{version['version']}" in STATED["gone-machines"]:
                version["until"] = NAME


def edit_files(package: Path) -> None:
    """Edit the data files of a copy; every word of the statement must have an effect."""
    for path in {RELEASES, *STATED["files"]}:
        file = package / path
        data = json.loads(file.read_text())
        if path == RELEASES:
            add_release(data)
        else:
            stated = STATED["files"][path]
            edit = Edit(stated["moved"], stated.get("later", []))
            data = edit.of(data)
            assert edit.done == edit.moved | edit.later, path
        if path == MACHINES:
            retire_machines(data)
        file.write_text(json.dumps(data))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of pyqom that carries 10.0 too; its code is the checkout's."""
    folder = tmp_path_factory.mktemp("between")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "pyqom", folder / "pyqom", ignore=ignored)
    edit_files(folder / "pyqom")
    return folder


def run(folder: Path, *words: str) -> str:
    """What Python prints that finds pyqom in this folder."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def answers(copy: Path) -> dict[str, Any]:
    """What the copy says of 10.0 and of the releases beside it."""
    return json.loads(run(copy, "-c", ASK, "7.2", NAME, "11.1"))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def recording() -> dict[str, Any]:
    """libvirt's probe of QEMU 10.0.0."""
    if not RECORDING.exists():
        pytest.skip("no recorded probe of QEMU 10.0.0 beside this checkout")
    return json.loads(RECORDING.read_text())  # type: ignore[no-any-return]


# --- by itself ---------------------------------------------------------------


@pytest.mark.parametrize("path", SCHEMAS)
def test_edited_data_fits_its_schema(copy: Path, path: str) -> None:
    schema = json.loads((ROOT / "schema" / f"{SCHEMAS[path]}.json").read_text())
    data = json.loads((copy / "pyqom" / path).read_text())
    assert [each.message for each in Draft202012Validator(schema).iter_errors(data)] == []


@pytest.mark.parametrize("release", ["7.2", "11.1"])
def test_releases_beside_it_stay_as_they_were(answers: dict[str, Any], release: str) -> None:
    assert answers[release] == json.loads(run(ROOT, "-c", ASK, release))[release]


@pytest.mark.parametrize("kind", ["full", "static"])
def test_every_model_expands(answers: dict[str, Any], kind: str) -> None:
    found = answers[NAME][kind]
    assert len(found) == 153
    assert all(found.values())


IN_FULL = [
    ("xen-vapic", False, "7.2"),
    ("x-l1-cache-per-thread", True, "7.2"),
    ("module-id", -1, "7.2"),
    ("full-cpuid-auto-level", True, "11.1"),
    ("fred", False, "7.2"),
]


@pytest.mark.parametrize(("name", "value", "lacking"), IN_FULL)
def test_properties_of_both_neighbours(
    answers: dict[str, Any], name: str, value: object, lacking: str
) -> None:
    assert answers[NAME]["full"]["SandyBridge"][name] == value
    assert name not in answers[lacking]["full"]["SandyBridge"]


@pytest.mark.parametrize("name", ["kvm-no-smi-migration", "x-arch-cap-always-on", "amx-fp8"])
def test_properties_of_one_neighbour_only(answers: dict[str, Any], name: str) -> None:
    assert name not in answers[NAME]["full"]["max"]
    assert [r for r in ("7.2", "11.1") if name in answers[r]["full"]["max"]] != []


def test_command_line(copy: Path) -> None:
    ask = ("-m", "pyqom", "expand", "EPYC-Milan-v2", "-M", "pc-q35-9.2")
    found = json.loads(run(copy, *ask, "--release", NAME, "--json"))
    assert found["model"]["props"]["null-sel-clr-base"] is True
    assert found["model"]["props"]["legacy-multi-node"] is False
    assert "pc-q35-10.0" in run(copy, "-m", "pyqom", "machines", "--release", NAME)


def is_declared(name: str) -> bool:
    """Whether a release's ``has`` and ``lacks`` may name this: a type, or a type's property."""
    owner, dot, attr = name.rpartition(".")
    for each in release.releases():
        types = catalog.registry(each)
        if name in types:
            return True
        bases = {
            base
            for below in types.list(owner, abstract=True)
            for base in types.get(below).__mro__
            if dot and owner in types and getattr(base, "typename", None) == owner
        }
        if any(
            name_of(prop.attr) == attr for base in bases for prop in base.__dict__.get("_own", ())
        ):
            return True
    return False


RECORDED = [name for each in release.releases() for name in each.declared]
STATED_NAMES = [*STATED["release"]["has"], *STATED["release"]["lacks"]]


@pytest.mark.parametrize("name", [*RECORDED, *STATED_NAMES, "generic-pc-machine.wdat"])
def test_records_name_what_there_is(name: str) -> None:
    assert is_declared(name)


@pytest.mark.parametrize("name", ["x86_64-cpu.modul-id", "x86-cpu.module-id", "memory-backend-rom"])
def test_other_names_are_found_out(name: str) -> None:
    assert not is_declared(name)


# --- rules of one release, properties of another -----------------------------

NAMES_OF_MODELS = {
    "family", "model", "stepping", "vendor", "model-id",
    "level", "xlevel", "xlevel2", "min-level", "min-xlevel", "min-xlevel2", "pmu",
}  # fmt: skip
"""What records of models set; a model file says itself since when."""

DECLARED = {
    f"x86_64-cpu.{name_of(prop.attr)}": prop
    for prop in X86CPU.__dict__["_own"]
    if prop.name not in NAMES_OF_MODELS
}
DATED = {name: prop for name, prop in DECLARED.items() if prop.since or prop.until}
STRANGERS = [
    ("12.1", "old rules, new properties", "7.2", {}),
    ("9.2", "new rules, old properties", "11.1", dict.fromkeys(DATED, False)),
    ("12.3", "old rules, all properties there ever were", "7.2", dict.fromkeys(DATED, True)),
    ("12.4", "new rules, all properties there ever were", "11.1", dict.fromkeys(DATED, True)),
    ("9.5", "old rules, nothing that a rule might ask for", "7.2", dict.fromkeys(DECLARED, False)),
    (
        "9.6",
        "new rules, nothing that a rule might ask for",
        "11.1",
        dict.fromkeys(DECLARED, False),
    ),
    ("9.0", "old rules, lifetimes as they stand", "7.2", {}),
    ("10.9", "new rules, lifetimes as they stand", "11.1", {}),
]
"""(name, what it is, the release whose rules it has, what it has or lacks by its record)"""


@pytest.mark.parametrize(
    ("name", "rules", "declared"),
    [(n, r, d) for n, _, r, d in STRANGERS],
    ids=[x[1] for x in STRANGERS],
)
def test_rules_ask_for_nothing_that_a_lifetime_may_hide(
    monkeypatch: pytest.MonkeyPatch, name: str, rules: str, declared: dict[str, bool]
) -> None:
    """A rule reads a value, or asks whether the property is there: no release is a surprise."""
    major, minor = map(int, name.split("."))
    stranger = release.Release(name, (major, minor, 0), "", release.get(rules).rules, declared)
    default, known = release._carried()
    monkeypatch.setattr(release, "_carried", lambda: (default, {**known, name: stranger}))
    assert stranger.declared == declared
    target = Target(machines.builtin().copy().find("q35", name))
    for model in pyqom.definitions(machine=target.machine):
        for kind in ("full", "static"):
            props = pyqom.expand(model["name"], machine=target.machine, type=kind)["model"]["props"]
            for hidden, there in declared.items():
                if kind == "full" and not there:
                    assert DECLARED[hidden].name not in props
        cpu = target.model(model["name"])(target.context)
        cpu._apic_id = 0
        if model["name"] != "host":
            realize(cpu)
        pyqom.explain(model["name"], "svm", machine=target.machine)


# --- beside the recording ----------------------------------------------------


def test_models(answers: dict[str, Any], recording: dict[str, Any]) -> None:
    recorded = [name for name, _ in recording["query-cpu-definitions"]["tcg"]]
    assert answers[NAME]["models"] == recorded
    assert answers[NAME]["alias-of"] == recording["cpu-definitions-info"]["tcg"]["alias_of"]


def test_properties(answers: dict[str, Any], recording: dict[str, Any]) -> None:
    for typename, found in answers[NAME]["properties"].items():
        listed = {name for name, *_ in recording["qom-list-properties"][typename]}
        assert listed <= set(found), typename
        assert set(found) - listed <= PER_INSTANCE, typename


PER_INSTANCE = {"hmat", "nvdimm", "nvdimm-persistence", "pcspk-audiodev"}
"""What each machine of its own adds: the probe listed those of the abstract type."""


def test_max_under_tcg(answers: dict[str, Any], recording: dict[str, Any]) -> None:
    recorded = recording["query-cpu-model-expansion"]["tcg static max"]
    found = answers[NAME]["static"]["max"]
    assert {name for name, value in found.items() if value is True} == set(recorded["on"])
    assert {name for name, value in found.items() if value is False} == set(recorded["off"])
    values = {name: value for name, value in found.items() if not isinstance(value, bool)}
    assert values == recorded["values"]


def test_machine_types(answers: dict[str, Any], recording: dict[str, Any]) -> None:
    recorded = {each["name"]: each for each in recording["query-machines"]["both"]}
    assert answers[NAME]["machines"] == recorded
