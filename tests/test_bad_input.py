"""What nobody should give, and the clear error that it gets."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import pyqom

PACKAGE = Path(pyqom.__file__).parent
DATA_FILES = [
    "data/releases.json",
    "machines/data/machines.json",
    "machines/data/compat.json",
    "devices/cpu/x86/data/features.json",
    "devices/cpu/x86/data/levels.json",
    "devices/cpu/x86/data/models/intel.json",
    "accel/data/tcg.json",
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package, whose data may be damaged."""
    folder = tmp_path_factory.mktemp("damaged") / "pyqom"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__", "_schema"))
    return folder


@pytest.mark.parametrize("damage", ["truncated", "empty object", "no text"])
@pytest.mark.parametrize("name", DATA_FILES)
def test_damaged_data_file(copy: Path, name: str, damage: str) -> None:
    """One line that names the file, status 2, no traceback; in a fresh process each."""
    file = copy / name
    whole = file.read_bytes()
    damaged = {"truncated": whole[:300], "empty object": b"{}", "no text": b"\xff\xfe"}[damage]
    try:
        file.write_bytes(damaged)
        done = subprocess.run(
            [sys.executable, "-m", "pyqom", "expand", "SandyBridge", "-M", "q35"],
            cwd=copy.parent,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        file.write_bytes(whole)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("pyqom: ")
    assert file.name in done.stderr
    assert done.stderr.count("\n") == 1
    assert "internal error" not in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("EPYC,memory=/x", "EPYC-x86_64-cpu.memory=/x: Device '/x' not found"),
        ("EPYC,level=" + "9" * 5000, "Parameter 'level' expects uint64"),
        ("EPYC,family=x", "Parameter 'family' expects uint64"),
        ("EPYC,vendor=short", "value of property 'vendor' must consist of exactly 12 characters"),
        ("EPYC,type=x", "Property 'EPYC-x86_64-cpu.type' is not writable"),
    ],
)
def test_model_strings_that_qemu_refuses(text: str, words: str) -> None:
    with pytest.raises(pyqom.PyqomError) as error:
        pyqom.expand(text, machine="q35")
    assert str(error.value).endswith(words)


def test_binary_numbers_are_of_newer_releases() -> None:
    newer = pyqom.expand("EPYC,level=0b11", machine="pc-q35-7.2", release="11.1")
    assert newer["model"]["props"]["level"] == 3
    with pytest.raises(pyqom.PyqomError, match="expects uint64"):
        pyqom.expand("EPYC,level=0b11", machine="pc-q35-7.2", release="7.2")


@pytest.mark.parametrize(
    ("value", "shown"), [("a\udcffb", "a\ufffdb"), ("\ud800", "?"), ("x" * 60, "x" * 48)]
)
def test_texts_that_are_not_quite_unicode(value: str, shown: str) -> None:
    said = pyqom.expand("EPYC", machine="q35", props={"model-id": value})
    assert said["model"]["props"]["model-id"] == shown


@pytest.mark.parametrize(
    "arguments",
    [
        {"model": None},
        {"model": 1},
        {"model": "EPYC", "accel": None},
        {"model": "EPYC", "machine": []},
        {"model": "EPYC", "release": []},
        {"model": "EPYC", "props": {1: 2}},
    ],
)
def test_wrong_python_types_are_named(arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"is a (string|name)"):
        pyqom.expand(**arguments)
