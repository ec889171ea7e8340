"""The wheel, installed where nothing else is, does the main job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import pyqom
from tests.conformance.recordings import recorded, same

ROOT = Path(__file__).parents[1]
ASKED = ("SandyBridge", "pc-i440fx-1.6")

pytestmark = pytest.mark.skipif(
    find_spec("hatchling") is None or find_spec("pip") is None,
    reason="building the wheel needs hatchling and pip: the extra 'dev'",
)


def run(*words: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command that must succeed, in an environment that tells it nothing about this checkout."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP"))
    }
    offline = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        list(map(str, words)),
        cwd=cwd,
        env={**inherited, **offline, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout without any network."""
    out = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet")
    run(*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", out, ROOT, cwd=out)
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an empty environment outside the checkout, with nothing but the wheel in it."""
    home = tmp_path_factory.mktemp("empty") / "venv"
    venv.create(home, with_pip=False)
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps")
    run(*pip, wheel, cwd=home)
    return python


def test_the_wheel_has_schemas_and_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for schema in (ROOT / "schema").glob("*.json"):
        assert f"pyqom/_schema/{schema.name}" in names
    data = {path.relative_to(ROOT).as_posix() for path in (ROOT / "pyqom").rglob("*.json")}
    assert data <= set(names)
    assert "pyqom/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "bench/", "examples/"))]


def test_expand_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    model, machine = ASKED
    command = ("-I", "-m", "pyqom", "expand", model, "--machine", machine, "--json")
    done = run(installed, *command, cwd=tmp_path)
    assert_expansion(done.stdout)
    assert done.stderr == ""


def test_the_console_script_runs(installed: Path, tmp_path: Path) -> None:
    model, machine = ASKED
    script = installed.with_name("pyqom")
    assert_expansion(run(script, "expand", model, "-M", machine, "--json", cwd=tmp_path).stdout)


def assert_expansion(text: str) -> None:
    model, machine = ASKED
    answer: dict[str, Any] = json.loads(text)
    assert answer["model"]["name"] == model
    assert same(recorded("7.2", "kept").expansion(machine, "full", model), answer["model"]["props"])


def test_the_package_is_that_of_the_wheel(installed: Path, tmp_path: Path) -> None:
    code = "import pyqom; print(pyqom.__version__, pyqom.__file__)"
    version, file = run(installed, "-I", "-c", code, cwd=tmp_path).stdout.split(maxsplit=1)
    assert version == pyqom.__version__
    assert not Path(file.strip()).is_relative_to(ROOT)
    assert Path(file.strip()).is_relative_to(installed.parents[1])


def test_schemas_are_found(installed: Path, tmp_path: Path) -> None:
    """What checks a user's model file is in the wheel as well; jsonschema itself is not."""
    code = "from pyqom import schema; print(sorted(schema.names()))"
    names = run(installed, "-I", "-c", code, cwd=tmp_path).stdout
    for path in (ROOT / "schema").glob("*.json"):
        assert path.stem in names
