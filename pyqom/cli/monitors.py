"""What ``pyqom qmp`` and ``pyqom tree`` talk to: a machine made here, or a monitor's socket."""

from __future__ import annotations

import os
import re

from pyqom.cli import inputs
from pyqom.cli.options import Option, UsageError
from pyqom.errors import CommandNotFound, PyqomError, QmpError, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.cli.options import Given
    from pyqom.monitor.qapi import QmpSchema

    Event = dict[str, Any]

OPTIONS = (
    Option("--machine", "-M", metavar="M", help="make a machine of this type (default: pc)"),
    Option("--cpu", metavar="MODEL", help="with these CPUs, as QEMU's -cpu has them"),
    Option("--smp", metavar="N", help="so many, as QEMU's -smp has it: 2,maxcpus=4"),
    Option("--accel", metavar="A", help="under this accelerator (default: tcg, with --host kvm)"),
    Option("--host", metavar="FILE", help="on the host that the record in FILE describes"),
    Option("--release", metavar="R", help="of this QEMU release (default: the newest)"),
)
"""The options that describe a machine to make."""

_PORT = re.compile(r"(?:tcp:)?(\[[^]]*\]|[^:=/{}]*):([0-9]+)")


class Refused(QmpError):
    """What a server answered, where it answered with an error."""

    def __init__(self, text: str, qmp_class: str) -> None:
        super().__init__(text)
        self.qmp_class = qmp_class


class NoCommand(CommandNotFound):
    """A command that is not served; `.suggestions` are the nearest that are."""

    def __init__(self, text: str, suggestions: tuple[str, ...]) -> None:
        super().__init__(text)
        self.suggestions = suggestions


class Target:
    """Whoever answers QMP commands; `schema` is the best that is known of what it takes."""

    schema: QmpSchema

    def execute(self, command: str, arguments: dict[str, Any]) -> Any:
        """Run a command; its result.  Raises PyqomError for what it answers instead."""
        raise NotImplementedError

    def events(self) -> list[Event]:
        """The events that have come since this was asked last."""
        raise NotImplementedError

    def greeting(self) -> str:
        """Whom one talks to, in a line."""
        raise NotImplementedError

    def close(self) -> None:
        """Leave it."""


class Machine(Target):
    """A machine in this process."""

    def __init__(self, given: Given) -> None:
        from pyqom.vm import VirtualMachine

        self.vm = VirtualMachine(
            given.machine,
            given.cpu,
            None if given.smp is None else _smp(given.smp),
            given.accel or ("kvm" if given.host is not None else "tcg"),
            release=given.release,
            host=inputs.host(given.accel, given.host),
        )
        self.schema = self.vm.dispatcher.schema
        self._told = len(self.vm.events)
        self._messages: list[Event] = []
        self.vm.events.listen(lambda event: self._messages.append(event.message()))

    def execute(self, command: str, arguments: dict[str, Any]) -> Any:
        try:
            return self.vm.dispatcher.execute(command, arguments)
        except CommandNotFound as error:
            served = self.vm.dispatcher.served
            if command in served:
                raise
            raise NoCommand(str(error), nearest(command, served)) from None

    def events(self) -> list[Event]:
        messages, self._messages = self._messages, []
        return messages

    def greeting(self) -> str:
        return f"QEMU {self.vm.release.name} {self.vm.machine_type.name}, in this process"

    @property
    def warnings(self) -> list[str]:
        """What QEMU would have printed on the way."""
        return self.vm.warnings


class Socket(Target):
    """A monitor's socket, talked to by the `qemu.qmp` library.

    Raises PyqomError where the library is not there, or nobody listens.
    """

    def __init__(self, address: str | tuple[str, int]) -> None:
        try:
            from qemu.qmp.legacy import QEMUMonitorProtocol
        except ImportError:
            text = "a socket needs the library qemu.qmp: pip install 'pyqom[client]'"
            raise PyqomError(text) from None
        import logging
        from threading import Lock

        logging.getLogger("qemu.qmp").setLevel(logging.CRITICAL + 1)
        self._lock = Lock()
        self._address = address if isinstance(address, str) else f"{address[0]}:{address[1]}"
        self._client = QEMUMonitorProtocol(address)
        greeting = self._guarded(self._client.connect)
        assert greeting is not None
        self._version = greeting["QMP"]["version"]["qemu"]
        self.schema = _schema(self._version["major"], self._version["minor"])

    def execute(self, command: str, arguments: dict[str, Any]) -> Any:
        with self._lock:
            reply = self._guarded(self._client.cmd_raw, command, arguments)
        if "return" in reply:
            return reply["return"]
        raise Refused(reply["error"]["desc"], reply["error"]["class"])

    def _guarded(self, call: Any, *arguments: Any) -> Any:
        """Call the library; what it raises about the line becomes a PyqomError."""
        from qemu.qmp import QMPError

        try:
            return call(*arguments)
        except (QMPError, EOFError, OSError) as error:
            cause = error.__cause__ or getattr(error, "exc", None) or error
            reason = getattr(cause, "strerror", None) or str(cause) or "it hung up"
            raise PyqomError(f"{self._address}: {reason}") from None

    def events(self) -> list[Event]:
        with self._lock:
            events: list[Event] = self._guarded(self._client.get_events)
        return events

    def greeting(self) -> str:
        number = ".".join(str(self._version[part]) for part in ("major", "minor", "micro"))
        return f"QEMU {number} at {self._address}"

    def close(self) -> None:
        from contextlib import suppress

        with suppress(PyqomError):
            self._guarded(self._client.close)


def _smp(text: str) -> dict[str, int]:
    """The topology of ``--smp``, a number or members by name.  Raises PyqomError, UsageError."""
    from pyqom.types.keyval import parse_keyval

    levels = parse_keyval(text, "cpus")
    for name, count in levels.items():
        if not isinstance(count, str) or not count.isdecimal():
            raise UsageError(f"argument --smp: Parameter '{name}' expects a number")
    return {name: int(count) for name, count in levels.items()}


def _schema(major: int, minor: int) -> QmpSchema:
    """The schema of the newest carried release that is not newer, or of the oldest."""
    from pyqom.monitor.qapi import schema
    from pyqom.release import releases

    carried = releases()
    older = [release for release in carried if release.knows(None, f"{major}.{minor + 1}")]
    return schema((older or carried)[-1 if older else 0])


def address_of(word: str) -> str | tuple[str, int] | None:
    """The address that a word is: a path of a socket, or (host, port); None where it is none."""
    if word.startswith("{"):
        return None
    if word.startswith("unix:"):
        return word.removeprefix("unix:")
    port = _PORT.fullmatch(word)
    if port is not None:
        return port[1].strip("[]") or "localhost", int(port[2])
    if "/" in word or os.path.exists(word):
        return word
    return None


def target_of(given: Given, word: str | None) -> Target:
    """The socket at the address `word`, or without one the machine that the options describe.

    Raises UsageError, and whatever keeps them from coming about.
    """
    if word is None:
        machine = Machine(given)
        from pyqom.cli.output import complain, one_line

        for text in machine.warnings:
            complain(f"pyqom: warning: {one_line(text)}\n")
        return machine
    for option in OPTIONS:
        if getattr(given, option.dest) is not None:
            raise UsageError(f"{option.flags[0]} describes a machine, but {word} is a socket")
    address = address_of(word)
    if address is None:
        raise UsageError(f"{word} is no socket")
    return Socket(address)
