"""What live QEMU answered under KVM on invented hosts (``tests/data/kvm``)."""

from __future__ import annotations

import json
import lzma
from functools import cache
from pathlib import Path
from typing import Any

from pyqom.hosts import Host
from pyqom.hosts.reading import host_of
from pyqom.reports import Reports

ROOT = Path(__file__).parents[2]
FILE = ROOT / "tests" / "data" / "kvm" / "recordings.json.xz"
RELEASES = ("7.2", "11.1")


@cache
def content() -> dict[str, Any]:
    return json.loads(lzma.decompress(FILE.read_bytes()))


@cache
def host(seed: int) -> Host:
    """The host of a seed."""
    recorded = content()
    own = recorded["hosts"][str(seed)]
    merged = {**recorded["base"], **own}
    merged["extensions"] = {**recorded["base"]["extensions"], **own.get("extensions", {})}
    return host_of(merged, f"seed {seed}")


def cases(kind: str) -> list[Any]:
    """(release, number) of the cases that have a member `kind`."""
    return [
        (release, number)
        for release in RELEASES
        for number, case in enumerate(content()[release])
        if kind in case
    ]


def expansion(release: str, change: dict[str, Any]) -> dict[str, Any]:
    """The properties of a recorded expansion."""
    props = {**content()[f"{release}-base"], **change["set"]}
    return {name: value for name, value in props.items() if name not in change["del"]}


def said(reports: Reports) -> list[str]:
    """The reports as QEMU prints them, less the program and the option."""
    lines = []
    for report in reports:
        kind = "warning: " if report.level == "warning" else ""
        lines += f"{kind}{report}".split("\n")
    return lines


def without_location(lines: list[str]) -> list[str]:
    return [
        line.partition(": ")[2] if line.startswith("-accel kvm") else line for line in lines
    ]
