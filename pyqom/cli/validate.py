"""``pyqom validate``: check files of CPU models, and pyqom's own data files."""

from __future__ import annotations

import os.path

from pyqom import release as releases
from pyqom import schema
from pyqom.answers.own_types import new_types
from pyqom.cli import inputs, options
from pyqom.cli.options import Argument, Option, Syntax
from pyqom.cli.output import complain, fault_line
from pyqom.devices.cpu.x86 import modelfile
from pyqom.devices.cpu.x86.data import FOLDER, known, load
from pyqom.devices.cpu.x86.models import FILES, records
from pyqom.document import texts
from pyqom.errors import BadData

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pyqom.cli.options import Given
    from pyqom.cli.output import Output
    from pyqom.release import Release
    from pyqom.schema import Fault

MODELS = "cpu-models"
"""The schema of a file of CPU models; of any other shape only the shape is checked."""

MANY = 8
"""How many models are named; of more than that only their number is told."""

SYNTAX = Syntax(
    "validate",
    "Check files of CPU models, each by itself: their shape, and that their names and values fit\n"
    "the release.  A file with the members of another of pyqom's data files is held against that\n"
    "file's schema.  Every fault is one line on stderr, FILE: PATH: TEXT, and the exit status 2.",
    [Argument("files", "a file of the shape of schema/cpu-models.json", "+")],
    [
        Option("--release", metavar="R", help="QEMU release (default: the newest)"),
        options.JSON,
        options.models("the CPU models of FILE are there already: a parent may stand in it"),
    ],
    ["validate my-models.json"],
)


def run(given: Given, out: Output) -> int:
    """Check all files and print what is found."""
    release = releases.get(given.release)
    inputs.own_types(release.name, given.models)  # whose faults are none of the files'
    found = [check(file, release, given.models) for file in given.files]
    if given.json:
        out.json(found)
    else:
        for each in found:
            _tell(each, out)
    return 0 if all(each["valid"] for each in found) else 2


def check(file: str, release: Release, models: Sequence[str] = ()) -> dict[str, Any]:
    """What is found in one file: its shape and models, or all its faults.

    `models` are files whose models are there already.
    """
    try:
        _, content = modelfile.read(file)
        shape = schema.shape_of(content, MODELS)
        if shape == MODELS:
            found, ordered = _models(file, content, release, models)
        else:
            found, ordered = _data(content, shape), None
        told = schema.told(content, found)
    except BadData as error:
        told = list(error.faults)
    if told:
        faults = [{"path": path, "text": text} for path, text in told]
        return {"file": file, "valid": False, "faults": faults}
    good: dict[str, Any] = {"file": file, "valid": True, "shape": shape}
    if ordered is not None:
        good["models"] = [record["name"] for record in known(ordered, release)]
    return good


def _data(content: Any, shape: str) -> list[Fault]:
    """The faults of a data file without models."""
    found, sound = texts(content)
    better = {path for path, _ in found}
    return found + [each for each in schema.found(sound, shape) if each[0] not in better]


def _models(
    file: str, content: Any, release: Release, models: Sequence[str]
) -> tuple[list[Fault], list[Any]]:
    """The faults of a file of models, and its models; pyqom's own are held against the others."""
    own = _own(file, content)
    types = new_types(release.name)
    if own is not None:
        names = {record["name"] for record in load(own)["models"]}
        others = [record for record in records(release) if record["name"] not in names]
        types = new_types(release.name, others)
    types = inputs.own_types(release.name, models, types) or types
    return modelfile.faults_of(content, types, special=own is not None)


def _own(file: str, content: Any) -> str | None:
    """Which of pyqom's own files of models a file is, as `data.load` calls it."""
    for name in (f"models/{each}" for each in FILES):
        if os.path.samefile(file, os.path.join(FOLDER, name)) or content == load(name):
            return name
    return None


def _tell(found: dict[str, Any], out: Output) -> None:
    if not found["valid"]:
        for fault in found["faults"]:
            complain(fault_line(found["file"], fault["path"], fault["text"]) + "\n")
        return
    out.write(f"{found['file']}: good: {_praise(found)}\n")


def _praise(found: dict[str, Any]) -> str:
    """What a good file has."""
    if "models" not in found:
        return f"the shape of schema/{found['shape']}.json"
    names = found["models"]
    return f"{len(names)} models" if len(names) > MANY else ", ".join(names) or "no model"
