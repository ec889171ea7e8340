"""``pyqom machines``: the machine types, or one of them with its compat properties."""

from __future__ import annotations

from pyqom.cli import inputs, options
from pyqom.cli.options import Argument, Option, Syntax
from pyqom.cli.page import Cell, Page, shown
from pyqom.machines import MachineType, find, machines
from pyqom.release import release_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.cli.options import Given
    from pyqom.cli.output import Output

SYNTAX = Syntax(
    "machines",
    "What QEMU answers to query-machines; with a NAME that machine type's fields and compat\n"
    "properties, list by list, in the order in which they are applied.",
    [Argument("name", "a machine type, by name or alias", "?")],
    [
        Option("--release", metavar="R", help="QEMU release (default: the newest)"),
        options.JSON,
        options.models("check the CPU models of FILE; no machine type depends on them"),
    ],
    ["machines --release 7.2", "machines pc-i440fx-1.6"],
)


def run(given: Given, out: Output) -> int:
    """Print the list, or one machine type."""
    if given.name is not None:
        machine = find(given.name, given.release)
        inputs.own_types(machine.release.name, given.models)
        if given.json:
            out.json(record(machine))
        else:
            one(machine).show(out)
        return 0
    found = machines(given.release)
    inputs.own_types(found[0].release.name, given.models)
    if given.json:
        out.json([machine.info() for machine in found])
    else:
        listing(found).show(out)
    return 0


def _order(machine: MachineType) -> tuple[bool, str, tuple[int, ...]]:
    """By family, the newest version first; what has no versions last."""
    if machine.version is None:
        return True, machine.name, ()
    return False, machine.family, tuple(-part for part in release_key(machine.version))


def listing(found: tuple[MachineType, ...]) -> Page:
    """All machine types of a release."""
    page = Page()
    page.title(f"{len(found)} machine types of QEMU {found[0].release.name}")
    page.table(
        ("name", "alias", "state", "#cpu-max", "#compat", "what it is"),
        (
            (
                machine.name,
                machine.alias or "",
                _state(machine),
                str(machine.cpu_max),
                str(len(machine.compat_props)),
                Cell(machine.description, "dim"),
            )
            for machine in sorted(found, key=_order)
        ),
    )
    return page


def _state(machine: MachineType) -> str:
    if machine.is_default:
        return Cell("default", "good")
    return Cell("deprecated", "bad") if machine.deprecated else ""


def record(machine: MachineType) -> dict[str, Any]:
    """A machine type in detail: its ``query-machines`` entry, its fields, its compat lists."""
    return {
        **machine.info(),
        "release": machine.release.name,
        "parents": list(machine.ancestors),
        "deprecation": machine.deprecation_reason,
        "fields": dict(machine.fields),
        "compat-lists": [
            {
                "name": each.name,
                "version": each.version,
                "entries": [
                    {
                        "driver": entry.driver,
                        "property": entry.property,
                        "value": entry.value,
                        "optional": entry.optional,
                    }
                    for entry in each.entries
                ],
            }
            for each in machine.compat_lists
        ],
    }


def one(machine: MachineType) -> Page:
    """A machine type in detail, for people."""
    page = Page()
    page.title(f"{machine.name} (QEMU {machine.release.name}): {machine.description}")
    facts = [
        ("type", " < ".join((machine.typename, *machine.ancestors))),
        ("alias", machine.alias or ""),
        ("default", "yes" if machine.is_default else ""),
        ("deprecated", machine.deprecation_reason or ""),
    ]
    facts += [(name, shown(value)) for name, value in machine.fields.items() if name != "desc"]
    page.words((label, [text]) for label, text in facts if text)
    page.heading(f"{len(machine.compat_props)} compat properties, the last word wins")
    page.table(
        ("list", "from version", "driver", "property", "value", ""),
        (
            (
                entry.list,
                entry.version or "",
                entry.driver,
                entry.property,
                entry.value,
                Cell("where it has it", "dim") if entry.optional else "",
            )
            for entry in machine.compat_props
        ),
    )
    return page
