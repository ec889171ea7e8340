"""Guest code that runs: a vCPU of the Unicorn engine on the machine's memory and devices."""

from __future__ import annotations

from pyqom.emulator.engine import GuestFault
from pyqom.emulator.machine import Emulator

__all__ = ["Emulator", "GuestFault"]
