"""Whether a machine runs, and what ends it (``system/runstate.c``)."""

from __future__ import annotations

from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyqom.events import EventLog

NEED_RESET = ("shutdown", "internal-error")
"""The states that only a reset leads out of (``runstate_needs_reset``)."""


class RunState:
    """The run state of a machine; the part of `pyqom.vm.VirtualMachine` that deals with it.

    ``status`` is QMP's RunState, ``actions`` what ``set-action`` takes, ``autostart`` whether it
    runs when it is ready.  One that has ``exited`` is gone; ``failure`` is why where it could not
    be made, and ``on_exit`` is called then.
    """

    events: EventLog

    def __init__(self, actions: Mapping[str, str], *, paused: bool, incoming: bool) -> None:
        self.status = "inmigrate" if incoming else "prelaunch"
        self.actions = dict(actions)
        self.autostart = not paused
        self.exited = False
        self.failure: PyqomError | None = None
        self.on_exit: Callable[[], None] | None = None

    def reset_devices(self) -> None:
        """Hook: reset everything that the machine has."""

    def reset_cpus(self) -> None:
        """Hook: let the CPUs begin anew."""

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

    def fail(self, error: PyqomError) -> None:
        """End the machine: it cannot be made."""
        self.failure = error
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
        self.reset_cpus()
        self.reset_devices()
        if self.status not in ("running", "inmigrate"):
            self.status = "prelaunch"
