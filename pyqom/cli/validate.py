"""``pyqom validate``: check files of CPU models."""

from __future__ import annotations

from pyqom.answers.own_types import new_types
from pyqom.cli import options
from pyqom.cli.options import Argument, Option, Syntax
from pyqom.cli.output import complain, fault_line
from pyqom.errors import BadData, PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.cli.options import Given
    from pyqom.cli.output import Output

SYNTAX = Syntax(
    "validate",
    "Check files of CPU models, each by itself: their shape, and that their names and values fit\n"
    "the release.  Every fault is one line on stderr, FILE: PATH: TEXT, and the exit status 2.",
    [Argument("files", "a file of the shape of schema/cpu-models.json", "+")],
    [
        Option("--release", metavar="R", help="QEMU release (default: the newest)"),
        options.JSON,
    ],
    ["validate my-models.json"],
)


def run(given: Given, out: Output) -> int:
    """Check all files and print what is found."""
    found = [check(file, given.release) for file in given.files]
    if given.json:
        out.json(found)
    else:
        for each in found:
            _tell(each, out)
    return 0 if all(each["valid"] for each in found) else 2


def check(file: str, release: str | None) -> dict[str, Any]:
    """What is found in one file: its models, or all its faults."""
    from pyqom.devices.cpu.x86.modelfile import read_models

    types = new_types(release)
    try:
        names = [record["name"] for record in read_models(file, types)]
    except BadData as error:
        faults = [{"path": path, "text": text} for path, text in error.faults]
        faults = faults or [{"path": "", "text": str(error)}]
    except PyqomError as error:
        faults = [{"path": "", "text": str(error)}]
    except OSError as error:
        faults = [{"path": "", "text": error.strerror or str(error)}]
    else:
        return {"file": file, "valid": True, "models": names}
    return {"file": file, "valid": False, "faults": faults}


def _tell(found: dict[str, Any], out: Output) -> None:
    if found["valid"]:
        out.write(f"{found['file']}: good: {', '.join(found['models']) or 'no model'}\n")
    else:
        for fault in found["faults"]:
            complain(fault_line(found["file"], fault["path"], fault["text"]) + "\n")
