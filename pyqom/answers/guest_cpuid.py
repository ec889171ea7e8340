"""The CPUID that a guest would see: of any model, machine type and topology, with nothing running."""

from __future__ import annotations

from pyqom.answers.expansion import apply_props
from pyqom.answers.target import Target
from pyqom.devices.context import Context
from pyqom.devices.cpu.x86.featurestring import parse_model
from pyqom.devices.cpu.x86.plug import CpuSlots
from pyqom.errors import PyqomError
from pyqom.machines.context import has_cpu_slots
from pyqom.machines.cpus import topology_of
from pyqom.machines.smp import Smp, parse_smp
from pyqom.types import Struct, UInt64
from pyqom.types.keyval import parse_keyval

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pyqom.accel.accelerator import Accelerator
    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.devices.cpu.x86.cpuid.table import Row
    from pyqom.devices.cpu.x86.featurestring import ModelString
    from pyqom.machines import MachineType
    from pyqom.types import Registry

    SmpConfig = int | str | Mapping[str, int]
