"""Why a property of a CPU model has the value that it has."""

from __future__ import annotations

from pyqom.answers.edge import edge
from pyqom.answers.expansion import configured
from pyqom.answers.places import places_of, property_at
from pyqom.answers.results import Explanation
from pyqom.answers.target import Target
from pyqom.answers.trace import StepTrace
from pyqom.devices.context import unaliased
from pyqom.devices.cpu.x86.featurestring import parse_model
from pyqom.devices.cpu.x86.filter import supported
from pyqom.devices.cpu.x86.kinds import FeatureBit
from pyqom.errors import PropertyNotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from pyqom.accel.accelerator import Accelerator
    from pyqom.answers.results import Step
    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.devices.cpu.x86.featurestring import ModelString
    from pyqom.hosts.host import Host
    from pyqom.machines import MachineType
    from pyqom.types import Property, Registry


def explain(
    model: str,
    property: str,
    *,
    machine: str | MachineType | None = None,
    accel: str | Accelerator = "tcg",
    props: Mapping[str, Any] | None = None,
    release: str | None = None,
    types: Registry | None = None,
    host: Host | str | None = None,
) -> Explanation:
    """The layers that set `property`, in order, with the value after each, then the rules.

    The arguments are those of `expand`; `property` is any of a full expansion, or a feature by its
    place in CPUID (``"CPUID.7.0:EBX[5]"``, leaf and subleaf in hexadecimal).  Raises what `expand`
    raises, and PropertyNotFound where the expansion has no such property.
    """
    target = Target(machine, accel, release, types, host)
    return explanation_of(target, parse_model(model), property, props, model)


def explanation_of(
    target: Target, wanted: ModelString, property: str, props: Any = None, title: str | None = None
) -> Explanation:
    """What `explain` answers, of a model string that is parsed; `title` is how to call it."""
    cls = target.model(wanted.name)
    names = edge(cls, "full").names()
    property = property_at(cls, property)
    if property not in names:
        text = f"Property '{cls.typename}.{property}' not found"
        raise PropertyNotFound(text, property, names)
    steps = traced(target, wanted, [property], props)[property]
    prop = cls.find(property)
    return Explanation(
        model=title or wanted.name,
        property=property,
        machine=target.machine.name,
        release=target.release.name,
        accel=target.accel.name,
        type=prop.type,
        description=prop.description,
        value=steps[-1].value,
        steps=tuple(steps),
        places=places_of(cls, unaliased(cls, prop)),
        withheld=_withheld(unaliased(cls, prop), configured(cls, target, wanted, props)),
    )


def _withheld(prop: Property, cpu: X86CPU) -> bool:
    """Whether a CPU has a feature that no guest would see (``x86_cpu_filter_features``)."""
    if not isinstance(prop, FeatureBit):
        return False
    return bool(cpu.words[prop.index] & prop.mask & ~supported(cpu, prop.index))


def traced(
    target: Target, model: ModelString, names: Iterable[str], props: Any = None
) -> dict[str, list[Step]]:
    """The steps of some properties of a model, by property."""
    cls = target.model(model.name)
    trace = StepTrace(cls, names)
    configured(cls, target, model, props, trace)
    return trace.steps
