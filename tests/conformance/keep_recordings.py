"""Make ``tests/data/oracle`` from whole recordings; run as it is, without arguments.

Needs the recordings beside the checkout; takes a fair part of the machine types, among them each
that has a definition list of its own, and everything that is recorded once a release.
"""

from __future__ import annotations

import json
import lzma
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.conformance.recordings import KEPT, RELEASES, TYPES, recorded

MACHINES = {
    "11.1": (
        *("pc-q35-11.1", "pc-q35-10.0", "pc-i440fx-9.0", "pc-q35-8.0", "pc-i440fx-6.0"),
        *("pc-q35-5.2", "microvm", "isapc", "none"),
    ),
    "7.2": (
        *("pc-q35-7.2", "pc-i440fx-6.0", "pc-q35-4.1", "pc-i440fx-4.0", "pc-i440fx-3.0"),
        *("pc-q35-2.10", "pc-i440fx-2.4", "pc-i440fx-2.1", "pc-i440fx-1.6", "pc-i440fx-1.4"),
        *("isapc", "none"),
    ),
}


def part(content: dict[str, Any], machines: tuple[str, ...]) -> dict[str, Any]:
    """The recordings of some machine types."""
    dicts = Renumbered(content["dicts"])
    lists = Renumbered(content["definition_lists"])
    names = {
        name: info
        for name, info in content["qom-types"]["types"].items()
        if name.endswith("-x86_64-cpu") or name in ("x86_64-cpu", "cpu", "device")
    }
    implements = content["qom-types"]["implements"]
    listed = content["definitions"]
    return {
        "provenance": content["provenance"],
        **{
            type: {
                machine: {model: dicts.add(at) for model, at in content[type][machine].items()}
                for machine in machines
            }
            for type in TYPES
        },
        "definitions": {machine: lists.add(listed[machine]) for machine in machines},
        "stderr": {name: text for name, text in content["stderr"].items() if name in machines},
        "dicts": dicts.entries,
        "definition_lists": lists.entries,
        "cases": content["cases"],
        "properties": {name: content["properties"][name] for name in ("types", "lists")},
        "qom-types": {
            "types": names,
            "implements": {name: implements[name] for name in ("cpu", "x86_64-cpu")},
        },
    }


class Renumbered:
    """A part of a table whose entries may be based on earlier ones."""

    def __init__(self, table: list[Any]) -> None:
        self.table = table
        self.numbers: dict[int, int] = {}
        self.entries: list[Any] = []

    def add(self, number: int) -> int:
        if number not in self.numbers:
            entry = self.table[number]
            if isinstance(entry, dict) and "base" in entry:
                entry = {**entry, "base": self.add(entry["base"])}
            self.numbers[number] = len(self.entries)
            self.entries.append(entry)
        return self.numbers[number]


def main() -> None:
    for release in RELEASES:
        kept = part(recorded(release, "shared").content, MACHINES[release])
        text = json.dumps(kept, separators=(",", ":"), sort_keys=True).encode()
        path = KEPT / f"{release}.json.xz"
        path.write_bytes(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
