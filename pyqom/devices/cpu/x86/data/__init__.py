"""The x86 CPU definitions as data, and how a release reads them.

A fact that only some releases know has a lifetime (`pyqom.release`): an object with ``since`` or
``until``.  A bare value is known to all.
"""

from __future__ import annotations

import os.path

from pyqom.quick import memo, read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.release import Release

FOLDER = os.path.dirname(__file__)

MEMBERS = {
    "aliases.json": ("aliases",),
    "caches.json": ("caches",),
    "cpuid-descriptors.json": ("unknown", "descriptors"),
    "cpuid-fields.json": ("values", "leaves"),
    "cpuid.json": ("absent", "table"),
    "dependencies.json": ("dependencies", "conflicts", "avx10-versions"),
    "features.json": ("words",),
    "levels.json": ("words", "features"),
    "xsave.json": ("areas",),
}
"""What each file must have; those of models have ``models``."""


@memo
def load(name: str) -> Any:
    """The content of a data file of this folder, read once; not to be changed."""
    return read_json(os.path.join(FOLDER, name), *MEMBERS.get(name, ("models",)))


def within(entry: Any, release: Release) -> Any:
    """What `release` knows of an entry; None where the lifetime leaves it out.

    An entry that is only a lifetime around a ``name`` or a ``value`` yields just that.
    """
    if not isinstance(entry, dict):
        return entry
    if not release.knows(entry.get("since"), entry.get("until")):
        return None
    for content in ("name", "value"):
        if content in entry and entry.keys() <= {content, "since", "until"}:
            return entry[content]
    return entry


def known(entries: Any, release: Release) -> list[Any]:
    """What `release` knows of a list of entries, in order."""
    return [found for entry in entries if (found := within(entry, release)) is not None]
