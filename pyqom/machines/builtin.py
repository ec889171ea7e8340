"""The machine types that pyqom carries, and the way to definitions of one's own."""

from __future__ import annotations

import os.path

from pyqom.machines.definitions import Definitions
from pyqom.quick import memo, read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from pyqom.machines.machine import MachineType

DATA = os.path.join(os.path.dirname(__file__), "data")


def _read(name: str) -> dict[str, Any]:
    members = ("lists",) if name == "compat.json" else ("types", "families", "retirement")
    data: dict[str, Any] = read_json(os.path.join(DATA, name), *members)
    return data


def read() -> dict[str, Any]:
    """The built-in definitions as plain data, a new copy each time, to change and `load`.

    Members: "types", "families", "retirement", "type-table" (schema/machines.json) and "lists"
    (schema/compat.json).
    """
    return {**_read("machines.json"), **_read("compat.json")}


def load(data: Mapping[str, Any]) -> Definitions:
    """Machine types from such data.

    Raises `pyqom.errors.BadData` with all faults where names in it do not fit together (the shape
    itself is the schemas' matter).
    """
    from pyqom.machines.check import check

    check(data)
    return Definitions(data, lambda: data["lists"])


@memo
def builtin() -> Definitions:
    """The definitions of pyqom itself; shared, so `add` to a copy of them only."""
    # The lists are read apart and late: which machine types there are is asked far more often.
    return Definitions(_read("machines.json"), lambda: _read("compat.json")["lists"])


def find(name: str | MachineType | None = None, release: str | None = None) -> MachineType:
    """The built-in machine type of that name or alias; see `Definitions.find`."""
    return builtin().find(name, release)


def machines(release: str | None = None) -> tuple[MachineType, ...]:
    """All built-in machine types of a release, in the order of its ``query-machines``."""
    return builtin().machines(release)


def qom_types(release: str | None = None) -> Iterator[tuple[str, str, bool, tuple[str, ...]]]:
    """The machine part of a release's QOM types; see `Definitions.qom_types`."""
    return builtin().qom_types(release)
