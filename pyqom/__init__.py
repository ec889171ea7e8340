"""QEMU's object model in Python: every CPU model on every machine type, with nothing running.

    >>> import pyqom
    >>> pyqom.expand("SandyBridge", machine="pc-i440fx-1.6")["model"]["props"]["x2apic"]
    True

Everything here is imported from its module when it is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from pyqom.answers import (
        Blame,
        Change,
        CpuDefinition,
        Difference,
        Expansion,
        Explanation,
        FeaturePlace,
        FieldDifference,
        LeafDifference,
        MachineInfo,
        Side,
        Step,
        Verdict,
        cpuid,
        cpuid_diff,
        definitions,
        diff,
        expand,
        expansion_lines,
        explain,
        guest_cpu,
        history,
        why,
    )
    from pyqom.answers.own_types import load_models, new_types
    from pyqom.errors import PyqomError
    from pyqom.machines import MachineType
    from pyqom.vm import VirtualMachine

    class Machines(Protocol):
        """The package `pyqom.machines`, which can be called."""

        def __call__(
            self, *, release: str | None = None, compat_props: bool = False
        ) -> list[MachineInfo]:
            """What QEMU answers to ``query-machines``."""

        def find(
            self, name: str | MachineType | None = None, release: str | None = None
        ) -> MachineType:
            """The machine type of that name or alias."""

    machines: Machines

__version__ = "0.1.0"

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
    "PyqomError",
    "Side",
    "Step",
    "Verdict",
    "VirtualMachine",
    "cpuid",
    "cpuid_diff",
    "definitions",
    "diff",
    "expand",
    "expansion_lines",
    "explain",
    "guest_cpu",
    "history",
    "load_models",
    "machines",
    "new_types",
    "why",
]

_MODULES = {
    "PyqomError": "pyqom.errors",
    "VirtualMachine": "pyqom.vm",
    "load_models": "pyqom.answers.own_types",
    "machines": "pyqom.machines",
    "new_types": "pyqom.answers.own_types",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(_MODULES.get(name, "pyqom.answers"))
    value = module if name == "machines" else getattr(module, name)
    globals()[name] = value
    return value
