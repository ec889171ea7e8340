"""A machine's boot vCPU on what the machine has: memory backends, firmware, devices of the tree."""

from __future__ import annotations

from pyqom.emulator import dispatch, memory
from pyqom.emulator.engine import Engine
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class Emulator:
    """Runs the guest code of one machine.

    `machine` is the machine object with its memory laid out, `cpu` the boot CPU; the others wait
    for a start-up interrupt that nobody can send.  Raises PyqomError with QEMU's text where the
    firmware cannot be had, and PyqomError for a machine without CPU or firmware.
    """

    def __init__(self, machine: Any, cpu: Any) -> None:
        if cpu is None or not machine.firmware:
            raise PyqomError(f"machine '{machine.machine_type.name}' has nothing to run")
        self.machine = machine
        self.cpu = cpu
        self.halted = False
        """Whether the vCPU waits for an interrupt; none will come before a reset."""
        self._firmware = memory.read_firmware(machine.firmware)
        self._engine: Engine | None = self._start(self._devices())

    def reset(self) -> None:
        """Let the vCPU begin anew; RAM stays what it is."""
        self._engine = None
        self.halted = False

    def run(self, instructions: int) -> None:
        """Execute at most so many instructions (one or more).

        Raises what `pyqom.emulator.engine.Engine.run` raises, and PyqomError where a device is
        where it cannot be, or the memory cannot be had after a reset.
        """
        devices = self._devices()
        if self._engine is None:
            self._engine = self._start(devices)
        self._engine.ports = dispatch.ports(devices)
        self._engine.memory = dispatch.memory(devices)
        if not self.halted:
            self.halted = self._engine.run(instructions)

    def _devices(self) -> list[Any]:
        """All realized devices of the tree, the CPUs among them."""
        return [each for each in self.machine.root().descendants() if _is_live(each)]

    def _start(self, devices: Iterable[Any]) -> Engine:
        return Engine(self.cpu, self._regions(devices))

    def _regions(self, devices: Iterable[Any]) -> list[memory.Region]:
        dimms = (each for each in devices if each.typename == "pc-dimm")
        return [*memory.ram(self.machine, dimms), *memory.firmware(self._firmware)]


def _is_live(each: Any) -> bool:
    """Whether it is a realized device."""
    return bool(getattr(each, "_realized", False))
