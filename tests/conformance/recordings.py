"""What live QEMU answered about x86 CPU models, in the form that tests compare with.

A set of recordings is one release's; `recorded` finds the part kept in ``tests/data/oracle`` (see
its README) and, in a checkout that has them beside it, all of them.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "tests" / "data" / "oracle"
SHARED = ROOT.parent / "shared" / "oracle" / "cpu"

RELEASES = {"11.1": "qemu-11.1.3", "7.2": "qemu-7.2.22"}
TYPES = ("full", "static")


class Recording(NamedTuple):
    """The recordings of one release: where they stand, and their content as it stands there."""

    release: str
    source: str
    content: dict[str, Any]

    def expansion(self, machine: str, type: str, model: str) -> dict[str, Any]:
        """The properties of a recorded expansion; not to be changed."""
        number: int = self.content[type][machine][model]
        return tables(self.source, self.release)[number]

    def definitions(self, machine: str) -> list[dict[str, Any]]:
        """The recorded ``query-cpu-definitions``, sorted by name."""
        found: list[dict[str, Any]] = self.content["definition_lists"][
            self.content["definitions"][machine]
        ]
        return found


@cache
def recorded(release: str, source: str) -> Recording:
    """The recordings of a release, ``"kept"`` in this checkout or ``"shared"`` beside it."""
    if source == "kept":
        return Recording(release, source, read(KEPT / f"{release}.json.xz"))
    folder = SHARED / RELEASES[release]
    content = read(folder / "expansions-tcg.json.xz")
    content["cases"] = read(folder / "expansion-cases-tcg.json")["cases"]
    content["properties"] = read(folder / "cpu-properties.json")
    content["qom-types"] = read(folder / "qom-types.json")
    return Recording(release, source, content)


@cache
def tables(source: str, release: str) -> list[dict[str, Any]]:
    """The recorded property dictionaries: each a root, or an earlier one with changes."""
    full: list[dict[str, Any]] = []
    for entry in recorded(release, source).content["dicts"]:
        if "props" in entry:
            props = entry["props"]
        else:
            props = {**full[entry["base"]], **entry["set"]}
        gone = entry.get("del", ())
        full.append({name: value for name, value in props.items() if name not in gone})
    return full


def sources() -> Iterator[tuple[str, str]]:
    """(release, source) of all recordings that are here."""
    for release in RELEASES:
        yield release, "kept"
        if SHARED.is_dir():
            yield release, "shared"


def read(path: Path) -> Any:
    if path.suffix == ".xz":
        with lzma.open(path, "rt", encoding="utf-8") as file:
            return json.load(file)
    return json.loads(path.read_text(encoding="utf-8"))


def exact(value: Any) -> Any:
    """A JSON value in which 1, 1.0 and True differ; the order of an object's members is lost."""
    if isinstance(value, dict):
        return {name: exact(member) for name, member in value.items()}
    if isinstance(value, list):
        return [exact(member) for member in value]
    return value.__class__, value


def same(want: dict[str, Any], got: dict[str, Any]) -> bool:
    """Whether `exact` finds two objects alike; much faster where the members are scalars."""
    if want != got:
        return False
    return [got[name].__class__ for name in want] == [value.__class__ for value in want.values()]


def differences(want: dict[str, Any], got: dict[str, Any]) -> list[str]:
    """What differs between two objects, in a line each."""
    return [
        f"{name}: QEMU {want.get(name, 'nothing')!r}, pyqom {got.get(name, 'nothing')!r}"
        for name in sorted(want.keys() | got.keys())
        if exact(want.get(name, ...)) != exact(got.get(name, ...))
    ]
