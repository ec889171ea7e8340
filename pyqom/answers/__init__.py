"""The questions: pure functions over types, machine types and accelerators.

Each name is imported from its module when it is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.answers.blame import Blame
    from pyqom.answers.cpu_definitions import definitions
    from pyqom.answers.cpuid_difference import cpuid_diff
    from pyqom.answers.difference import Side, diff, history
    from pyqom.answers.expansion import expand, expansion_lines
    from pyqom.answers.explanation import explain
    from pyqom.answers.guest_cpuid import cpuid, guest_cpu
    from pyqom.answers.machine_list import machines
    from pyqom.answers.reasons import Verdict, why
    from pyqom.answers.results import (
        Change,
        CpuDefinition,
        Difference,
        Expansion,
        Explanation,
        FeaturePlace,
        FieldDifference,
        LeafDifference,
        MachineInfo,
        Step,
    )

__all__ = [
    "Blame",
    "Change",
    "CpuDefinition",
    "Difference",
    "Expansion",
    "Explanation",
    "FeaturePlace",
    "FieldDifference",
    "LeafDifference",
    "MachineInfo",
    "Side",
    "Step",
    "Verdict",
    "cpuid",
    "cpuid_diff",
    "definitions",
    "diff",
    "expand",
    "expansion_lines",
    "explain",
    "guest_cpu",
    "history",
    "machines",
    "why",
]

_MODULES = {
    "Blame": "blame",
    "Side": "difference",
    "Verdict": "reasons",
    "cpuid": "guest_cpuid",
    "cpuid_diff": "cpuid_difference",
    "definitions": "cpu_definitions",
    "diff": "difference",
    "expand": "expansion",
    "expansion_lines": "expansion",
    "explain": "explanation",
    "guest_cpu": "guest_cpuid",
    "history": "difference",
    "machines": "machine_list",
    "why": "reasons",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_MODULES.get(name, 'results')}"), name)
    globals()[name] = value
    return value
