"""The QEMU releases whose facts pyqom carries.

A *release* is a name such as ``"11.1"``.  What it knows is data: a fact that not all carried
releases know has a *lifetime*, ``since`` (the first carried release that has it) and ``until``
(the first carried release that no longer has it).  What cannot be data is a *rule*: a named
behaviour, implemented once, which a release has or has not.  Rules stand in
``pyqom/data/releases.json``; a further release is one more record there, and the lifetimes of
what changed in between.  A lifetime in a data file is changed there.  One that stands where a class
is declared need not be touched: the release's record names what it ``has`` or ``lacks`` against it.
"""

from __future__ import annotations

import os.path

from pyqom.quick import memo, read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

DATA = os.path.join(os.path.dirname(__file__), "data", "releases.json")


@memo
def release_key(name: str) -> tuple[int, ...]:
    """What a release or machine version compares by: ``"11.1"`` -> ``(11, 1)``.

    Raises ValueError where a part of the name is no number.
    """
    return tuple(int(part) for part in name.split("."))


class Release:
    """One carried QEMU release; immutable, and one object for each name.

    ``name`` is what ``--release`` takes (``"11.1"``), ``key`` what it compares by (``(11, 1)``),
    ``version`` and ``package`` what ``query-version`` answers (``(11, 1, 3)``, the distribution's
    package), ``rules`` the names of the behaviours this release has and another has not.
    ``declared`` says of what classes declare with a lifetime that does not fit this release, by
    name (``"x86_64-cpu.module-id"``), whether the release has it.
    """

    __slots__ = ("declared", "key", "name", "package", "rules", "version")

    def __init__(
        self,
        name: str,
        version: tuple[int, int, int],
        package: str,
        rules: frozenset[str],
        declared: Mapping[str, bool] | None = None,
    ) -> None:
        self.name = name
        self.key = release_key(name)
        self.version = version
        self.package = package
        self.rules = rules
        self.declared = declared or {}

    def knows(self, since: str | None, until: str | None) -> bool:
        """Whether a fact with this lifetime is one of this release's (``until`` is exclusive)."""
        if since is not None and self.key < release_key(since):
            return False
        return until is None or self.key < release_key(until)

    def __repr__(self) -> str:
        return f"<Release {self.name}>"


def _release(record: dict[str, Any]) -> Release:
    major, minor, micro = record["version"]
    rules = frozenset(record["rules"])
    declared = dict.fromkeys(record.get("has", ()), True)
    declared.update(dict.fromkeys(record.get("lacks", ()), False))
    return Release(record["name"], (major, minor, micro), record["package"], rules, declared)


@memo
def _carried() -> tuple[str, dict[str, Release]]:
    """The default release's name, and all releases by name, oldest first."""
    data = read_json(DATA, "default", "releases")
    known = sorted(map(_release, data["releases"]), key=lambda release: release.key)
    return data["default"], {release.name: release for release in known}


def releases() -> tuple[Release, ...]:
    """All carried releases, the oldest first."""
    return tuple(_carried()[1].values())


def get(name: str | None = None) -> Release:
    """The release of this name; the default release for None.

    Raises `pyqom.errors.UnknownRelease` where no carried release has the name.
    """
    default, known = _carried()
    release = known.get(default if name is None else name)
    if release is None:
        from pyqom.errors import UnknownRelease

        text = f"unknown release '{name}', pyqom carries {', '.join(known)}"
        raise UnknownRelease(text, str(name), known)
    return release
