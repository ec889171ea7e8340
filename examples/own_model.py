"""A CPU model of one's own, from a file: what its versions are on several machine types.

    python examples/own_model.py [FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pyqom
from pyqom.errors import BadData

FILE = Path(__file__).with_name("own-model.json")
MACHINES = ("pc-i440fx-1.6", "pc-i440fx-2.8", "pc-q35-7.2", "pc-q35-11.1")


def expansions(file: Path, machine: str) -> dict[str, dict[str, Any]]:
    """The properties of each of the file's models on a machine type, by the model's name."""
    release = pyqom.machines.find(machine).release.name
    types = pyqom.load_models(file, release=release)
    own = sorted(set(types.list("x86_64-cpu")) - set(pyqom.new_types(release).list("x86_64-cpu")))
    models = [name.removesuffix("-x86_64-cpu") for name in own]
    return {
        model: pyqom.expand(model, machine=machine, types=types)["model"]["props"]
        for model in models
    }


def what_changes(columns: list[dict[str, Any]]) -> list[str]:
    """The properties that all columns have, and not all with one value."""
    shared = set.intersection(*(set(column) for column in columns))
    spellings = {name for name in shared if "_" in name}
    return sorted(
        name for name in shared - spellings if len({repr(column[name]) for column in columns}) > 1
    )


def table(rows: list[list[str]]) -> None:
    """Print rows of cells, the first of them the heads."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
    print()


def shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "-"
    return f"{value:#x}" if isinstance(value, int) and value > 0xFFFF else str(value)


def by_version(everything: dict[str, dict[str, Any]], machine: str) -> None:
    """What the versions change, on one machine type."""
    versions = [model for model in everything if "-v" in model]
    columns = [everything[version] for version in versions]
    rows = [[name, *(shown(each[name]) for each in columns)] for name in what_changes(columns)]
    table([[f"on {machine}", *versions], *rows])


def by_machine(file: Path, model: str, everywhere: list[dict[str, Any]]) -> None:
    """What the machine types change, and who decided on the oldest of them."""
    oldest = MACHINES[0]
    types = pyqom.load_models(file, release=pyqom.machines.find(oldest).release.name)
    rows = [[model, *MACHINES, f"decided on {oldest} by"]]
    for name in what_changes(everywhere):
        told = pyqom.explain(model, name, machine=oldest, types=types)
        rows.append([name, *(shown(each[name]) for each in everywhere), str(told.decided())])
    table(rows)


def main(file: Path) -> None:
    everything = {machine: expansions(file, machine) for machine in MACHINES}
    newest = MACHINES[-1]
    by_version(everything[newest], newest)
    plain = next(model for model in everything[newest] if f"{model}-v1" in everything[newest])
    by_machine(file, plain, [everything[machine][plain] for machine in MACHINES])


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else FILE)
    except BadData as error:
        for path, text in error.faults:
            print(f"{path}: {text}", file=sys.stderr)
        sys.exit(2)
