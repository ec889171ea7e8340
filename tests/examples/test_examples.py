"""The prototyping examples run as a user runs them, and show what they promise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.emulator.guests import needs_engine

ROOT = Path(__file__).parents[2]
QUIET = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
EXAMPLES = ROOT / "examples"


def run(name: str, *arguments: str, status: int = 0) -> list[str]:
    """The lines that an example prints; on stderr where it fails."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        cwd=ROOT,
        env={"PYTHONPATH": os.pathsep.join(sys.path), **QUIET},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == status, done.stderr
    lines = (done.stderr if status else done.stdout).splitlines()
    assert not [line for line in lines if line != line.rstrip()]
    return lines


def rows(lines: list[str]) -> dict[str, list[str]]:
    """The cells of the tables by their first cell; cells stand two blanks apart."""
    cells = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]
    return {row[0]: row[1:] for row in cells if row}


def test_own_model_has_three_versions_that_differ() -> None:
    found = rows(run("own_model.py"))
    assert found["on pc-q35-11.1"] == ["Lab-Server-v1", "Lab-Server-v2", "Lab-Server-v3"]
    assert found["hle"] == found["rtm"] == ["on", "-", "-"]
    assert found["spec-ctrl"] == ["-", "-", "on"]
    assert found["stepping"] == ["2", "4", "4"]


def test_own_model_follows_the_machine_types() -> None:
    found = rows(run("own_model.py"))
    heads = found["Lab-Server"]
    assert heads[:4] == ["pc-i440fx-1.6", "pc-i440fx-2.8", "pc-q35-7.2", "pc-q35-11.1"]
    assert found["l3-cache"][:4] == ["-", "on", "on", "on"]
    assert found["vmware-cpuid-freq"][:4] == ["-", "-", "on", "on"]
    assert "machine types 2.7 and older" in found["l3-cache"][4]


def test_own_model_names_every_fault_of_a_file(tmp_path: Path) -> None:
    content = json.loads((EXAMPLES / "own-model.json").read_text(encoding="utf-8"))
    content["models"][0]["vendor"] = "me"
    content["models"][0]["versions"][1]["props"]["hel"] = False
    file = tmp_path / "bad.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    paths = [line.partition(": ")[0] for line in run("own_model.py", str(file), status=2)]
    assert paths == ["models[0].vendor", "models[0].versions[1].props.hel"]


def test_own_subclass_is_short_and_has_its_property_and_compat_entry() -> None:
    assert len((EXAMPLES / "own_subclass.py").read_text(encoding="utf-8").splitlines()) < 30
    lines = run("own_subclass.py")
    assert lines[0] == "pc-q35-11.1 {'lanes': 4, 'avx2': True, 'aes': True, 'stepping': 9}"
    assert lines[1] == "lab-q35 {'lanes': 2, 'avx2': True, 'aes': False, 'stepping': 9}"
    assert lines[2:4] == [
        "lanes = 4: class Lab-x86_64-cpu",
        "lanes = 2: machine lab-q35 (its own list: Lab-x86_64-cpu)",
    ]
    assert "avx2 = True: class Lab-x86_64-cpu" in lines
    assert lines[-1] == "aes = False: machine lab-q35 (its own list: cpu)"


@needs_engine
def test_emulator_is_short_and_runs_its_guest() -> None:
    """The guest prints its model's vendor, adds 2 and 3 and ends the machine with that."""
    text = (EXAMPLES / "emulator.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 40
    assert run("emulator.py") == ["AuthenticAMDexited 11 5"]
    page = (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8")
    assert f"```python\n{text}```\n" in page


def test_a_version_may_be_a_property() -> None:
    lines = run("version_as_property.py")
    states = {
        line[:34].rstrip(): dict(cell.split("=") for cell in line[34:].split())
        for line in lines[:5]
    }
    shown = {
        title: (state["version"], state["avx2"], state["rtm"], state["spec-ctrl"])
        for title, state in states.items()
    }
    assert shown == {
        "Lab on pc-q35-11.1": ("3", "True", "False", "True"),
        "Lab on lab-q35-old": ("1", "False", "True", "False"),
        "Lab,version=2": ("2", "False", "False", "True"),
        "Lab on lab-q35-old, version: 2": ("2", "False", "False", "True"),
        "Lab on lab-q35-old, rtm: off": ("1", "False", "False", "False"),
    }
    assert "  False  machine lab-q35-old (its own list: Lab-x86_64-cpu)" in lines
    assert lines[-1].endswith("Lab-x86_64-cpu has no version 9")
