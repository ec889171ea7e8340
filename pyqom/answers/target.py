"""What a question is about: a model, on a machine type, under an accelerator, of a release."""

from __future__ import annotations

from functools import cache

from pyqom import release as releases
from pyqom.catalog import registry
from pyqom.devices.context import Context, Override
from pyqom.devices.cpu.x86.models import SUFFIX
from pyqom.devices.cpu.x86.plug import CpuSlots
from pyqom.devices.cpu.x86.topology import Topology
from pyqom.errors import PyqomError, UnknownModel
from pyqom.machines import MachineType, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.accel.accelerator import Accelerator
    from pyqom.devices.context import Trace
    from pyqom.release import Release
    from pyqom.types import Registry


class Target:
    """A machine type with an accelerator and a registry of types: all but the model.

    ``machine`` is a name, a MachineType or None for ``none``; ``accel`` a name or an Accelerator;
    ``release`` a name, or None for the machine type's own; ``types`` a registry with a user's
    own types, or None for the release's.

    Raises UnknownMachine, UnknownRelease, or PyqomError for an accelerator that is not there.
    """

    __slots__ = ("accel", "context", "machine", "release", "types")

    def __init__(
        self,
        machine: str | MachineType | None = None,
        accel: str | Accelerator = "tcg",
        release: str | None = None,
        types: Registry | None = None,
    ) -> None:
        if release is None and types is not None and types.release is not None:
            release = types.release.name
        self.machine = machine if isinstance(machine, MachineType) else find(machine, release)
        self.release = self.machine.release
        self.types = registry(self.release) if types is None else types
        self.accel = accelerator(accel, self.release)
        self.context = _context(self.machine, self.accel)

    def model(self, name: str) -> Any:
        """The class of a CPU model.  Raises UnknownModel with QEMU's text."""
        typename = name + SUFFIX
        types = self.types
        if typename not in types or types.abstract(typename):
            known = (known.removesuffix(SUFFIX) for known in types.list("x86_64-cpu"))
            raise UnknownModel(f"CPU model '{name}' not found", name, known)
        return types.get(typename)

    def models(self) -> list[Any]:
        """The classes of all CPU models, in the order of ``-cpu help``."""
        classes = [self.types.get(name) for name in self.types.list("x86_64-cpu")]
        return sorted(classes, key=lambda cls: (cls.ordering, model_name(cls)))

    def with_globals(self, overrides: tuple[Override, ...], trace: Trace | None = None) -> Context:
        """The context with ``-global`` properties after the machine's, and perhaps a trace."""
        if not overrides and trace is None:
            return self.context
        whole = (*self.context.overrides, *overrides)
        return Context(
            self.accel,
            self.context.default_cpu_version,
            whole,
            trace,
            pre_plug=self.context.pre_plug,
        )


def model_name(cls: Any) -> str:
    """The name of a model class: its type's name without the suffix."""
    name: str = cls.typename
    return name.removesuffix(SUFFIX)


@cache
def _tcg(release: Release) -> Accelerator:
    from pyqom.accel.tcg import TCG

    return TCG(release)


def accelerator(accel: str | Accelerator, release: Release) -> Accelerator:
    """The accelerator of that name; one that is already made must be of the same release."""
    if not isinstance(accel, str):
        if accel.release is not release:
            raise PyqomError(f"the accelerator is of release {accel.release.name}")
        return accel
    if accel == "tcg":
        return _tcg(release)
    if accel == "kvm":
        raise PyqomError(
            "accelerator 'kvm' needs a host, and none can be given yet; 'tcg' is there"
        )
    raise PyqomError(f"invalid accelerator {accel}")


_contexts: dict[tuple[MachineType, Accelerator], Context] = {}


def _context(machine: MachineType, accel: Accelerator) -> Context:
    """The shared context of a machine type under an accelerator."""
    found = _contexts.get((machine, accel))
    if found is None:
        found = _contexts[machine, accel] = Context(
            accel,
            machine.default_cpu_version,
            overrides(machine, accel),
            pre_plug=_slots(machine).pre_plug if "x86-machine" in machine.ancestors else None,
        )
    return found


def _slots(machine: MachineType) -> CpuSlots:
    """The CPU slots of a machine as it starts without options: one, which its boot CPU has."""
    assert machine.default_cpu_type is not None
    return CpuSlots(machine.default_cpu_type, Topology(), (0,), lambda index: True)


def overrides(machine: MachineType, accel: Accelerator) -> tuple[Override, ...]:
    """The compat properties of the accelerator, then those of the machine type."""
    own = [
        Override(driver, name, value, layer="accelerator", source=f"{accel.name} compat")
        for driver, name, value in accel.compat_props
    ]
    machines = [
        Override(
            entry.driver,
            entry.property,
            entry.value,
            layer="machine",
            source=entry.list,
            machine=entry.version,
            optional=entry.optional,
        )
        for entry in machine.compat_props
    ]
    return (*own, *machines)


def release_names() -> list[str]:
    """The names of the carried releases, oldest first."""
    return [release.name for release in releases.releases()]
