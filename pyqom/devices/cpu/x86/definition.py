"""What a CPU model is: its definition, compiled from a record for one release.

A record (``data/models/*.json``, or a user's file; its shape is ``schema/cpu-models.json``) is
QEMU's ``X86CPUDefinition``: features by name, identification, levels, caches, and versions that
each change properties of the version before it.  Compiling one turns the features into words and
leaves the versions as ordered property assignments, so that each remains a layer of its own.
"""

from __future__ import annotations

from pyqom.devices.cpu.x86.data import known, within
from pyqom.devices.cpu.x86.features import features, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pyqom.release import Release

    Value = bool | int | str

LATEST = "latest"
"""Default CPU version of machine types that follow the newest version (``CPU_VERSION_LATEST``)."""
LEGACY = "legacy"
"""Default CPU version of machine types from before versions (``CPU_VERSION_LEGACY``)."""


class Version:
    """One version of a model: its number, alias, note, and the properties that it changes."""

    __slots__ = ("alias", "caches", "note", "number", "props")

    def __init__(self, record: Mapping[str, Any], release: Release) -> None:
        self.number: int = record["version"]
        self.alias: str | None = within(record.get("alias"), release)
        self.note: str | None = within(record.get("note"), release)
        self.caches: str | None = within(record.get("caches"), release)
        self.props = properties(record, release)


class Definition:
    """One CPU model of one release.

    ``record`` is what it was compiled from, ``scalars`` are the identification and levels by
    property name, ``words`` the feature words, ``props`` what else the record sets; ``versions`` at
    least one, in order.
    """

    __slots__ = (
        "avx10_version", "caches", "deprecated", "features", "name", "props", "record", "release",
        "scalars", "versions", "words",
    )  # fmt: skip

    def __init__(self, record: Mapping[str, Any], release: Release) -> None:
        self.name: str = record["name"]
        self.record = record
        self.release = release
        self.deprecated: str | None = within(record.get("deprecated"), release)
        self.caches: str | None = within(record.get("caches"), release)
        self.avx10_version: int = within(record.get("avx10-version", 0), release) or 0
        self.features: list[str] = [
            name
            for entries in record.get("features", {}).values()
            for name in known(entries, release)
        ]
        self.words = features(release).words_of(self.features)
        self.scalars: dict[str, Value] = {
            "min-level": number(record["level"]),
            "min-xlevel": number(record.get("xlevel", 0)),
            "family": record["family"],
            "model": record["model"],
            "stepping": record["stepping"],
            "model-id": record["model-id"],
            "vendor": record["vendor"],
        }
        self.props = properties(record, release)
        versions = known(record.get("versions", ()), release) or [{"version": 1}]
        self.versions = tuple(Version(version, release) for version in versions)

    def resolve(self, default: int | str) -> int | None:
        """The version that the plain model name means where `default` is the machine's default.

        None where there is none: a machine type from before versions.
        """
        if default == LEGACY:
            return None
        return self.versions[-1].number if default == LATEST else int(default)

    def up_to(self, version: int | None) -> tuple[Version, ...]:
        """The versions whose changes make `version`, in order; none for None.

        Raises ValueError where the model has no such version.
        """
        if version is None:
            return ()
        for i, candidate in enumerate(self.versions, 1):
            if candidate.number == version:
                return self.versions[:i]
        raise ValueError(f"{self.name} has no version {version}")

    def __repr__(self) -> str:
        return f"<Definition {self.name}>"


def properties(record: Mapping[str, Any], release: Release) -> tuple[tuple[str, Value], ...]:
    """The property assignments of a definition or a version, in order."""
    return tuple(
        (name, value)
        for name, entry in record.get("props", {}).items()
        if (value := within(entry, release)) is not None
    )
