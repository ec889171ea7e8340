"""Guest code of a machine, where its accelerator runs any, and how it ends the machine."""

from __future__ import annotations

from pyqom.errors import PyqomError
from pyqom.runstate import RunState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.accel.accelerator import Accelerator
    from pyqom.emulator.machine import Emulator
    from pyqom.machines.cpus import Cpus
    from pyqom.release import Release
    from pyqom.reports import Reports

SLICE = 1_000_000
"""After so many instructions guest code is interrupted to see whether the machine still runs."""


class Guest(RunState):
    """The guest code of a machine; the part of `pyqom.vm.VirtualMachine` that deals with it.

    ``emulator`` runs it, None under an accelerator that only answers questions.  ``exit_status`` is
    what the program around it shall exit with once it has ended; ``fault`` what guest code did last
    that its vCPU could not go on from.
    """

    accel: Accelerator
    cpus: Cpus | None
    machine: Any
    release: Release
    warnings: Reports

    emulator: Emulator | None = None
    exit_status = 0
    fault: PyqomError | None = None

    def reset_cpus(self) -> None:
        """The boot CPU begins anew; its memory stays."""
        if self.emulator is not None:
            self.emulator.reset()

    def _prepare_guest(self) -> None:
        """Get ready to run guest code, if the accelerator does.  Raises PyqomError."""
        if self.accel.runs_guests:
            from pyqom.emulator.machine import Emulator

            self.emulator = Emulator(self.machine, self.cpus[0] if self.cpus else None)

    def run(self, max_instructions: int | None = None) -> str:
        """Let guest code run, at most so many instructions; None: until it stops by itself.

        Returns why it does not go on: "limit"; "halted" (HLT, and no interrupt will come); "exited"
        (a device ended the machine, see ``exit_status``); else the run state that it is in, such as
        "paused" or "internal-error" (see ``fault``).  Raises PyqomError where the accelerator runs
        no guest code, and TypeError or ValueError for a limit that is none.
        """
        if self.emulator is None:
            raise PyqomError("only the accelerator unicorn runs guest code")
        if max_instructions is not None and max_instructions < 0:
            raise ValueError("max_instructions cannot be negative")
        left = max_instructions
        while self.running and not self.exited and not self.emulator.halted:
            if left == 0:
                return "limit"
            part = SLICE if left is None else min(left, SLICE)
            left = None if left is None else left - part
            self._run_slice(self.emulator, part)
        if self.exited:
            return "exited"
        return "halted" if self.running else self.status

    def _run_slice(self, emulator: Emulator, instructions: int) -> None:
        from pyqom.devices.io import ShutdownRequest

        try:
            emulator.run(instructions)
        except ShutdownRequest as request:
            self._end_by_guest(request.status)
        except PyqomError as fault:
            self.fault = fault
            self.warnings.errors.append(f"unicorn internal error: {fault}")
            self._pause("internal-error")

    def _end_by_guest(self, status: int) -> None:
        """A device was told to end the machine (``qemu_system_shutdown_request_with_code``)."""
        self.exit_status = status
        if "debug-exit-ends-at-once" in self.release.rules:
            self._exit()
            return
        self.events.emit("SHUTDOWN", {"guest": True, "reason": "guest-shutdown"})
        if self.actions.get("shutdown") == "pause":
            self._pause("shutdown")
        else:
            self._exit()
