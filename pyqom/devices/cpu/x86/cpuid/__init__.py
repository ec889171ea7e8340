"""The CPUID that a guest sees: every leaf, of any vCPU of any topology, in any state."""

from pyqom.devices.cpu.x86.cpuid.state import RESET, State
from pyqom.devices.cpu.x86.cpuid.table import cpuid, cpuid_table

__all__ = ["RESET", "State", "cpuid", "cpuid_table"]
