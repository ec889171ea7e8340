"""Machine types made from their definitions: types, families, versions and compat lists.

The shape of the definitions is ``schema/machines.json`` (types, families and their versions) and
``schema/compat.json`` (the compat lists).  A machine type is computed from them as QEMU's chain of
class_init and ``*_machine_options`` functions does: the abstract types from the top down, the
family, then every version below the release's newest down to its own.

A further release is data: a record in ``pyqom/data/releases.json``; its new versions at the top of
each family with the lists that the versions below them gain; and, if it lies between two carried
releases, ``since`` and ``until`` of what changed there.
"""

from __future__ import annotations

from pyqom import release as releases
from pyqom.machines import lifetime
from pyqom.machines.compat import CompatEntry, CompatList
from pyqom.machines.machine import MachineType
from pyqom.machines.order import slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from pyqom.release import Release

    Record = Mapping[str, Any]


class Definitions:
    """Machine type definitions, and the machine types that follow from them.

    A machine type is computed when first asked for and kept.  `add` puts in one of a user's own;
    do that on a `copy`, so that nobody else sees it.
    """

    def __init__(self, data: Record, lists: Callable[[], Sequence[Record]]) -> None:
        self._data = data
        self._types: dict[str, Record] = {record["name"]: record for record in data["types"]}
        self._families: dict[str, Record] = {each["family"]: each for each in data["families"]}
        self._read_lists = lists
        self._lists: dict[str, Record] = {}
        self._named: dict[str, dict[str, tuple[Record, str | None]]] = {}
        self._known: dict[tuple[str, str], list[Record]] = {}
        self._made: dict[tuple[str, str], MachineType] = {}
        self._made_lists: dict[tuple[str, str | None, str], CompatList] = {}
        self._own: dict[str, MachineType] = {}

    def copy(self) -> Definitions:
        """The same definitions, to which machine types can be added without touching these."""
        twin = Definitions(self._data, self._read_lists)
        twin._own = dict(self._own)
        return twin

    def add(self, machine: MachineType) -> None:
        """Make a machine type of one's own known by its name (see `MachineType.derive`)."""
        self._own[machine.name] = machine

    def find(
        self, name: str | MachineType | None = None, release: str | None = None
    ) -> MachineType:
        """The machine type of that name or alias ("none" for None; a MachineType is itself).

        Without a release the default one is asked first, then the others, newest first.  Raises
        `pyqom.errors.UnknownMachine` with QEMU's text, and UnknownRelease.
        """
        if isinstance(name, MachineType):
            return name
        asked = "none" if name is None else name
        if asked in self._own:
            return self._own[asked]
        first = releases.get(release)
        others = () if release is not None else reversed(releases.releases())
        for candidate in (first, *others):
            machine = self._find(asked, candidate)
            if machine is not None:
                return machine
        raise self._unknown(asked, first, all_releases=release is None)

    def machines(self, release: str | None = None) -> tuple[MachineType, ...]:
        """All machine types of a release, in the order of its ``query-machines``; own ones last."""
        which = releases.get(release)
        made = [self._make(name, which) for name in self._names(which)]
        made.sort(key=lambda machine: self._place(machine.typename, which))
        made += [own for own in self._own.values() if own.release is which]
        return tuple(made)

    def qom_types(
        self, release: str | None = None
    ) -> Iterator[tuple[str, str, bool, tuple[str, ...]]]:
        """The QOM types of the machine part: (name, parent, abstract, interfaces of its own).

        Parents come before their children; interfaces are those the type itself names.
        """
        which = releases.get(release)
        for record in self._data["types"]:
            if lifetime.known(record, which):
                interfaces = lifetime.names(record.get("interfaces", ()), which)
                yield record["name"], record["parent"], record.get("abstract", False), interfaces
        for machine in self.machines(which.name):
            yield machine.typename, machine.parent, False, machine.interfaces

    # --- names -----------------------------------------------------------------

    def _names(self, release: Release) -> Mapping[str, tuple[Record, str | None]]:
        """All names of a release's machine types, each with its family and version."""
        names = self._named.get(release.name)
        if names is None:
            names = self._named[release.name] = {}
            for family in self._families.values():
                if "versions" not in family and lifetime.known(family, release):
                    names[family["family"]] = family, None
                for record in self._versions(family, release):
                    version = record["version"]
                    names[f"{family['family']}-{version}"] = family, version
        return names

    def _unaliased(self, name: str, release: Release) -> str:
        for family in self._families.values():
            if name == family.get("alias"):
                newest = self._versions(family, release)[:1]
                return f"{family['family']}-{newest[0]['version']}" if newest else name
        return name

    def _versions(self, family: Record, release: Release) -> list[Record]:
        """The versions of a family that a release has, newest first."""
        key = family["family"], release.name
        if key not in self._known:
            rule = lifetime.retirement(self._data.get("retirement", ()), release)
            self._known[key] = [
                record
                for record in family.get("versions", ())
                if lifetime.known(family, release) and lifetime.alive(record, release, rule)
            ]
        return self._known[key]

    def _find(self, name: str, release: Release) -> MachineType | None:
        name = self._unaliased(name, release)
        return self._make(name, release) if name in self._names(release) else None

    def _place(self, typename: str, release: Release) -> int:
        table = self._data["type-table"]
        place = slot(typename, table["slots"])
        for moved in table["displaced"]:
            if moved["type"] == typename and lifetime.known(moved, release):
                place += moved["by"]
        return place

    def _unknown(self, name: str, release: Release, all_releases: bool) -> Exception:
        from pyqom.errors import UnknownMachine

        text = "unsupported machine type"
        if "unsupported-machine-type-is-named" in release.rules:
            text += f': "{name}"'
        searched = releases.releases() if all_releases else (release,)
        known = [each for which in searched for each in self._names(which)]
        known += [each["alias"] for each in self._families.values() if "alias" in each]
        return UnknownMachine(text, name, (*known, *self._own))

    # --- machine types ---------------------------------------------------------

    def _make(self, name: str, release: Release) -> MachineType:
        key = name, release.name
        if key not in self._made:
            self._made[key] = self._compute(name, release)
        return self._made[key]

    def _compute(self, name: str, release: Release) -> MachineType:
        family, version = self._names(release)[name]
        chain = self._chain(family, version, release)
        ancestors = self._ancestors(family["parent"])
        fields: dict[str, Any] = {}
        for each in reversed(ancestors):
            lifetime.overlay(fields, self._types[each].get("fields", {}), release)
        for record in (family, *chain):
            lifetime.overlay(fields, record.get("fields", {}), release)
        newest = not chain
        return MachineType(
            name,
            release,
            family["family"],
            version,
            ancestors,
            lifetime.names(family.get("interfaces", ()), release),
            fields,
            lambda: self._compat_lists(family, chain, release),
            alias=family.get("alias") if newest else None,
            is_default=newest and family.get("is-default", False),
            deprecation_reason=self._reason(fields, version, release),
        )

    def _chain(self, family: Record, version: str | None, release: Release) -> list[Record]:
        """The versions below the release's newest, down to this one: QEMU's option functions.

        The newest is the family as it is: what a version has to undo is written when the next
        one comes.
        """
        versions = self._versions(family, release)
        known = [record["version"] for record in versions]
        return versions[1 : known.index(version) + 1] if version else []

    def _ancestors(self, parent: str) -> tuple[str, ...]:
        found = []
        while parent in self._types:
            found.append(parent)
            parent = self._types[parent]["parent"]
        return tuple(found)

    def _reason(self, fields: Record, version: str | None, release: Release) -> str | None:
        rule = lifetime.retirement(self._data.get("retirement", ()), release)
        if version and rule and lifetime.expired(version, release, rule["deprecated-after"]):
            return str(rule["reason"])
        return fields.get("deprecation-reason")

    # --- compat lists ----------------------------------------------------------

    def _compat_lists(
        self, family: Record, chain: Sequence[Record], release: Release
    ) -> tuple[CompatList, ...]:
        if not self._lists:
            self._lists = {record["name"]: record for record in self._read_lists()}
        return tuple(
            self._compat_list(name, record.get("version"), release)
            for record in (family, *chain)
            for name in record.get("compat", ())
            if lifetime.known(self._lists[name], release)
        )

    def _compat_list(self, name: str, version: str | None, release: Release) -> CompatList:
        key = name, version, release.name
        if key not in self._made_lists:
            entries = [
                CompatEntry(driver, prop, value, more.get("optional", False), name, version)
                for driver, prop, value, more in map(_whole, self._lists[name]["entries"])
                if lifetime.known(more, release)
            ]
            self._made_lists[key] = CompatList(name, version, entries)
        return self._made_lists[key]


def _whole(entry: Sequence[Any]) -> tuple[str, str, str, Record]:
    """A list entry of the data with its optional fourth member."""
    driver, prop, value, *more = entry
    return driver, prop, value, more[0] if more else {}
