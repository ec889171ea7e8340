"""The drop-in: QEMU's command line, its start-up, its monitors, its end (``system/main.c``)."""

from __future__ import annotations

import gc
import os
import sys

from pyqom.errors import PyqomError
from pyqom.system.commandline import read
from pyqom.system.daemon import die_of_interrupts
from pyqom.system.messages import Done, Failure, Messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyqom.system.commandline import CommandLine

NAME = "pyqom-system-x86_64"


def main(argv: Sequence[str] | None = None) -> int:
    """Be a QEMU: read the options, make the machine, serve its monitors until it ends.

    `argv` has the program's name first (None: the process's own).  The result is the exit status:
    0 after ``quit``, a signal or a request for help, 1 where QEMU refuses to start, and what guest
    code has chosen where it runs and ended the machine.
    """
    name, *arguments = sys.argv if argv is None else argv
    program = os.path.basename(name)
    die_of_interrupts()
    messages = Messages(NAME if program in ("__main__.py", "") else program)
    try:
        try:
            return run(read(arguments, messages), messages)
        except Failure as failure:
            messages.failure(failure)
        except Done as done:
            return done.status
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # nobody reads what was asked for; Python would complain of it once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 1


def run(line: CommandLine, messages: Messages) -> int:
    """Do what a command line says; the exit status.  Raises Failure, Done."""
    collecting = gc.isenabled()
    gc.disable()  # what a start makes stays, and looking for garbage in it would be a tenth of it
    try:
        return _run(line, messages, collecting)
    finally:
        if collecting:
            gc.enable()


def _run(line: CommandLine, messages: Messages, collecting: bool) -> int:
    from pyqom.system import startup
    from pyqom.system.daemon import Daemon, PidFile
    from pyqom.system.serving import Serving, Terminated

    setup = startup.prepare(line)
    daemon = Daemon() if line.daemonize else None
    if daemon is not None:
        daemon.start()
    pidfile = PidFile(line.pidfile) if line.pidfile is not None else None
    serving = Serving(line, messages)
    try:
        serving.watch_signals()
        if pidfile is not None:
            pidfile.write()
        try:
            vm = startup.build(line, setup, messages, serving)
        except PyqomError as error:
            raise startup.failure(error, line) from None
        serving.start(vm)
        if daemon is not None:
            daemon.ready()
        if collecting:
            gc.enable()
        serving.run()
        if vm.failure is not None:
            raise startup.failure(vm.failure, line)
        return vm.exit_status
    except Terminated:
        return 0  # somebody wanted that, before there was a machine that could end
    finally:
        serving.close()
        if pidfile is not None:
            pidfile.remove()
