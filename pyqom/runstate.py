"""Whether a machine runs, and how it ends (``system/runstate.c``, ``qapi/run-state.json``)."""

from __future__ import annotations

from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pyqom.accel.accelerator import Accelerator
    from pyqom.emulator import Emulator, GuestFault
    from pyqom.events import EventLog
    from pyqom.machines.cpus import Cpus
    from pyqom.release import Release
    from pyqom.reports import Reports

SLICE = 1_000_000
"""After so many instructions guest code is interrupted to see whether the machine still runs."""

NEED_RESET = ("shutdown", "internal-error")
"""The states that only a reset leads out of (``runstate_needs_reset``)."""


class RunState:
    """The run state of a machine; the part of `pyqom.vm.VirtualMachine` that deals with it."""

    accel: Accelerator
    actions: dict[str, str]
    autostart: bool
    cpus: Cpus | None
    events: EventLog
    exited: bool
    machine: Any
    on_exit: Callable[[], None] | None
    release: Release
    status: str
    warnings: Reports

    emulator: Emulator | None = None
    """What runs guest code; None under an accelerator that only answers questions."""
    exit_status = 0
    """What the program that runs the machine shall exit with, once it has ended."""
    fault: GuestFault | None = None
    """What guest code did last that its vCPU could not go on from."""

    @property
    def running(self) -> bool:
        """Whether the CPUs would run."""
        return self.status == "running"

    def cont(self) -> None:
        """Let the machine run (``cont``); one that waits for migration does so after it.

        Raises PyqomError for one that has shut down or failed and was not reset.
        """
        if self.status in NEED_RESET:
            raise PyqomError("Resetting the Virtual Machine is required")
        if self.status == "inmigrate":
            self.autostart = True
        elif not self.running:
            self.status = "running"
            self.events.emit("RESUME")

    def stop(self) -> None:
        """Pause a machine (``stop``); one that waits for migration does so after it."""
        if self.running:
            self._pause("paused")
        elif self.status == "inmigrate":
            self.autostart = False

    def _pause(self, status: str) -> None:
        self.status = status
        self.events.emit("STOP")

    def shutdown(self, reason: str) -> None:
        """End the machine, whatever its actions are (``quit``, a signal)."""
        self.events.emit("SHUTDOWN", {"guest": False, "reason": reason})
        self._exit()

    def _exit(self) -> None:
        self.exited = True
        if self.on_exit is not None:
            self.on_exit()

    def reset(self, reason: str = "host-qmp-system-reset") -> None:
        """Reset all devices (``system_reset``); one that does not run starts anew after it.

        By the action ``reboot=shutdown`` it is a shutdown, and that ends the machine, or by
        ``shutdown=pause`` stops it (``main_loop_should_exit``).
        """
        if self.actions.get("reboot") == "shutdown":
            if self.actions.get("shutdown") != "pause":
                self.shutdown(reason)
                return
            self.events.emit("SHUTDOWN", {"guest": False, "reason": reason})
            if self.running:
                self._pause("shutdown")
            return
        self.events.emit("RESET", {"guest": False, "reason": reason})
        if self.emulator is not None:
            self.emulator.reset()
        if self.status not in ("running", "inmigrate"):
            self.status = "prelaunch"

    # --- guest code ------------------------------------------------------------------------------

    def _prepare_guest(self) -> None:
        """Get ready to run guest code, if the accelerator does.  Raises PyqomError."""
        if self.accel.runs_guests:
            from pyqom.emulator import Emulator

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
        from pyqom.emulator import GuestFault

        try:
            emulator.run(instructions)
        except ShutdownRequest as request:
            self._end_by_guest(request.status)
        except GuestFault as fault:
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
