"""What a device is made in: the accelerator and the property overrides that apply to it.

A machine hands one context to all its devices; a question makes one for the machine *type* it is
about.  Both lead to the same values, since the device's own initialisation reads nothing else.
"""

from __future__ import annotations

from pyqom.errors import GlobalNotApplied, PropertyNotWritable, PyqomError
from pyqom.types import Alias
from pyqom.types.globals import GlobalProperty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Protocol

    from pyqom.accel.accelerator import Accelerator
    from pyqom.devices.board import Board
    from pyqom.types import Property

    class Trace(Protocol):
        """Who wants to know which layer set what (`pyqom.answers.trace`)."""

        def watch(self, cpu: Any) -> None:
            """The device that is about to be made."""

        def did(self, layer: str, source: str, name: str | None = None, **facts: Any) -> None:
            """A layer has just acted: on the property `name`, or on many."""

        def acted(self, rule: str, reason: str) -> None:
            """A rule has just changed something."""


class Override(GlobalProperty):
    """A compat or global property, and where it comes from.

    ``layer`` is ``"accelerator"``, ``"machine"`` or ``"global"``, ``source`` the list it stands in
    (``"pc_compat_1_6"``), ``machine`` the machine version that brought the list.
    """

    __slots__ = ("layer", "machine", "source")

    def __init__(
        self,
        driver: str,
        property: str,
        value: str,
        *,
        layer: str = "global",
        source: str = "-global",
        machine: str | None = None,
        optional: bool = False,
    ) -> None:
        super().__init__(driver, property, value, optional)
        self.layer = layer
        self.source = source
        self.machine = machine

    @property
    def key(self) -> tuple[str, str, str]:
        """What decides its effect."""
        return self.driver, self.property, self.value

    def __repr__(self) -> str:
        return f"<{self.layer} {self.driver}.{self.property}={self.value}>"


class Bound:
    """Overrides bound to a type: each with its property and its value, already parsed.

    Those of properties that only an instance has are `late`.
    """

    __slots__ = ("entries", "late", "properties")

    def __init__(self, overrides: tuple[Override, ...], cls: Any) -> None:
        self.properties = cls.properties()
        self.entries: list[tuple[Property, Any, Override]] = []
        self.late: list[Override] = []
        for override in overrides:
            if override.property not in self.properties and has_in_instances(
                cls, override.property
            ):
                self.late.append(override)
                continue
            if override.optional and override.property not in self.properties:
                continue
            try:
                prop = unaliased(cls, cls.find(override.property))
                if not prop.writable:
                    text = f"Property '{cls.typename}.{override.property}' is not writable"
                    raise PropertyNotWritable(text)
                value = prop.parse(override.value, override.property, cls)
            except PyqomError as error:
                if override.layer != "global":
                    raise
                raise _not_applied(override, error) from error
            self.entries.append((prop, value, override))


class Context:
    """The accelerator, the default CPU version, and the overrides in the order they are applied.

    ``default_cpu_version`` is what a CPU model's plain name means (`definition.Definition`),
    ``switches`` are the ``+feature`` and ``-feature`` of ``-cpu``, which act on expansion.
    ``boot_cpus`` is how many CPUs the machine starts with.  ``trace`` listens while devices are
    made.  ``pre_plug`` may refuse a device its place, by raising, before it is realized.
    ``warnings`` keeps what QEMU would have printed, if it is a list.  ``board`` is what a machine's
    devices share.  A context with neither trace, warnings nor board may be shared.
    """

    def __init__(
        self,
        accel: Accelerator,
        default_cpu_version: int | str = 1,
        overrides: Iterable[Override] = (),
        trace: Trace | None = None,
        pre_plug: Callable[[Any], None] | None = None,
        warnings: list[str] | None = None,
        switches: Iterable[tuple[str, bool]] = (),
        boot_cpus: int = 1,
        board: Board | None = None,
    ) -> None:
        self.boot_cpus = boot_cpus
        self.board = board
        self.switches = tuple(switches)
        self.pre_plug = pre_plug
        self.warnings = warnings
        self.accel = accel
        self.default_cpu_version = default_cpu_version
        self.overrides = tuple(overrides)
        self.drivers = frozenset(override.driver for override in self.overrides)
        self.trace = trace
        self._bound: dict[tuple[frozenset[str], int], Bound] = {}

    def bound(self, cls: Any) -> Bound:
        """The overrides that apply to a type: those of it and of all that it inherits from."""
        hits = self.drivers & lineage(cls)
        key = hits, _alike(cls)
        found = self._bound.get(key)
        if found is None:
            chosen = tuple(override for override in self.overrides if override.driver in hits)
            found = self._bound[key] = (
                _shared(chosen, cls) if self.trace is None else Bound(chosen, cls)
            )
        return found

    def apply(self, device: Any) -> None:
        """Apply the overrides to a device, in order."""
        trace = self.trace
        if trace:
            trace.did("class", type(device).typename)  # what its own instance_init has set
        for prop, value, override in self.bound(type(device)).entries:
            try:
                prop.store(device, value)
            except PyqomError as error:  # realized=on
                raise _not_applied(override, error) from error
            if trace:
                trace.did(override.layer, override.source, prop.name, override=override)
        for override in self.bound(type(device)).late:
            try:
                device.parse(override.property, override.value)
            except PyqomError as error:
                raise _not_applied(override, error) from error

    def warn(self, text: str, once: bool = False) -> None:
        """Keep a warning; `once` drops one that is kept already."""
        if self.warnings is not None and not (once and text in self.warnings):
            self.warnings.append(text)

    def complain(self, text: str) -> None:
        """Keep an error that is no reason to stop, where there is a place for it."""
        errors = getattr(self.warnings, "errors", self.warnings)
        if errors is not None:
            errors.append(text)


_bindings: dict[Any, Bound] = {}


def _shared(overrides: tuple[Override, ...], cls: Any) -> Bound:
    """The same `Bound` for overrides that act alike, so that answers can be shared as well."""
    key = tuple((*override.key, override.optional) for override in overrides), _alike(cls)
    found = _bindings.get(key)
    if found is None:
        found = _bindings[key] = Bound(overrides, cls)
    return found


def _alike(cls: Any) -> int:
    """What types share that overrides act on alike: the properties of class and instances."""
    found: int | None = cls.__dict__.get("_bound_by")
    if found is None:
        has_parts = any("parts" in base.__dict__ for base in cls.__mro__)
        found = cls._bound_by = id(cls if has_parts else cls.properties())
    return found


def lineage(cls: Any) -> frozenset[str]:
    """The names of a type, its ancestors and its interfaces: whose overrides apply to it."""
    found = cls.__dict__.get("_lineage")
    if found is None:
        registry = cls.registry
        found = frozenset(
            (cls.typename, *registry.ancestors(cls.typename), *registry.interfaces(cls.typename))
        )
        cls._lineage = found
    return found  # type: ignore[no-any-return]


def has_in_instances(cls: Any, name: str) -> bool:
    """Whether instances of a type have a property that its class has not."""
    if not any("parts" in base.__dict__ for base in cls.__mro__):
        return False
    from pyqom.devices.parts import instance_properties

    return any(prop.name == name for prop in instance_properties(cls))


def unaliased(cls: Any, prop: Property) -> Property:
    """The property that an alias of the same object stands for."""
    while isinstance(prop, Alias) and not prop.path:
        prop = cls.find(prop.target)
    return prop


def _not_applied(override: Override, cause: PyqomError) -> GlobalNotApplied:
    text = f"can't apply global {override.driver}.{override.property}={override.value}: {cause}"
    return GlobalNotApplied(text, cause)
