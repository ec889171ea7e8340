"""What differs between two CPUs, and who made it so."""

from __future__ import annotations

from collections.abc import Mapping

from pyqom.answers.expansion import expanded, props_of
from pyqom.answers.explanation import traced
from pyqom.answers.results import Change, Difference, Step, decider
from pyqom.answers.target import Target, release_names
from pyqom.catalog import own_registry
from pyqom.devices.cpu.x86.featurestring import parse_model
from pyqom.errors import UnknownMachine, UnknownModel
from pyqom.machines import machines as machine_types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from pyqom.accel.accelerator import Accelerator
    from pyqom.hosts.host import Host
    from pyqom.machines import MachineType
    from pyqom.types import Registry


class Side:
    """One side of a comparison: a model as it is on a machine type.

    The arguments are those of `pyqom.expand`.  Raises what `expand` raises.
    """

    def __init__(
        self,
        model: str,
        *,
        machine: str | MachineType | None = None,
        accel: str | Accelerator = "tcg",
        props: Mapping[str, Any] | None = None,
        release: str | None = None,
        types: Registry | None = None,
        host: Host | str | None = None,
    ) -> None:
        self.target = Target(machine, accel, release, types, host)
        self.model = parse_model(model)
        self.props = props
        self.values = props_of(expanded(self.target, self.model, props), "full")

    def deciders(self, names: Iterable[str]) -> dict[str, Step]:
        """For each of these properties, the step that decided its value."""
        known = [name for name in names if name in self.values]
        steps = traced(self.target, self.model, known, self.props)
        return {name: decider(steps[name]) for name in known}

    def __str__(self) -> str:
        return f"{self.model.name} on {self.target.machine.name}"


def diff(a: Side | Mapping[str, Any], b: Side | Mapping[str, Any]) -> list[Difference]:
    """The properties of a full expansion in which two CPUs differ, in the order of their names.

    Each side is a `Side`, or the arguments of one (``{"model": "EPYC", "machine": "q35"}``).
    Spellings of one property are one difference, under the name that is no alias.
    """
    left, right = (side if isinstance(side, Side) else Side(**side) for side in (a, b))
    missing = object()
    names = [
        name
        for name in sorted(left.values.keys() | right.values.keys())
        if left.values.get(name, missing) != right.values.get(name, missing)
        and not (_is_alias(left, name) or _is_alias(right, name))
    ]
    by_left, by_right = left.deciders(names), right.deciders(names)
    return [
        Difference(
            name,
            left.values.get(name),
            right.values.get(name),
            by_left.get(name),
            by_right.get(name),
        )
        for name in names
    ]


def _is_alias(side: Side, name: str) -> bool:
    cls = side.target.model(side.model.name)
    return name in cls.properties() and getattr(cls.properties()[name], "target", None) is not None


def history(
    model: str,
    family: str | None = None,
    *,
    accel: str | Accelerator = "tcg",
    props: Mapping[str, Any] | None = None,
    release: str | None = None,
    types: Registry | Mapping[str, Registry] | None = None,
    host: Host | str | None = None,
) -> list[Change]:
    """Where along the machine versions of a family each property of a model changes.

    From the newest version to the oldest; `family` is one of `families`, ``"pc-i440fx"`` where it
    is None.  Without a `release`, each machine type is asked of the newest release that has
    it, so that the chain goes on into the older releases; properties that only one of them knows
    are no change, and machine types of a release that lacks the model are passed over.

    `types` is a registry with types of one's own, whose release is the `release` then, or a
    mapping of such registries by the name of their release
    (``{"7.2": load_models(file, release="7.2")}``); of a release that is not in it, QEMU's own
    types are asked.

    Raises UnknownMachine for an unknown family, UnknownModel where no release has the model, and
    what else `expand` raises.
    """
    changes: list[Change] = []
    previous: Side | None = None
    unknown: UnknownModel | None = None
    if types is not None and not isinstance(types, Mapping):
        own_release = own_registry(types).release
        release = own_release.name if release is None and own_release is not None else release
    for machine in family_chain(family or "pc-i440fx", release):
        own = types.get(machine.release.name) if isinstance(types, Mapping) else types
        try:
            here = Side(model, machine=machine, accel=accel, props=props, types=own, host=host)
        except UnknownModel as error:
            unknown = unknown or error
            continue
        if previous is not None:
            changes.extend(
                Change(machine.name, found.property, found.a, found.b, found.b_step)
                for found in diff(previous, here)
                if found.a_step is not None and found.b_step is not None
            )
        previous = here
    if previous is None and unknown is not None:
        raise unknown
    return changes


def families(release: str | None = None) -> list[str]:
    """The families of machine types that have versions, of a release or (None) of any, sorted.

    Raises UnknownRelease.
    """
    names = [release] if release is not None else release_names()
    found = (machine for name in names for machine in machine_types(name))
    return sorted({machine.family for machine in found if machine.version is not None})


def family_chain(family: str, release: str | None = None) -> list[MachineType]:
    """The versioned machine types of a family, the newest first; see `history` for `release`.

    Raises UnknownMachine where there is no such family, UnknownRelease.
    """
    names = [release] if release is not None else release_names()
    newest: dict[str, MachineType] = {}
    for name in names:
        for machine in machine_types(name):
            if machine.family == family and machine.version is not None:
                newest[machine.name] = machine
    if not newest:
        known = families(release)
        text = f"no family of versioned machine types '{family}', there are {', '.join(known)}"
        raise UnknownMachine(text, str(family), known)
    return sorted(newest.values(), key=_version_key, reverse=True)


def _version_key(machine: MachineType) -> tuple[int, ...]:
    assert machine.version is not None
    return tuple(int(part) for part in machine.version.split("."))
