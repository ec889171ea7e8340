"""Whether the names in machine definitions fit together."""

from __future__ import annotations

from pyqom.errors import BadData
from pyqom.release import release_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    Record = Mapping[str, Any]
    Fault = tuple[str, str]


def check(data: Record) -> None:
    """Raise `BadData` with every fault (path in the data, text) that the definitions have."""
    try:
        faults = [*_types(data), *_families(data), *_lists(data)]
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        faults = [("", f"not the shape of machine definitions: {exc!r}")]
    if faults:
        raise BadData("machine definitions have faults", faults)


def _types(data: Record) -> Iterator[Fault]:
    parents = {record["name"]: record["parent"] for record in data["types"]}
    for index, record in enumerate(data["types"]):
        path, seen, name = f"types[{index}]", set(), record["name"]
        while name in parents and name not in seen:
            seen.add(name)
            name = parents[name]
        if name in seen:
            yield path, f"type '{record['name']}' is its own ancestor"
        elif name not in ("object", "interface"):
            yield path, f"type '{record['name']}' has the unknown ancestor '{name}'"


def _families(data: Record) -> Iterator[Fault]:
    types = {record["name"] for record in data["types"]}
    lists = {record["name"] for record in data["lists"]}
    for index, family in enumerate(data["families"]):
        path = f"families[{index}]"
        if family["parent"] not in types:
            yield path, f"unknown parent '{family['parent']}'"
        records = [(path, family)]
        versions = list(family.get("versions", ()))
        records += [(f"{path}.versions[{at}]", each) for at, each in enumerate(versions)]
        for where, record in records:
            for name in record.get("compat", ()):
                if name not in lists:
                    yield f"{where}.compat", f"unknown compat list '{name}'"
        keys = [release_key(version["version"]) for version in versions]
        for at in range(1, len(keys)):
            if keys[at] >= keys[at - 1]:
                yield f"{path}.versions[{at}]", "versions stand newest first, each once"


def _lists(data: Record) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, record in enumerate(data["lists"]):
        if record["name"] in seen:
            yield f"lists[{index}]", f"compat list '{record['name']}' is there twice"
        seen.add(record["name"])
