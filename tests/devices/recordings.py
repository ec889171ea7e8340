"""What live QEMU answered about its types, in part kept in ``tests/data/devices``.

A checkout that has the whole recordings beside it finds them, too.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "tests" / "data" / "devices"
SHARED = ROOT.parent / "shared" / "oracle" / "devices"
SHARED_QMP = SHARED.parent / "qmp"

RELEASES = {"7.2": "qemu-7.2.22", "11.1": "qemu-11.1.3"}
QUERIES = ("qom-list-properties", "device-list-properties")
DIED = {"died": True}
"""In place of a reply: this QEMU crashed on the question."""


@cache
def recorded(release: str, source: str) -> dict[str, Any]:
    """The recordings of a release, ``"kept"`` in this checkout or ``"shared"`` beside it."""
    if source == "kept":
        path = KEPT / f"{release}.json.xz"
    else:
        path = SHARED / f"types-{RELEASES[release].removeprefix('qemu-')}.json.xz"
    content: dict[str, Any] = json.loads(lzma.decompress(path.read_bytes()))
    return content


def sources() -> Iterator[tuple[str, str]]:
    """(release, source) of all recordings that are here."""
    for release in RELEASES:
        yield release, "kept"
        if SHARED.is_dir():
            yield release, "shared"
