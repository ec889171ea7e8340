"""``pyqom qmp``: QMP commands, one or a shell, to a machine made here or to a monitor's socket."""

from __future__ import annotations

import sys

from pyqom.cli import options
from pyqom.cli.monitors import OPTIONS, address_of, target_of
from pyqom.cli.options import Argument, Syntax
from pyqom.cli.qmpwords import request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.cli.options import Given
    from pyqom.cli.output import Output


def topic(given: Given) -> str | None:
    """The help on a command, for ``--help COMMAND``; None where it is not about one."""
    if len(given.words) != 1:
        return None
    from pyqom.monitor.qapi import schema
    from pyqom.release import get

    return schema(get(given.release)).help(given.words[0]) + "\n"


SYNTAX = Syntax(
    "qmp",
    "Run a QMP command, or without one a shell, on the machine behind a monitor's SOCKET (a unix\n"
    "socket's path, or HOST:PORT) or, without it, on one that is made for this.  The words are\n"
    "\n"
    "    [SOCKET] [COMMAND [KEY=VALUE | JSON ...]]\n"
    "\n"
    "Dots in a KEY lead into records: model.name=EPYC.  --help COMMAND tells what a command takes.",
    [Argument("words", "socket, command and arguments", "*")],
    [*OPTIONS, options.JSON],
    [
        "qmp -M q35 query-status",
        "qmp qom-get path=/machine property=type",
        "qmp query-cpu-model-expansion type=full model.name=EPYC model.props.x2apic=false",
        'qmp qom-list {"path":"/machine"}',
        "qmp --help device_add",
    ],
    topic,
)


def run(given: Given, out: Output) -> int:
    """Print what the command returns, or run the shell.  1 where a command of a script failed."""
    words = list(given.words)
    socket = words.pop(0) if words and address_of(words[0]) is not None else None
    target = target_of(given, socket)
    try:
        if words:
            show(target.execute(*request(words, target.schema)), out, given.json)
            return 0
        from pyqom.cli.shell import Shell

        return Shell(target, out, given.json).run(sys.stdin)
    finally:
        target.close()


def show(result: Any, out: Output, as_json: bool) -> None:
    """Print a result: JSON, with colour for a person; a text as it is, unless JSON is wanted."""
    if isinstance(result, str) and not as_json:
        out.write(result.replace("\r\n", "\n").rstrip("\n") + "\n")
        return
    if out.tty and not as_json:
        try:
            from pyqom.cli.richly import json_text
        except ImportError:
            pass
        else:
            out.write(json_text(result, out))
            return
    out.json(result)
