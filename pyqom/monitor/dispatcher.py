"""Running QMP commands on a machine: which there are, their checks, their functions."""

from __future__ import annotations

from functools import cached_property

from pyqom.errors import CommandNotFound, PyqomError
from pyqom.monitor.command import handlers
from pyqom.monitor.qapi import schema
from pyqom.monitor.writer import Encoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.monitor.protocol import Session
    from pyqom.vm import VirtualMachine

NEGOTIATE = "qmp_capabilities"


class Dispatcher:
    """The commands of one machine, for any number of sessions and for `VirtualMachine.qmp`.

    ``served`` are the names of the commands that the release states and pyqom has a function for;
    ``events`` those of the events that a machine can tell.
    """

    def __init__(self, vm: VirtualMachine) -> None:
        self.vm = vm
        self.schema = schema(vm.release)
        known = handlers()
        self.handlers = {name: known[name] for name in self.schema.commands if name in known}
        self.served = tuple(
            name for name in self.schema.commands if name in known or name == NEGOTIATE
        )
        self._checks: dict[str, Any] = {}

    def has(self, command: str) -> bool:
        """Whether there is a command of that name."""
        return command in self.handlers or command == NEGOTIATE

    def allow_oob(self, command: str) -> bool:
        """Whether the command may be run out of band."""
        stated = self.schema.command(command)
        return stated is not None and stated.allow_oob

    def run(self, session: Session, command: str, arguments: dict[str, Any], *, oob: bool) -> Any:
        """Run a command that there is for a session.  Raises PyqomError for the client."""
        if command == NEGOTIATE:
            session.negotiate(self.schema.check(command, arguments).get("enable", ()))
            return {}
        self.vm.events.hold()
        return self._run(command, arguments)

    def replied(self) -> None:
        """Tell the events that wait for the reply."""
        self.vm.events.release()

    def execute(self, command: str, arguments: dict[str, Any]) -> Any:
        """Run a command by itself; a keyword's ``_`` stands for ``-``.  Raises PyqomError."""
        if command not in self.handlers:
            raise CommandNotFound(f"The command {command} has not been found")
        named = {name.replace("_", "-"): arguments[name] for name in arguments}
        result = self._run(command, named)
        return result.value() if isinstance(result, Encoded) else result

    def _run(self, command: str, arguments: dict[str, Any]) -> Any:
        check = self._checks.get(command)
        if check is None:
            check = self._checks[command] = self.schema.checker(command)
        if self.vm.phase != "machine-ready":
            self._refuse_too_early(command)
        try:
            result = self.handlers[command](self, check(arguments))
        except PyqomError as error:
            error.args = (str(error).partition("\n")[0],)  # hints are for a terminal
            raise
        return {} if result is None else result

    def _refuse_too_early(self, command: str) -> None:
        stated = self.schema.command(command)
        if stated is None or not stated.allow_preconfig:
            raise PyqomError(
                f"The command '{command}' is permitted only after machine initialization"
                " has completed"
            )

    def version(self) -> dict[str, Any]:
        """QMP ``VersionInfo`` of the release whose facts are served."""
        release = self.vm.release
        major, minor, micro = release.version
        return {
            "qemu": {"major": major, "minor": minor, "micro": micro},
            "package": release.package,
        }

    @cached_property
    def events(self) -> tuple[str, ...]:
        """The events that a machine here can tell."""
        return tuple(name for name in self.schema.events if name in EVENTS)

    def introspection(self) -> Any:
        """``query-qmp-schema``: just what is served."""
        return self.schema.introspect(self.served, self.events)

    def command_line_options(self, option: str | None) -> Any:
        """``query-command-line-options``, of one option or of all.  Raises PyqomError."""
        return self.schema.command_line_options(option)


EVENTS = frozenset({"POWERDOWN", "RESET", "RESUME", "SHUTDOWN", "STOP", "DEVICE_DELETED"})
"""The events that something here tells."""
