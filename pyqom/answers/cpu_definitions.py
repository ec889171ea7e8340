"""``query-cpu-definitions``, for any machine type, with nothing running."""

from __future__ import annotations

from pyqom.answers.expansion import alike, expanded_as_far
from pyqom.answers.target import Target, model_name
from pyqom.devices.cpu.x86.definition import LEGACY
from pyqom.devices.cpu.x86.filter import filter_features, unavailable_features

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.accel.accelerator import Accelerator
    from pyqom.answers.results import CpuDefinition
    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.hosts.host import Host
    from pyqom.machines import MachineType
    from pyqom.types import Registry


def definitions(
    *,
    machine: str | MachineType | None = None,
    accel: str | Accelerator = "tcg",
    release: str | None = None,
    types: Registry | None = None,
    host: Host | str | None = None,
) -> list[CpuDefinition]:
    """What QEMU answers to ``query-cpu-definitions``: every model, its version, what it lacks.

    The last of ``-cpu help`` comes first, as in QEMU.  The arguments are those of
    `pyqom.expand`.  Raises UnknownMachine, UnknownRelease.
    """
    return definitions_of(Target(machine, accel, release, types, host))


def definitions_of(target: Target) -> list[CpuDefinition]:
    """What `definitions` answers, for a target that is found."""
    return [_definition(cls, target) for cls in reversed(target.models())]


def _definition(cls: Any, target: Target) -> CpuDefinition:
    info: CpuDefinition = {
        "name": model_name(cls),
        "typename": cls.typename,
        "unavailable-features": _missing(cls, target),
        "static": cls.static,
        "migration-safe": cls.migration_safe,
        "deprecated": cls.definition is not None and cls.definition.deprecated is not None,
    }
    stands_for = alias_of(cls, target.context.default_cpu_version)
    if stands_for is not None:
        info["alias-of"] = stands_for
    return info


def alias_of(cls: Any, default_version: int | str) -> str | None:
    """The model and version that a name stands for; machine types from before versions tell none.

    A hand-written class below a model's stands for itself.
    """
    if not cls.__dict__.get("is_alias") or default_version == LEGACY:
        return None
    version = cls.model_version or cls.definition.resolve(default_version)
    return f"{cls.definition.name}-v{version}"


def _missing(cls: Any, target: Target) -> list[str]:
    """The features that the model would not get, as ``enforce`` would see it; a new list."""
    if cls.host_cpuid_required and not target.accel.uses_host_cpuid:
        return ["kvm"]
    memo = target.accel.unavailable
    key = cls, alike(cls, target.context)
    names: tuple[str, ...] | None = memo.get(key)
    if names is None:
        names = memo[key] = tuple(_filtered(cls, target))
    return list(names)


def _filtered(cls: Any, target: Target) -> list[str]:
    """What filtering takes; "type" first where the model cannot even be expanded."""
    cpu = filtered(cls, target)
    broken = [] if cpu.cannot_expand is None else ["type"]
    return broken + unavailable_features(cpu)


def filtered(cls: Any, target: Target) -> X86CPU:
    """A model's CPU as far as it expands, less what the accelerator lacks; one of its own."""
    from copy import copy

    shared = expanded_as_far(cls, target.context)
    cpu = copy(shared)
    cpu.accel = target.accel
    cpu.words, cpu.filtered_words = list(shared.words), list(shared.filtered_words)
    filter_features(cpu)
    return cpu
