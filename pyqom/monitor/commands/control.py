"""The monitor itself (``qapi/control.json``, ``qapi/introspect.json``, ``monitor/qmp-cmds.c``)."""

from __future__ import annotations

from pyqom.monitor.command import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.monitor.command import Args
    from pyqom.monitor.dispatcher import Dispatcher


@command("query-version")
def query_version(monitor: Dispatcher, args: Args) -> Any:
    """The release whose facts are served."""
    return monitor.version()


@command("query-commands")
def query_commands(monitor: Dispatcher, args: Args) -> Any:
    """The commands that are served."""
    return [{"name": name} for name in monitor.served]


@command("query-qmp-schema")
def query_qmp_schema(monitor: Dispatcher, args: Args) -> Any:
    """What is served, in every detail."""
    return monitor.introspection()


@command("query-command-line-options")
def query_command_line_options(monitor: Dispatcher, args: Args) -> Any:
    """The options of the command line that have parameters."""
    return monitor.command_line_options(args.get("option"))
