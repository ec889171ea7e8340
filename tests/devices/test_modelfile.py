"""A user's model file: what is read, and every fault that is found."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

import pyqom
from pyqom import release as releases
from pyqom.devices.cpu.x86 import records
from pyqom.devices.cpu.x86.data import load
from pyqom.devices.cpu.x86.modelfamily import MOST_PARENTS
from pyqom.devices.cpu.x86.modelfile import read_models
from pyqom.devices.cpu.x86.models import FILES, define
from pyqom.devices.cpu.x86.models import records as built_in
from pyqom.errors import BadData, UnknownModel

ALL = [record for file in FILES for record in load(f"models/{file}")["models"]]
DEFINED = [record for record in ALL if "class" not in record]

MODEL: dict[str, Any] = {
    "name": "Own",
    "vendor": "GenuineIntel",
    "family": 6,
    "model": 42,
    "stepping": 1,
    "level": 13,
    "xlevel": "0x80000008",
    "model-id": "An own model",
    "features": {"1.EDX": ["fpu", "sse2"], "1.ECX": [{"name": "avx", "since": "11.1"}]},
    "versions": [
        {"version": 1},
        {"version": 2, "alias": "Own-IBRS", "props": {"spec-ctrl": True, "stepping": 2}},
    ],
}


def faults(content: Any, release: str = "11.1") -> list[tuple[str, str]]:
    with pytest.raises(BadData) as caught:
        read_models(content, pyqom.new_types(release))
    assert str(caught.value)
    return list(caught.value.faults)


def models(*changes: dict[str, Any]) -> dict[str, Any]:
    """A document with the model once for each of these changes."""
    return {"models": [{**MODEL, **change} for change in changes]}


def properties(model: str, types: Any, machine: str = "pc-q35-11.1") -> dict[str, Any]:
    return pyqom.expand(model, machine=machine, types=types)["model"]["props"]


# --- files -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"", ("1:1", "the file is empty")),
        (b'{"models": [', ("1:13", "the file ends in the middle: it is truncated")),
        (b'{"models": "Sandy', ("1:12", "the file ends in the middle: it is truncated")),
        (b'{\n "models" 1}', ("2:11", "not JSON: expecting ':' delimiter")),
        (b'{"models":\n \xff}', ("2:2", "byte 0xff is not UTF-8")),
        (b'{"models": NaN}', ("models", "NaN is no JSON number")),
        (b'{"models": -1e999}', ("models", "-Infinity is no JSON number")),
        (b'{"models": ' + b"1" * 5000 + b"}", ("models", "the number has more than 64 bits")),
        (b'{"models": ' + b"[" * 100000, ("", "nested too deep")),
        (b'{"models": 1, "models": []}', ("models", "the member stands twice")),
        (b'{"models": "\\ud800"}', ("models", '"\\ud800" is not Unicode text')),
        (b"[]", ("", "expected object, not [] (an array)")),
        (b"{}", ("", "member 'models' is missing")),
    ],
)
def test_what_is_no_model_file(tmp_path: Path, text: bytes, fault: tuple[str, str]) -> None:
    file = tmp_path / "own.json"
    file.write_bytes(text)
    assert faults(str(file)) == [fault]
    assert faults(file) == [fault]


def test_every_way_to_cut_a_file_short_is_a_fault(tmp_path: Path) -> None:
    text = json.dumps(models({}))
    file = tmp_path / "own.json"
    for end in range(0, len(text) - 1, 7):
        file.write_text(text[:end], encoding="utf-8")
        ((path, _),) = faults(str(file))
        assert path.startswith("1:")


@pytest.mark.parametrize("name", ["missing.json", "", "a\0b"])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    ((path, text),) = faults(f"{tmp_path}/{name}")
    assert path == ""
    assert text in ("No such file or directory", "Is a directory", "embedded null byte")


def test_the_text_of_the_error_names_the_file_and_the_first_fault() -> None:
    with pytest.raises(BadData) as caught:
        read_models(models({"family": 999, "vendor": "me"}), pyqom.new_types())
    first = 'models: models[0].vendor: "me" has 2 characters, at least 12 needed'
    assert str(caught.value) == f"{first} (and 1 more fault)"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_is_read(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "own.json"
    file.write_text(json.dumps(models({})), encoding=encoding)
    assert read_models(file, pyqom.new_types()) == [MODEL]


# --- what a release can tell -------------------------------------------------


@pytest.mark.parametrize("release", releases.releases(), ids=lambda release: release.name)
def test_the_built_in_records_pass(release: Any) -> None:
    content = list(built_in(release))
    types = pyqom.new_types(release.name, models=[])
    assert read_models({"models": content}, types) == content


@pytest.mark.parametrize(
    ("change", "path", "text"),
    [
        (
            {"features": {"1.EDX": ["sse2", "ssee2"]}},
            'models[0].features["1.EDX"][1]',
            "release 11.1 has no feature 'ssee2', did you mean 'sse2'",
        ),
        (
            {"features": {"1.ECX": ["sse4_1"]}},
            'models[0].features["1.ECX"][0]',
            "release 11.1 has no feature 'sse4_1', did you mean 'sse4.1'?",
        ),
        (
            {"features": {"1.EDX": ["avx2"]}},
            'models[0].features["1.EDX"][0]',
            "feature 'avx2' stands in the word 7.0.EBX, not in 1.EDX",
        ),
        (
            {"features": {"1.EDX": ["1.ECX:3"]}},
            'models[0].features["1.EDX"][0]',
            "'1.ECX:3' is no bit of 1.EDX",
        ),
        (
            {"features": {"1.EDX": ["1.EDX:32"]}},
            'models[0].features["1.EDX"][0]',
            "'1.EDX:32' is no bit of 1.EDX, which has bits 0 to 31",
        ),
        (
            {"features": {"vmx.ept-vpid": ["vmx.ept-vpid:9-8"]}},
            'models[0].features["vmx.ept-vpid"][0]',
            "'vmx.ept-vpid:9-8' is no bit of vmx.ept-vpid, which has bits 0 to 63",
        ),
        (
            {"features": {"80000001.EDX": ["80000001.EDX:0"]}},
            'models[0].features["80000001.EDX"][0]',
            "'80000001.EDX:0' repeats what another word has, if the vendor is AMD: leave it out",
        ),
        (
            {"features": {"1.EDY": ["fpu"]}},
            'models[0].features["1.EDY"]',
            "release 11.1 has no feature word \"1.EDY\", did you mean '1.EDX'",
        ),
        (
            {"props": {"stepping": 16}},
            "models[0].props.stepping",
            "parameter 'stepping' can be at most 15",
        ),
        (
            {"props": {"avx2": "on"}},
            "models[0].props.avx2",
            "Invalid parameter type for 'avx2', expected: boolean",
        ),
        (
            {"props": {"l3-cach": True}},
            "models[0].props.l3-cach",
            "Property 'x86_64-cpu.l3-cach' not found, did you mean 'l3-cache'",
        ),
        (
            {"props": {"realized": True}},
            "models[0].props.realized",
            "property 'realized' cannot be set by a model",
        ),
        (
            {"versions": [{"version": 1, "props": {"vendor": "short"}}]},
            "models[0].versions[0].props.vendor",
            "value of property 'vendor' must consist of exactly 12 characters",
        ),
        (
            {"caches": "epyc-milam"},
            "models[0].caches",
            "no cache description 'epyc-milam', did you mean 'epyc-milan'",
        ),
        ({"avx10-version": 3}, "models[0].avx10-version", "avx10-version can be at most 2"),
        ({"vendor": "é" * 12}, "models[0].vendor", f'"{"é" * 12}" has 24 bytes, not 12'),
        ({"model-id": "é" * 30}, "models[0].model-id", f'"{"é" * 30}" has 60 bytes, not 48'),
        (
            {"versions": [{"version": 2}]},
            "models[0].versions[0].version",
            "version 2 stands where 1 is due",
        ),
        (
            {"versions": [{"version": 1}, {"version": 3}]},
            "models[0].versions[1].version",
            "version 3 stands where 2 is due",
        ),
        ({"name": "EPYC"}, "models[0].name", "there is a CPU model 'EPYC' already"),
        (
            {"versions": [{"version": 1, "alias": "EPYC-v2"}]},
            "models[0].versions[0].alias",
            "there is a CPU model 'EPYC-v2' already",
        ),
    ],
)
def test_a_fault_that_only_a_release_can_tell(change: dict[str, Any], path: str, text: str) -> None:
    (found,) = (found for where, found in faults(models(change)) if where == path)
    # further suggestions may follow the first
    assert found == text or found.startswith((f"{text} or ", f"{text}?"))


def test_a_release_lacks_what_another_has() -> None:
    content = models({"features": {"7.1.EAX": ["avx-ifma"]}})
    assert read_models(content, pyqom.new_types("11.1"))
    ((path, text),) = faults(content, "7.2")
    assert path == 'models[0].features["7.1.EAX"][0]'
    assert text.startswith("release 7.2 has no feature 'avx-ifma'")
    later = models({"features": {"7.1.EAX": [{"name": "avx-ifma", "since": "11.1"}]}})
    assert read_models(later, pyqom.new_types("7.2"))


def test_a_record_that_the_release_does_not_have_is_left_out() -> None:
    content = models({"since": "11.1"}, {"until": "11.1", "stepping": 3})
    assert [read["stepping"] for read in read_models(content, pyqom.new_types("7.2"))] == [3]
    assert [read["stepping"] for read in read_models(content, pyqom.new_types("11.1"))] == [1]


def test_faults_of_shape_and_of_names_come_together() -> None:
    bad = {"stepping": 99, "features": {"1.EDX": ["ss2"]}, "versions": [{"version": 1, "x": 1}]}
    assert [path for path, _ in faults(models(bad, {}, {}))] == [
        "models[0].stepping",
        'models[0].features["1.EDX"][0]',
        "models[0].versions[0].x",
        "models[1].name",
        "models[2].name",
        "models[2].versions[1].alias",
    ]


def test_every_name_that_is_taken_is_told() -> None:
    versions = [
        {"version": 1, "alias": "EPYC-IBPB"},
        {"version": 2, "alias": "Own"},
        {"version": 3, "alias": "Denverton-v2"},
        {"version": 4, "alias": "Fine"},
    ]
    assert faults(models({"versions": versions}, {"name": "Fine"})) == [
        ("models[0].versions[0].alias", "there is a CPU model 'EPYC-IBPB' already"),
        ("models[0].versions[1].alias", "the name 'Own' stands twice"),
        ("models[0].versions[2].alias", "there is a CPU model 'Denverton-v2' already"),
        ("models[1].name", "the name 'Fine' stands twice"),
    ]


@pytest.mark.parametrize(
    ("change", "path", "text"),
    [
        ({"level": 1 << 70}, "models[0].level", "the number has more than 64 bits"),
        ({"model-id": "\ud800"}, "models[0].model-id", '"\\ud800" is not Unicode text'),
        ({"\ud800": 1}, 'models[0]["\\\\ud800"]', '"\\ud800" cannot name a member'),
        ({1: 1}, "models[0].1", "1 cannot name a member"),
    ],
)
def test_what_no_schema_checks_hides_no_other_fault(change: Any, path: str, text: str) -> None:
    found = faults(models({"family": "x", "xlevel": "zz", "stepping": 99, **change}))
    assert [where for where, _ in found if where != path] == [
        "models[0].family",
        "models[0].stepping",
        "models[0].xlevel",
    ]
    assert dict(found)[path] == text


def test_members_that_stand_twice_hide_no_other_fault(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    text = json.dumps(models({"family": "x"}))
    text = text.replace('"stepping": 1', '"stepping": 1, "stepping": 2, "level": NaN')
    text = text.replace('"sse2"', '"sse2", {"name": "avx", "name": "avx", "name": "avx"}')
    file.write_text(text, encoding="utf-8")
    assert faults(file) == [
        ("models[0].family", 'expected integer, not "x" (a string)'),
        ("models[0].stepping", "the member stands twice"),
        ("models[0].level", "the member stands twice"),
        (
            'models[0].features["1.EDX"][2]',
            "feature 'avx' stands in the word 1.ECX, not in 1.EDX",
        ),
        ('models[0].features["1.EDX"][2].name', "the member stands twice"),
    ]


def test_what_is_nested_too_deep_is_told_once_and_hides_no_other_fault() -> None:
    deep: Any = 1
    for _ in range(200):
        deep = {"deep": [deep]}
    found = faults(models({"family": "x", "props": {"avx2": deep}}))
    assert found == [
        ("models[0].family", 'expected integer, not "x" (a string)'),
        ("models[0].props.avx2", "member 'value' is missing"),
        ("models[0].props.avx2.deep", "unknown member, known are 'value', 'since', 'until'"),
        ("models[0].props.avx2.deep[0].deep[0]", "nested too deep"),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Lab-v1", "'Lab-v1' is what a version of a model 'Lab' is called"),
        ("base", "there is a CPU model 'base' already, which a class makes"),
        ("max", "there is a CPU model 'max' already, which a class makes"),
        ("host", "there is a CPU model 'host' already, which a class makes"),
        ("tcg-accel", "there is a type 'tcg-accel-x86_64-cpu' already"),
    ],
)
def test_names_that_no_model_can_have(name: str, text: str) -> None:
    assert faults(models({"name": name})) == [("models[0].name", text)]
    versions = [{"version": 1, "alias": name}]
    assert faults(models({"versions": versions})) == [("models[0].versions[0].alias", text)]


@pytest.mark.parametrize("models", [None, 3, b"own.json", object()], ids=repr)
def test_what_cannot_be_a_model_file(models: Any) -> None:
    with pytest.raises(TypeError, match="models are a path, what is in a file, or a ModelRecord"):
        pyqom.load_models(models)


@pytest.mark.parametrize("types", [3, "11.1", {}], ids=repr)
def test_what_cannot_be_types(types: Any) -> None:
    with pytest.raises(TypeError, match="types are a Registry, not"):
        pyqom.load_models(models({}), types=types)
    with pytest.raises(TypeError, match="types are a Registry, not"):
        pyqom.expand("EPYC", types=types)


def test_a_special_model_is_not_for_files() -> None:
    (record,) = (record for record in ALL if record["name"] == "base")
    assert faults({"models": [record]}) == [
        ("models[0].class", "only QEMU's own max, host and base are made by a class")
    ]


def test_nothing_is_entered_unless_all_is_sound() -> None:
    types = pyqom.new_types()
    before = types.names()
    with pytest.raises(BadData):
        pyqom.load_models(models({}, {"name": "Other", "family": 999}), types=types)
    assert types.names() == before


def test_a_loaded_model_is_what_its_record_says() -> None:
    types = pyqom.load_models(models({}))
    assert "Own-x86_64-cpu" not in pyqom.new_types()
    own, newer = properties("Own-v1", types), properties("Own-IBRS", types)
    assert (own["avx"], own["spec-ctrl"], own["stepping"]) == (True, False, 1)
    assert (newer["avx"], newer["spec-ctrl"], newer["stepping"]) == (True, True, 2)
    old = pyqom.load_models(models({}), release="7.2")
    assert properties("Own", old, "pc-q35-7.2")["avx"] is False


# --- parents -----------------------------------------------------------------


def derived(**more: Any) -> dict[str, Any]:
    return {"name": "Child", "parent": "SandyBridge-IBRS", **more}


def test_a_model_may_start_from_another() -> None:
    content = {
        "models": [
            {"name": "Grandchild", "parent": "Child", "model-id": "Younger"},
            derived(features={"7.0.EBX": ["avx2"]}, without=["aes", "spec-ctrl"], stepping=7),
        ]
    }
    types = pyqom.load_models(content)
    parent = properties("SandyBridge-IBRS", types)
    expected = {**parent, "avx2": True, "aes": False, "spec-ctrl": False, "stepping": 7}
    child, grandchild = properties("Child", types), properties("Grandchild-v1", types)
    assert child == expected
    assert {name for name in parent if grandchild[name] != child[name]} == {"model-id"}
    assert grandchild["model-id"] == "Younger"
    assert types.ancestors("Grandchild-x86_64-cpu")[:3] == (
        "Child-x86_64-cpu",
        "SandyBridge-IBRS-x86_64-cpu",
        "x86_64-cpu",
    )


def test_the_plain_name_of_a_parent_is_its_version_1() -> None:
    types = pyqom.load_models({"models": [derived(parent="SandyBridge")]})
    assert properties("Child", types) == properties("SandyBridge-v1", types)


def test_caches_come_from_the_parent_unless_they_are_named() -> None:
    content = {"models": [{"name": "A", "parent": "EPYC-v4"}, {"name": "B", "parent": "EPYC"}]}
    content["models"].append({"name": "C", "parent": "EPYC", "caches": None})
    types = pyqom.load_models(content)
    caches = {name: types.get(f"{name}-x86_64-cpu").definition.caches for name in "ABC"}
    assert caches == {"A": "epyc-v4", "B": "epyc", "C": None}
    legacy = {name: properties(name, types)["legacy-cache"] for name in "ABC"}
    assert legacy == {"A": False, "B": False, "C": True}


@pytest.mark.parametrize(
    ("parents", "expected"),
    [
        ({"A": "B", "B": "A"}, {"A": "circle", "B": "circle"}),
        ({"A": "A"}, {"A": "circle"}),
        ({"A": "B-v1", "B": "A-v1", "C": "EPYC"}, {"A": "circle", "B": "circle"}),
        ({"A": "max"}, {"A": "parent 'max' has no definition to start from"}),
        ({"A": "Sandybridge"}, {"A": "unknown parent 'Sandybridge', did you mean 'SandyBridge'"}),
        ({"A": "x86_64"}, {"A": "unknown parent 'x86_64'"}),
        ({"A": "tcg-accel"}, {"A": "unknown parent 'tcg-accel'"}),
    ],
)
def test_bad_parents(parents: dict[str, str], expected: dict[str, str]) -> None:
    content = {"models": [{"name": name, "parent": parent} for name, parent in parents.items()]}
    found = dict(faults(content))
    order = list(parents)
    places = {f"models[{order.index(name)}].parent": text for name, text in expected.items()}
    assert found.keys() == places.keys()
    assert all(text in found[path] for path, text in places.items())


def chain(count: int, last: str) -> dict[str, Any]:
    """Models that stand below each other, the lowest first."""
    names = [*(f"C{number}" for number in range(count)), last]
    return {"models": [{"name": a, "parent": b} for a, b in pairwise(names)]}


def test_as_many_parents_as_are_allowed() -> None:
    types = pyqom.load_models(chain(MOST_PARENTS, "EPYC"))
    assert properties("C0", types) == properties("EPYC-v1", types)
    more = {"models": [{"name": "More", "parent": "C0"}]}
    text = f'model "More" has 65 models above it, at most {MOST_PARENTS} are allowed'
    with pytest.raises(BadData) as caught:
        pyqom.load_models(more, types=types)
    assert caught.value.faults == (("models[0].parent", text),)


@pytest.mark.parametrize("turn", [1, -1])
def test_thousands_of_parents_are_refused_at_once(turn: int) -> None:
    content = {"models": chain(3000, "EPYC")["models"][::turn]}
    ((path, text),) = faults(content)
    assert text == 'model "C2935" has 65 models above it, at most 64 are allowed'
    assert path == f"models[{2935 if turn == 1 else 64}].parent"


def test_thousands_in_a_circle_are_told_at_once() -> None:
    found = faults(chain(3000, "C0"))
    assert len(found) == 3000
    assert all(text.endswith("has parents that go in a circle") for _, text in found)


# --- records -----------------------------------------------------------------


@pytest.mark.parametrize("record", DEFINED, ids=lambda record: record["name"])
def test_a_record_loses_nothing(record: dict[str, Any]) -> None:
    content = records.unstructure(records.structure(record))
    assert content == record
    assert list(content.get("props", {})) == list(record.get("props", {}))
    for ours, theirs in zip(content.get("versions", ()), record.get("versions", ()), strict=True):
        assert list(ours.get("props", {})) == list(theirs.get("props", {}))


def test_a_person_changes_a_record() -> None:
    types = pyqom.new_types()
    old = records.record_of(types.get("SandyBridge-x86_64-cpu"))
    assert (old.xlevel, old.versions[1].alias) == (0x80000008, "SandyBridge-IBRS")
    new = evolve(old, name="Sandy2", stepping=7, versions=())
    pyqom.load_models(new, types=types)
    before, after = properties("SandyBridge-v1", types), properties("Sandy2", types)
    assert {name for name in before if before[name] != after[name]} == {"stepping"}
    assert types.release is not None
    define(types, evolve(new, name="Sandy3"), types.release)
    assert properties("Sandy3-v1", types) == after


def test_the_record_of_a_derived_model_is_whole() -> None:
    types = pyqom.load_models({"models": [derived(stepping=7)]})
    record = records.record_of(types.get("Child-x86_64-cpu"))
    assert (record.parent, record.stepping, record.vendor) == (None, 7, "GenuineIntel")
    assert record.props == {
        "spec-ctrl": True,
        "model-id": "Intel Xeon E312xx (Sandy Bridge, IBRS update)",
    }


def test_no_record() -> None:
    with pytest.raises(UnknownModel):
        records.record_of(pyqom.new_types().get("max-x86_64-cpu"))
    with pytest.raises(BadData) as caught:
        records.structure({**MODEL, "family": "6"})
    assert caught.value.faults == (("family", 'expected integer, not "6" (a string)'),)
    with pytest.raises(BadData):
        records.structure(next(record for record in ALL if "class" in record))


# --- anything ----------------------------------------------------------------

WORDS = """
models name parent vendor family model stepping level xlevel model-id features props caches versions
version alias note since until value without class avx10-version deprecated 1.EDX fpu sse4_1 avx2
1.EDX:3 1.EDX:99 SandyBridge Own max 11.1 7.2 99.1 GenuineIntel 0x80000008 realized memory apic-id
tsc-frequency hv-vendor-id
"""
words = st.sampled_from([*WORDS.split(), "\ud800", "\N{LATIN SMALL LETTER E WITH ACUTE}"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=5),
    max_leaves=12,
)
content_of_model = st.dictionaries(words, values, max_size=8)
document = st.fixed_dictionaries({"models": values | st.lists(content_of_model, max_size=3)})
settled = settings(max_examples=150, derandomize=True, deadline=None, database=None)


def refused(error: BadData) -> None:
    """What every refusal must have."""
    assert error.faults
    assert all(isinstance(path, str) and text for path, text in error.faults)
    assert str(error).encode()


@settled
@given(content=document)
def test_any_content_is_read_or_refused(content: Any) -> None:
    try:
        read_models(content, pyqom.new_types())
    except BadData as error:
        refused(error)


@settled
@given(
    changes=st.lists(content_of_model, min_size=1, max_size=3),
    release=st.sampled_from(["7.2", "11.1"]),
)
def test_any_change_of_a_sound_model_is_read_or_refused(
    changes: list[dict[str, Any]], release: str
) -> None:
    plain = [{"name": f"Own{i}", "versions": [{"version": 1}]} for i in range(len(changes))]
    content = models(*(first | more for first, more in zip(plain, changes, strict=True)))
    try:
        types = pyqom.load_models(content, release=release)
    except BadData as error:
        refused(error)
        return
    for record in read_models(content, pyqom.new_types(release)):
        properties(record["name"], types, "pc-q35-7.2")


settable = st.sampled_from(
    sorted(
        name
        for name, prop in pyqom.new_types().get("x86_64-cpu").properties().items()
        if prop.writable
    )
)
plain_values = st.booleans() | st.integers(-2, 1 << 33) | st.sampled_from(["", "on", "auto", "é"])


@settled
@given(props=st.dictionaries(settable, plain_values, max_size=3))
def test_whatever_properties_are_taken_can_be_expanded(props: dict[str, Any]) -> None:
    try:
        types = pyqom.load_models(models({"props": props}))
    except BadData as error:
        refused(error)
        return
    properties("Own-v1", types)


@settled
@given(text=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(text: bytes, tmp_path_factory: Any) -> None:
    file = tmp_path_factory.getbasetemp() / "any.json"
    file.write_bytes(text)
    try:
        read_models(file, pyqom.new_types())
    except BadData as error:
        refused(error)
