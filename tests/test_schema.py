"""The schemas as pyqom finds them, and the faults of a document."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pyqom import schema
from pyqom.errors import PyqomError

ROOT = Path(__file__).parents[1]

MODEL: dict[str, Any] = {
    "name": "Own",
    "vendor": "GenuineIntel",
    "family": 6,
    "model": 42,
    "stepping": 1,
    "level": 13,
    "xlevel": "0x80000008",
    "model-id": "An own model",
    "features": {"1.EDX": ["fpu"]},
    "versions": [{"version": 1}, {"version": 2, "props": {"sse4.1": True}}],
}


def document(**changes: Any) -> Any:
    return {"models": [{**MODEL, **changes}]}


def test_every_schema_of_the_checkout_is_found() -> None:
    top = ROOT / "schema"
    files = sorted(str(path.relative_to(top).with_suffix("")) for path in top.rglob("*.json"))
    assert list(schema.names()) == files
    assert "cpu-models" in files


@pytest.mark.parametrize("name", schema.names())
def test_every_schema_is_one(name: str) -> None:
    check: Any = schema.validator(name)
    check.check_schema(schema.load(name))


def test_unknown_schema() -> None:
    with pytest.raises(PyqomError, match=r"no schema 'nothing', there are .*cpu-models"):
        schema.faults({}, "nothing")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"family": 6.0}, ("models[0].family", "expected integer, not 6.0 (a number)")),
        ({"family": True}, ("models[0].family", "expected integer, not true (a boolean)")),
        ({"family": None}, ("models[0].family", "expected integer, not null")),
        ({"family": 271}, ("models[0].family", "271 is more than 270")),
        ({"family": -1}, ("models[0].family", "-1 is less than 0")),
        ({"vendor": "me"}, ("models[0].vendor", '"me" has 2 characters, at least 12 needed')),
        (
            {"model-id": "x" * 49},
            ("models[0].model-id", f'"{"x" * 49}" has 49 characters, at most 48 allowed'),
        ),
        (
            {"name": "two words"},
            ("models[0].name", '"two words" does not fit: the model\'s name, as -cpu takes it'),
        ),
        (
            {"name": "Own\n"},
            ("models[0].name", '"Own\\n" does not fit: the model\'s name, as -cpu takes it'),
        ),
        ({"vndor": "x"}, ("models[0].vndor", "unknown member, did you mean 'vendor'?")),
        ({"qqqqq": 1}, ("models[0].qqqqq", "unknown member")),
        ({"versions": []}, ("models[0].versions", "0 entries, at least 1 needed")),
        (
            {"versions": [{"version": 1, "props": {"sse4.1": None}}]},
            (
                'models[0].versions[0].props["sse4.1"]',
                "expected boolean or integer or string or object, not null",
            ),
        ),
        (
            {"props": {"Two Words": True}},
            ('models[0].props["Two Words"]', "not a name that can stand here"),
        ),
        (
            {"features": {"1.EDX": [{"nam": "x", "name": "sse"}]}},
            ('models[0].features["1.EDX"][0].nam', "unknown member, did you mean 'name'?"),
        ),
        ({"since": "9" * 5000 + ".1"}, None),
        ({"without": ["fpu"]}, ("models[0]", "member 'parent' is missing, which 'without' needs")),
    ],
)
def test_a_fault_says_where_and_what(changes: dict[str, Any], fault: Any) -> None:
    (found,) = schema.faults(document(**changes), "cpu-models")
    assert fault is None or found == fault


def test_all_faults_come_in_the_order_of_the_document() -> None:
    bad = {**MODEL, "stepping": 99, "vendor": "me", "colour": 1, "versions": [{}]}
    assert [path for path, _ in schema.faults({"models": [bad, 7], "more": 1}, "cpu-models")] == [
        "models[0].vendor",
        "models[0].stepping",
        "models[0].versions[0]",
        "models[0].colour",
        "models[1]",
        "more",
    ]


@pytest.mark.parametrize("content", [None, 1, "text", [], [{}], {"models": {}}])
def test_any_document_has_its_faults(content: Any) -> None:
    assert schema.faults(content, "cpu-models")


def test_a_sound_document_has_none() -> None:
    assert schema.faults(document(), "cpu-models") == []
    assert schema.faults({"models": [{"name": "Own", "parent": "EPYC"}]}, "cpu-models") == []


def test_alternatives_tell_the_faults_of_the_nearest() -> None:
    content = {"lists": [{"name": "hw_compat_9_9", "entries": [["cpu", "x"]]}]}
    found = schema.faults(content, "compat")
    assert found
    assert all(path.startswith("lists[0]") for path, _ in found)


def test_jsonschema_is_imported_only_to_check() -> None:
    code = (
        "import sys; from pyqom import schema; schema.load('cpu-models');"
        "assert 'jsonschema' not in sys.modules; schema.validator('cpu-models');"
        "assert 'jsonschema' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


def test_schemas_refer_to_each_other() -> None:
    release: Any = {"$ref": "cpu-models.json#/$defs/release"}
    checker: Any = schema.validator("releases").evolve(schema=release)
    assert checker.is_valid("11.1")
    assert not checker.is_valid("newest")
