"""QEMU's machine types: families, versions, compat chains.

The module can be called: ``pyqom.machines()`` is `pyqom.answers.machine_list`, what QEMU answers to
``query-machines``.
"""

from __future__ import annotations

import sys

from pyqom.machines.builtin import builtin, find, load, machines, qom_types, read
from pyqom.machines.compat import CompatEntry, CompatList
from pyqom.machines.definitions import Definitions
from pyqom.machines.machine import MachineType

__all__ = [
    "CompatEntry",
    "CompatList",
    "Definitions",
    "MachineType",
    "builtin",
    "find",
    "load",
    "machines",
    "qom_types",
    "read",
]


class _Callable(type(sys)):  # type: ignore[misc]  # the class of modules
    """A module that is also the answer of its name."""

    def __call__(self, *, release: str | None = None, compat_props: bool = False) -> object:
        from pyqom.answers.machine_list import machines as answer

        return answer(release=release, compat_props=compat_props)


sys.modules[__name__].__class__ = _Callable
