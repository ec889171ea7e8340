"""Samples of hosts: the repository's own, and recordings that lie beside a checkout."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from pyqom.errors import BadData
from pyqom.hosts import Host

DATA = Path(__file__).parents[1] / "data" / "hosts"

SHARED = Path(__file__).parents[3] / "shared" / "oracle"
"""Recordings of more hosts, where they lie beside the checkout."""

RECORDED = sorted([*SHARED.glob("cpu/kvm-host.json"), *SHARED.glob("cpu/kvm-hosts/hosts/*.json")])
LEAVES = sorted(SHARED.glob("hosts/*.json"))

WHY_NOT = "no recordings of more hosts beside the checkout"


@cache
def _genoa() -> Any:
    return json.loads((DATA / "genoa.json").read_text(encoding="utf-8"))


def genoa(**changes: Any) -> Any:
    """The content of the sample record, with members changed; ... leaves one out."""
    content = copy.deepcopy(_genoa()) | changes
    return {member: value for member, value in content.items() if value is not ...}


INTEL: list[list[int]] = [
    [0, 0, 0x16, 0x756E6547, 0x6C65746E, 0x49656E69],
    [1, 0, 0x000506E3, 0x00100800, 0x7FFAFBBF, 0xBFEBFBFF],
    [7, 0, 0, 0x029C6FBF, 0, 0xBC002400],
    [0xD, 0, 0x1F, 0x440, 0x440, 0],
    [0xD, 1, 0xF, 0x3C0, 0x100, 0],
    [0xD, 2, 0x100, 0x240, 0, 0],
    [0xD, 3, 0x40, 0x3C0, 0, 0],
    [0xD, 4, 0x40, 0x400, 0, 0],
    [0x80000000, 0, 0x80000008, 0, 0, 0],
    [0x80000001, 0, 0, 0, 0x121, 0x2C100800],
    [0x80000007, 0, 0, 0, 0, 0x100],
    [0x80000008, 0, 0x3027, 0, 0, 0],
]
"""The leaves of an invented CPU of Intel's, with VMX, MPX and what hides speculation."""


def tried(read: Callable[..., Host], *arguments: Any) -> Host | BadData:
    """A host, or why there is none, with a text for every fault."""
    try:
        return read(*arguments)
    except BadData as error:
        told = error.faults and all(text for _, text in error.faults)
        if not told or "is not as the schema has it" in str(error):
            raise AssertionError(f"not told what is wrong: {error}") from error
        return error
