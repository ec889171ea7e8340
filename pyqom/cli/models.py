"""``pyqom models``: the CPU models, or one of them in detail."""

from __future__ import annotations

from pyqom.answers.cpu_definitions import definitions_of
from pyqom.answers.target import Target
from pyqom.cli import inputs, options
from pyqom.cli.options import Argument, Syntax
from pyqom.cli.page import Cell, Page, few, shown
from pyqom.devices.cpu.x86.data import load
from pyqom.devices.cpu.x86.loading import version_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.answers.results import CpuDefinition
    from pyqom.cli.options import Given
    from pyqom.cli.output import Output
    from pyqom.devices.cpu.x86.definition import Version

SYNTAX = Syntax(
    "models",
    "What QEMU, started with the machine type, answers to query-cpu-definitions; with a NAME\n"
    "that model's definition: identification, features, caches and versions.",
    [Argument("name", "a CPU model", "?")],
    [options.MACHINE, options.ACCEL, options.HOST, options.RELEASE, options.JSON, options.MODELS],
    ["models --machine pc-q35-4.0", "models EPYC"],
)


def run(given: Given, out: Output) -> int:
    """Print the list, or one model."""
    machine, types = inputs.place(given.machine, given.release, given.models)
    accel = inputs.accelerator(given.accel, given.host, machine.release)
    target = Target(machine, accel, types=types)
    if given.name is not None:
        target.model(given.name)  # refuses an unknown one before all are made
    found = definitions_of(target)
    if given.name is not None:
        entry = next(entry for entry in found if entry["name"] == given.name)
        detail = record(entry, target)
        if given.json:
            out.json(detail)
        else:
            one(detail, target).show(out)
    elif given.json:
        out.json(found)
    else:
        listing(found, target).show(out)
    return 0


def about(target: Target) -> str:
    """Where the models are looked at."""
    return f"{target.machine.name} (QEMU {target.release.name}, {target.accel.name})"


def listing(found: list[CpuDefinition], target: Target) -> Page:
    """All models, in the order of ``-cpu help``."""
    page = Page()
    page.title(f"{len(found)} CPU models on {about(target)}")
    rows = []
    for entry in reversed(found):
        missing = entry["unavailable-features"]
        rows.append(
            (
                entry["name"],
                entry.get("alias-of", ""),
                Cell("deprecated", "bad") if entry["deprecated"] else "",
                str(len(missing)) if missing else "",
                Cell(few(missing, 3), "dim"),
                _note(target.model(entry["name"])),
            )
        )
    columns = ("name", "stands for", "state", "#lacks", "first few", "what it is")
    page.table(columns, rows)
    return page


def _note(cls: Any) -> str:
    """What is to be said of a model or version, as ``-cpu help`` does."""
    if cls.definition is None:
        return str(cls.description)
    version = _version(cls)
    note = f" [{version.note}]" if version is not None and version.note else ""
    return f"{_model_id(cls)}{note}".strip()


def _version(cls: Any) -> Version | None:
    return next(
        (each for each in cls.definition.versions if each.number == cls.model_version), None
    )


def _model_id(cls: Any) -> str:
    """The model-id of a version; of a plain name that of the definition."""
    found = cls.definition.scalars["model-id"]
    for version in cls.definition.up_to(cls.model_version):
        found = dict(version.props).get("model-id", found)
    return str(found)


def record(entry: CpuDefinition, target: Target) -> dict[str, Any]:
    """A model in detail: its definition, as the machine type's release has it."""
    cls = target.model(entry["name"])
    detail: dict[str, Any] = {
        **entry,
        "release": target.release.name,
        "machine": target.machine.name,
        "description": _note(cls),
        "parents": list(target.types.ancestors(cls.typename)),
    }
    definition = cls.definition
    if definition is None:
        return detail
    words = zip(cls.facts.features.words, definition.words, strict=True)
    detail |= {
        "definition": definition.name,
        "version": version_of(cls, target.context.default_cpu_version),
        "deprecation": definition.deprecated,
        "scalars": dict(definition.scalars),
        "features": {word.name: word.names(bits) for word, bits in words if word.names(bits)},
        "props": dict(definition.props),
        "caches": caches(definition.caches),
        "versions": [
            {
                "version": version.number,
                "typename": f"{definition.name}-v{version.number}",
                "alias": version.alias,
                "note": version.note,
                "props": dict(version.props),
                "caches": caches(version.caches),
            }
            for version in definition.versions
        ],
    }
    return detail


def caches(name: str | None) -> dict[str, Any] | None:
    """A cache description by name; None for the legacy caches."""
    if name is None:
        return None
    found: dict[str, Any] = next(
        (each for each in load("caches.json")["caches"] if each["name"] == name), {"name": name}
    )
    return found


def one(detail: dict[str, Any], target: Target) -> Page:
    """A model in detail, for people."""
    page = Page()
    page.title(f"{detail['name']} on {about(target)}")
    page.text(detail["description"])
    facts = [
        ("type", [detail["typename"], "<", " < ".join(detail["parents"])]),
        ("stands for", [detail["alias-of"]] if "alias-of" in detail else []),
        ("deprecated", [detail["deprecation"]] if detail.get("deprecation") else []),
        ("lacks", detail["unavailable-features"]),
    ]
    if "definition" in detail:
        facts[1:1] = [(name, [shown(value)]) for name, value in detail["scalars"].items()]
        facts += [(name, [shown(value)]) for name, value in detail["props"].items()]
    page.words((label, words) for label, words in facts if words)
    if "definition" in detail:
        page.heading(f"features of {detail['definition']}")
        page.words(detail["features"].items())
        _caches(page, detail)
        _versions(page, detail)
    return page


def _caches(page: Page, detail: dict[str, Any]) -> None:
    used = [detail["caches"], *(version["caches"] for version in detail["versions"])]
    known = {each["name"]: each for each in used if each is not None}
    if not known:
        page.heading("caches: the legacy ones")
        return
    page.heading("caches")
    rows = []
    for name, description in known.items():
        for key, cache in description.items():
            if isinstance(cache, dict):
                size = f"{cache['size'] >> 10} KiB"
                shape = [str(cache.get(part, "")) for part in ("associativity", "line-size")]
                rows.append((name, key, size, *shape, str(cache.get("share-level", ""))))
    page.table(("description", "cache", "#size", "#ways", "#line", "shared by a"), rows)


def _versions(page: Page, detail: dict[str, Any]) -> None:
    page.heading("versions, each as it changes the one before")
    rows = []
    for version in detail["versions"]:
        changes = [
            (("+" if value else "-") + name)
            if isinstance(value, bool)
            else f"{name}={shown(value)}"
            for name, value in version["props"].items()
        ]
        if version["caches"]:
            changes.append(f"caches={version['caches']['name']}")
        mine = version["version"] == detail["version"]
        name = Cell(version["typename"], "strong") if mine else version["typename"]
        rows.append((name, version["alias"] or "", version["note"] or "", ", ".join(changes)))
    page.table(("version", "alias", "note", "changes"), rows)
