"""Declaring QMP commands: one function each, found by name, its module loaded when needed.

    @command("qom-get")
    def qom_get(monitor: Dispatcher, args: Args) -> Any:
        ...

`args` are the checked arguments by their QMP names; the result is JSON data, None for ``{}``.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pyqom.monitor.dispatcher import Dispatcher

    Args = dict[str, Any]
    Handler = Callable[[Dispatcher, Args], Any]

MODULES = (
    *("absent", "block", "char", "control", "cpus", "machine", "misc", "net", "pci", "pyqom_only"),
    *("qdev", "qom", "run_state"),
)
"""The modules of `pyqom.monitor.commands`."""

_handlers: dict[str, Handler] = {}


def command(name: str) -> Callable[[Handler], Handler]:
    """Declare the function of a command."""

    def declare(handler: Handler) -> Handler:
        _handlers[name] = handler
        return handler

    return declare


def handlers() -> dict[str, Handler]:
    """The functions of all commands, by name."""
    for module in MODULES:
        import_module(f"pyqom.monitor.commands.{module}")
    return _handlers
