"""A model that starts from another one: what its record says on top of its parent's.

The record of a ``parent`` model is completed here to one that stands for itself, so that a
definition is compiled from it as from any other.
"""

from __future__ import annotations

from pyqom.devices.cpu.x86.data import known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pyqom.devices.cpu.x86.definition import Definition, Version

INHERITED = (
    "vendor", "family", "model", "stepping", "level", "xlevel", "avx10-version", "model-id",
)  # fmt: skip
"""What a record has from its parent where it says nothing itself."""

SETS = {"level": "min-level", "xlevel": "min-xlevel"}
"""The properties that members of a record set, where they have another name."""


def derived(record: Mapping[str, Any], parent: Any) -> dict[str, Any]:
    """The whole record of a model whose ``parent`` is the class `parent`.

    The parent counts as of its version; its plain name means version 1, as it does on the ``pc``
    and ``q35`` machine types.  Features of the record are added to the parent's, those it names in
    ``without`` are taken away, its other members override the parent's.  Notes, aliases and a
    deprecation are the parent's own and not inherited.
    """
    base: Definition = parent.definition
    versions = base.up_to(parent.model_version or base.versions[0].number)
    without = frozenset(record.get("without", ()))
    added = {word: known(names, base.release) for word, names in record.get("features", {}).items()}
    whole = {member: base.record[member] for member in INHERITED if member in base.record}
    whole["caches"] = _caches(base, versions)
    whole.update({k: v for k, v in record.items() if k not in ("parent", "without")})
    whole["features"] = _features(base, added, without)
    # What the record says itself, no property of the parent's versions overrides.
    named = without.union(*added.values(), (SETS.get(member, member) for member in record))
    assigned = [*base.props, *(pair for version in versions for pair in version.props)]
    whole["props"] = {name: value for name, value in assigned if name not in named}
    whole["props"].update(record.get("props", {}))
    return whole


def _features(
    base: Definition, added: Mapping[str, list[str]], without: frozenset[str]
) -> dict[str, list[str]]:
    """The feature lists of the parent, without some names and with some more."""
    lists = {
        word: [name for name in known(names, base.release) if name not in without]
        for word, names in base.record.get("features", {}).items()
    }
    for word, names in added.items():
        kept = lists.setdefault(word, [])
        kept += [name for name in names if name not in kept]
    return lists


def _caches(base: Definition, versions: tuple[Version, ...]) -> str | None:
    """The parent's caches as of its version (`loading.caches_of`)."""
    caches = base.caches
    if "versions-have-caches" in base.release.rules:
        for version in versions:
            caches = version.caches or caches
    return caches
