"""What a release makes of machine data: lifetimes, alternatives and retirement.

A record, a list entry or one alternative of a field carries ``since`` and ``until`` where not all
releases have it (`pyqom.release.Release.knows`).  A field that has another value in another
release is written as alternatives::

    "cpu-max": [{"until": "11.1", "value": 288}, {"since": "11.1", "value": 4096}]

A versioned machine type lives from the release of its own version; QEMU's _MACHINE_IS_EXPIRED
(include/hw/boards.h) decides when it is deprecated and when it is no longer registered.  The years
for that, and the release from which QEMU counts them, are the ``retirement`` data.
"""

from __future__ import annotations

from pyqom.release import release_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from pyqom.release import Release

ABSENT = object()


def known(record: Mapping[str, Any], release: Release) -> bool:
    """Whether the record's lifetime includes the release."""
    return release.knows(record.get("since"), record.get("until"))


def chosen(value: Any, release: Release) -> Any:
    """The value itself, or the alternative that this release has; ABSENT if it has none."""
    if not (isinstance(value, list) and value and isinstance(value[0], dict)):
        return value
    for alternative in value:
        if known(alternative, release):
            return alternative["value"]
    return ABSENT


def overlay(target: dict[str, Any], fields: Mapping[str, Any], release: Release) -> None:
    """Set in target what the fields say in this release, as a class_init does after its parent's.

    A field that no alternative gives to the release stays as it was.
    """
    for name, value in fields.items():
        value = chosen(value, release)
        if value is not ABSENT:
            target[name] = value


def names(entries: Iterable[Any], release: Release) -> tuple[str, ...]:
    """Names given plainly or as ``{"name": ..., "since": ...}``, those the release knows."""
    return tuple(
        entry if isinstance(entry, str) else entry["name"]
        for entry in entries
        if isinstance(entry, str) or known(entry, release)
    )


def expired(version: str, release: Release, years: int) -> bool:
    """Whether a machine version is `years` major releases old (QEMU's rule for formal releases)."""
    major, minor = release_key(version)[:2]
    age = release.key[0] - major
    return age > years or (age == years and release.key[1] >= minor)


def retirement(rules: Iterable[Mapping[str, Any]], release: Release) -> Mapping[str, Any] | None:
    """The retirement rule that this release follows, None where old versions stay."""
    return next((rule for rule in rules if known(rule, release)), None)


def alive(record: Mapping[str, Any], release: Release, rule: Mapping[str, Any] | None) -> bool:
    """Whether a release has this version of a machine type: not before it, and not retired."""
    version = record["version"]
    if release_key(version)[:2] > release.key or not known(record, release):
        return False
    return rule is None or not expired(version, release, rule["deleted-after"])
