"""What the options of several verbs stand for: machine types, properties, a user's models."""

from __future__ import annotations

from pyqom.cli.options import UsageError
from pyqom.errors import BadData
from pyqom.machines import MachineType, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pyqom.types import Registry

Where = tuple[MachineType, "Registry | None"]
"""A machine type, and the types of its release with the user's models (None: just QEMU's)."""


def place(machine: str | None, release: str | None, models: Sequence[str] = ()) -> Where:
    """The machine type of that name (None: none) and the types to ask.

    Raises UnknownMachine, UnknownRelease, and what `load_models` raises.
    """
    found = find(machine, release)
    return found, own_types(found.release.name, models)


def own_types(
    release: str, models: Sequence[str], types: Registry | None = None
) -> Registry | None:
    """The types of a release with the models of these files; None where there are no files.

    `types` are the types to add them to (None: the release's own).
    Raises BadData, whose paths begin with the file's name.
    """
    if not models:
        return types
    from pyqom.answers.own_types import load_models

    for file in models:
        try:
            types = load_models(file, release=release, types=types)
        except BadData as error:
            raise of_file(file, error) from error
    return types


def of_file(file: str, error: BadData) -> BadData:
    """The same faults, each with the name of the file that has it."""
    faults = [(": ".join(filter(None, (file, path))), text) for path, text in error.faults]
    return BadData(str(error), faults)


def properties(text: str | None) -> Any:
    """The value of ``--props``, read as QMP reads JSON.  Raises UsageError that says where."""
    if text is None:
        return None
    import json

    try:
        value = json.loads(
            text, parse_int=_integer, parse_constant=_refused, object_pairs_hook=_object
        )
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise UsageError(
            f"argument --props: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error
    except UnicodeEncodeError as error:
        raise UsageError("argument --props: half a surrogate pair is no text") from error
    except ValueError as error:
        raise UsageError(f"argument --props: {error}") from error
    return value


def _integer(digits: str) -> int | float:
    """A whole number; one beyond 64 bits is a float, as in QEMU's JSON parser."""
    if len(digits) > 20:
        return float(digits)
    value = int(digits)
    return value if -(1 << 63) <= value < 1 << 64 else float(digits)


def _refused(name: str) -> None:
    raise ValueError(f"JSON has no {name}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"'{twice}' is there twice")
    return made


def warn(model: str) -> None:
    """Print what QEMU would warn of in a model string."""
    if "," not in model:
        return
    from pyqom.cli.output import complain, one_line
    from pyqom.devices.cpu.x86.featurestring import parse_model

    for text in parse_model(model).warnings:
        complain(f"pyqom: warning: {one_line(text)}\n")
