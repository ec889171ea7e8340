"""What guests of live QEMU found in CPUID, and which table KVM was given.

As in `tests.conformance.recordings` a part is kept in ``tests/data/cpuid``, and a checkout that has
the whole recordings beside it reads them there.  Run as it is, this module makes the kept part.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "tests" / "data" / "cpuid"
SHARED = ROOT.parent / "shared" / "oracle" / "cpu"
RELEASES = {"11.1": "qemu-11.1.3", "7.2": "qemu-7.2.22"}

Dump = dict[tuple[int, int], tuple[int, ...]]


class Case(NamedTuple):
    """A command line, and what CPUID said; None where QEMU refused it."""

    machine: str
    cpu: str | None
    smp: str | None
    globals: tuple[str, ...]
    cpuid: Dump | None

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of a VirtualMachine."""
        return {"machine": self.machine, "cpu": self.cpu, "smp": self.smp, "globals": self.globals}

    def __str__(self) -> str:
        more = [f"-smp {self.smp}"] if self.smp else []
        more += [f"-global {text}" for text in self.globals]
        return " ".join(filter(None, (self.machine, self.cpu, *more)))


class KvmCase(NamedTuple):
    """A command line under KVM of a host, and the entries that KVM was given."""

    case: Case
    host: Path
    entries: list[tuple[int, ...]]


def cases(release: str, source: str) -> Iterator[Case]:
    """The recorded guests of a release, ``"kept"`` or ``"shared"``."""
    for record in _read(KEPT / f"{release}.json.xz") if source == "kept" else _shared(release):
        case, dump = record["case"], record["cpuid"]
        found = None
        if dump is not None:
            found = {
                (int(leaf, 16), int(subleaf, 16)): tuple(int(word, 16) for word in text.split())
                for (leaf, subleaf), text in ((key.split("."), text) for key, text in dump.items())
            }
        yield _case(case, found)


def kvm_cases(release: str) -> Iterator[KvmCase]:
    """The recorded vCPUs under KVM of this release; only the shared recordings have them."""
    folder = RELEASES[release]
    paths = [
        *sorted((SHARED / folder).glob("vcpu-*-kvm.json.xz")),
        *sorted((SHARED / "kvm-hosts" / folder).glob("*-vcpus.json.xz")),
    ]
    for path in paths:
        data = _read(path)
        host = SHARED / "kvm-host.json"
        if path.name.endswith("-vcpus.json.xz"):
            name = path.name.removesuffix("-vcpus.json.xz")
            host = SHARED / "kvm-hosts" / "hosts" / f"{name}.json"
        for row in data["results"]:
            if "set-cpuid" in row:
                lines = data["values"][row["set-cpuid"]]
                lines = lines.splitlines() if isinstance(lines, str) else lines
                entries = [tuple(int(word, 16) for word in line.split()) for line in lines]
                yield KvmCase(_case(row["case"], None), host, entries)


def _case(case: dict[str, Any], dump: Dump | None) -> Case:
    texts = tuple(case.get("global", ()))
    return Case(case["machine"], case.get("cpu"), case.get("smp"), texts, dump)


@cache
def _read(path: Path) -> Any:
    with lzma.open(path, "rt", encoding="utf-8") as file:
        return json.load(file)


def _shared(release: str) -> Iterator[dict[str, Any]]:
    folder = SHARED / RELEASES[release]
    data = _read(folder / "cpuid-cases-tcg.json.xz")
    dumps = _tables(data["dicts"])
    for row in data["results"]:
        yield {"case": row["case"], "cpuid": _at(dumps, row["cpuid"])}
    data = _read(folder / "cpuid-matrix-tcg.json.xz")
    dumps = _tables(data["dicts"])
    for machine, row in data["results"].items():
        for model, (number, *_) in row.items():
            yield {"case": {"machine": machine, "cpu": model}, "cpuid": _at(dumps, number)}


def _at(dumps: list[dict[str, str]], number: int | None) -> dict[str, str] | None:
    return None if number is None else dumps[number]


def _tables(entries: list[dict[str, Any]]) -> list[dict[str, str]]:
    full: list[dict[str, str]] = []
    for entry in entries:
        props = entry["props"] if "props" in entry else {**full[entry["base"]], **entry["set"]}
        full.append({name: props[name] for name in props if name not in entry.get("del", ())})
    return full


def keep() -> None:
    """Write the kept part: every eleventh case and every hundred-and-first cell."""
    for release in RELEASES:
        every = list(_shared(release))
        chosen = [each for each in every if "id" in each["case"]][::11]
        chosen += [each for each in every if "id" not in each["case"]][::101]
        with lzma.open(KEPT / f"{release}.json.xz", "wt", encoding="utf-8", preset=9) as file:
            json.dump(chosen, file, separators=(",", ":"))


if __name__ == "__main__":
    keep()
