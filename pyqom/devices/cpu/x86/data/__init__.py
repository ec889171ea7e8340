"""The x86 CPU definitions as data, and how a release reads them.

A fact that only some releases know has a lifetime (`pyqom.release`): an object with ``since`` or
``until``.  A bare value is known to all.
"""

from __future__ import annotations

import json
import os.path
from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.release import Release

FOLDER = os.path.dirname(__file__)


@cache
def load(name: str) -> Any:
    """The content of a data file of this folder, read once; not to be changed."""
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return json.load(file)


def within(entry: Any, release: Release) -> Any:
    """What `release` knows of an entry: its value, or None where the lifetime leaves it out.

    The value of an object with only a ``name`` beside its lifetime is that name.
    """
    if not isinstance(entry, dict):
        return entry
    if not release.knows(entry.get("since"), entry.get("until")):
        return None
    if "name" in entry and entry.keys() <= {"name", "since", "until"}:
        return entry["name"]
    return entry
