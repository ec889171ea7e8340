"""QEMU's machine types: families, versions, compat chains."""

from __future__ import annotations

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
