"""The run state (``qapi/run-state.json``, ``system/runstate.c``)."""

from __future__ import annotations

from pyqom.monitor.command import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.monitor.command import Args
    from pyqom.monitor.dispatcher import Dispatcher


@command("query-status")
def query_status(monitor: Dispatcher, args: Args) -> Any:
    """Whether the machine runs, and why it does not."""
    vm = monitor.vm
    steps = {"singlestep": False} if "status-tells-single-steps" in vm.release.rules else {}
    return {"status": vm.status, **steps, "running": vm.running}


@command("stop")
def stop(monitor: Dispatcher, args: Args) -> None:
    """Pause."""
    monitor.vm.stop()


@command("cont")
def cont(monitor: Dispatcher, args: Args) -> None:
    """Run."""
    monitor.vm.cont()


@command("system_reset")
def system_reset(monitor: Dispatcher, args: Args) -> None:
    """Reset all devices."""
    monitor.vm.reset()


@command("system_powerdown")
def system_powerdown(monitor: Dispatcher, args: Args) -> None:
    """Press the power button."""
    monitor.vm.events.emit("POWERDOWN")


@command("quit")
def quit(monitor: Dispatcher, args: Args) -> None:
    """End."""
    monitor.vm.shutdown("host-qmp-quit")


@command("set-action")
def set_action(monitor: Dispatcher, args: Args) -> None:
    """Choose what happens on guest events."""
    monitor.vm.actions.update(args)
