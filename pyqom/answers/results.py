"""The shapes of answers.

What QMP has a shape for is a plain dictionary of that shape (`Expansion`, `CpuDefinition`); what
only pyqom can answer is a frozen record.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

from attrs import frozen


class CpuModel(TypedDict):
    """QMP ``CpuModelInfo``."""

    name: str
    props: dict[str, Any]


class Expansion(TypedDict):
    """QMP ``CpuModelExpansionInfo``: what ``query-cpu-model-expansion`` returns."""

    model: CpuModel


CpuDefinition = TypedDict(
    "CpuDefinition",
    {
        "name": str,
        "typename": str,
        "static": bool,
        "migration-safe": bool,
        "deprecated": bool,
        "unavailable-features": list[str],
        "alias-of": NotRequired[str],
    },
)
"""QMP ``CpuDefinitionInfo``: one entry of what ``query-cpu-definitions`` returns."""


MachineInfo = TypedDict(
    "MachineInfo",
    {
        "name": str,
        "alias": NotRequired[str],
        "is-default": NotRequired[bool],
        "cpu-max": int,
        "hotpluggable-cpus": bool,
        "numa-mem-supported": bool,
        "deprecated": bool,
        "default-cpu-type": NotRequired[str],
        "default-ram-id": NotRequired[str],
        "acpi": NotRequired[bool],
        "compat-props": NotRequired[list[dict[str, str]]],
    },
)
"""QMP ``MachineInfo``: one entry of what ``query-machines`` returns."""


PropertyInfo = TypedDict(
    "PropertyInfo",
    {
        "name": str,
        "type": str,
        "description": NotRequired[str],
        "default-value": NotRequired[Any],
    },
)
"""QMP ``ObjectPropertyInfo``: one entry of what ``qom-list-properties`` returns."""


@frozen
class Step:
    """One layer that acted on a property, or one rule, and the property's value after it.

    ``layer`` is one of ``class``, ``model``, ``version``, ``accelerator``, ``machine``, ``global``,
    ``user`` and ``rule``.  ``source`` says which: a version's name, the compat list, the option,
    the rule.  ``machine`` is the machine version whose list a compat entry stands in, ``driver``
    the type that the entry names, ``reason`` why a rule acted.  ``changed`` tells whether the value
    was another before.
    """

    layer: str
    source: str
    value: Any
    changed: bool
    machine: str | None = None
    driver: str | None = None
    reason: str | None = None

    def __str__(self) -> str:
        where = self.source
        if self.layer == "machine":
            brought = f"{self.machine} and older" if self.machine else "all of the family"
            where = f"{self.source} (machine types {brought}: {self.driver})"
            if self.machine == self.source:  # the list of a derived machine type
                where = f"{self.source} (its own list: {self.driver})"
        return f"{self.layer} {where}" + (f": {self.reason}" if self.reason else "")


def decider(steps: Sequence[Step]) -> Step:
    """The last step that changed the value; the first where none did."""
    return next((step for step in reversed(steps) if step.changed), steps[0])


@frozen
class FeaturePlace:
    """A bit that a feature property stands for: of a CPUID register, or of a feature MSR.

    ``word`` is pyqom's name of the feature word, ``symbol`` QEMU's; ``subleaf`` is None where the
    leaf has none, ``meaning`` says in words what the bit is, None where nobody knows.
    """

    word: str
    symbol: str
    bit: int
    leaf: int | None
    subleaf: int | None
    register: str | None
    msr: int | None
    meaning: str | None

    def __str__(self) -> str:
        if self.msr is not None:
            return f"MSR.{self.msr:X}[{self.bit}]"
        subleaf = "" if self.subleaf is None else f".{self.subleaf:X}"
        return f"CPUID.{self.leaf:X}{subleaf}:{self.register}[{self.bit}]"


@frozen
class Explanation:
    """Why a property of a model has its value on a machine type: the steps, in order.

    The last step's value is what `expand` answers.  ``decided`` is the last step that changed it.
    ``places`` are the bits of a feature, which is ``withheld`` where it is on and the accelerator
    does not give it to a guest.
    """

    model: str
    property: str
    machine: str
    release: str
    accel: str
    type: str
    description: str | None
    value: Any
    steps: tuple[Step, ...]
    places: tuple[FeaturePlace, ...] = ()
    withheld: bool = False

    def decided(self) -> Step:
        """The step that decided: the last that changed the value, or the first."""
        return decider(self.steps)


@frozen
class Difference:
    """A property that two CPUs do not share, with each one's value and who decided it.

    A side that lacks the property has the value None and no step.
    """

    property: str
    a: Any
    b: Any
    a_step: Step | None
    b_step: Step | None


@frozen
class Change:
    """A property that changes along a family's machine versions, newest first.

    From ``machine`` on, towards the older ones, the value is ``value``; before it was ``before``.
    ``step`` is the layer that made it so.
    """

    machine: str
    property: str
    before: Any
    value: Any
    step: Step


@frozen
class FieldDifference:
    """A field of a CPUID leaf in which two vCPUs differ; None where a side lacks the leaf.

    ``register`` and ``bits`` (``"7:0"``) say where it is, ``feature`` is the property that it is.
    """

    register: str
    bits: str
    name: str
    a: bool | int | str | None
    b: bool | int | str | None
    feature: str | None


@frozen
class LeafDifference:
    """A CPUID leaf in which two vCPUs differ: its registers on either side, and its fields."""

    leaf: int
    subleaf: int
    title: str | None
    a: tuple[int, ...] | None
    b: tuple[int, ...] | None
    fields: tuple[FieldDifference, ...]
