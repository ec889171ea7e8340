"""A model along a machine family: families, releases, and types of one's own."""

from __future__ import annotations

from typing import Any

import pytest

import pyqom
from pyqom.answers.difference import families, family_chain
from pyqom.errors import UnknownMachine, UnknownModel

MODEL = {"models": [{"name": "Own", "parent": "EPYC", "props": {"avx2": False}}]}


def machines(found: list[Any]) -> set[str]:
    return {change.machine.removeprefix("pc-i440fx-") for change in found}


def test_families_are_those_with_versions() -> None:
    assert families() == families("7.2") == families("11.1") == ["pc-i440fx", "pc-q35"]


@pytest.mark.parametrize("family", ["foo", "microvm", "isapc", "none", "pc-q35-7.2"])
@pytest.mark.parametrize("release", [None, "7.2"])
def test_no_such_family(family: str, release: str | None) -> None:
    with pytest.raises(UnknownMachine) as caught:
        pyqom.history("EPYC", family, release=release)
    text = f"no family of versioned machine types '{family}', there are pc-i440fx, pc-q35"
    assert str(caught.value) == text


def test_the_nearest_family_is_suggested() -> None:
    with pytest.raises(UnknownMachine) as caught:
        pyqom.history("EPYC", "pc-q53")
    assert caught.value.suggestions == ("pc-q35",)


def test_a_model_that_nobody_has() -> None:
    with pytest.raises(UnknownModel, match="CPU model 'Foo' not found"):
        pyqom.history("Foo")


def test_releases_without_the_model_are_passed_over() -> None:
    newer = {machine.name for machine in family_chain("pc-i440fx", "11.1")}
    found = pyqom.history("GraniteRapids")
    assert found
    assert {change.machine for change in found} <= newer
    assert found == pyqom.history("GraniteRapids", release="11.1")


def test_types_of_ones_own_by_release() -> None:
    types = {name: pyqom.load_models(MODEL, release=name) for name in ("7.2", "11.1")}
    found = pyqom.history("Own", types=types)
    assert {"10.0", "2.4"} <= machines(found)
    newest = types["11.1"]
    assert pyqom.history("Own", types={"11.1": newest}) == pyqom.history("Own", types=newest)
    assert "2.4" not in machines(pyqom.history("Own", types=newest))
    assert "2.4" in machines(pyqom.history("EPYC", types={"11.1": newest}))


def test_types_that_are_none() -> None:
    wrong: Any = 3
    with pytest.raises(TypeError, match="types are a Registry, not 3"):
        pyqom.history("EPYC", types=wrong)
    with pytest.raises(TypeError, match="types are a Registry, not 3"):
        pyqom.history("EPYC", types={"11.1": wrong})
