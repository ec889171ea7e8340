"""What a question is about: a model, on a machine type, under an accelerator, of a release."""

from __future__ import annotations

from pyqom import release as releases
from pyqom.accel.select import accelerator
from pyqom.catalog import own_registry, registry
from pyqom.devices.context import Context
from pyqom.devices.cpu.x86.models import SUFFIX
from pyqom.errors import UnknownModel
from pyqom.machines import MachineType, find
from pyqom.machines.context import machine_context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.accel.accelerator import Accelerator
    from pyqom.devices.context import Trace
    from pyqom.devices.cpu.x86.featurestring import ModelString
    from pyqom.hosts.host import Host
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
        host: Host | str | None = None,
    ) -> None:
        for what, given in (("machine type", machine), ("release", release)):
            if not isinstance(given, str | MachineType | None):
                raise TypeError(f"a {what} is a string, not {given!r}")
        if types is not None:
            own = own_registry(types).release
            release = own.name if release is None and own is not None else release
        self.machine = machine if isinstance(machine, MachineType) else find(machine, release)
        self.release = self.machine.release
        self.types = registry(self.release) if types is None else types
        self.accel = accelerator(accel, self.release, host).on(self.machine)
        self.context = machine_context(self.machine, self.accel)

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

    def configured(self, model: ModelString, typename: str, trace: Trace | None = None) -> Context:
        """The context with what a model string says of its type, and perhaps a trace."""
        if model.is_plain and trace is None:
            return self.context
        plain = self.context
        return Context(
            self.accel,
            plain.default_cpu_version,
            (*plain.overrides, *model.overrides(typename)),
            trace,
            pre_plug=plain.pre_plug,
            switches=(*plain.switches, *model.switches),
        )


def model_name(cls: Any) -> str:
    """The name of a model class: its type's name without the suffix."""
    name: str = cls.typename
    return name.removesuffix(SUFFIX)


def release_names() -> list[str]:
    """The names of the carried releases, oldest first."""
    return [release.name for release in releases.releases()]
