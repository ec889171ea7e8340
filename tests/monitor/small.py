"""A dispatcher with a handful of commands and no machine, and what its tests share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pyqom import release as releases
from pyqom.errors import (
    InvalidParameterType,
    InvalidParameterValue,
    QmpError,
    UnexpectedParameter,
)
from pyqom.monitor.dialect import LOCATED, Wording
from pyqom.monitor.protocol import Session, greeting

DATA = Path(__file__).parent.parent / "data" / "monitor"
NEGOTIATE = b'{"execute": "qmp_capabilities"}\n'
NEGOTIATE_OOB = b'{"execute": "qmp_capabilities", "arguments": {"enable": ["oob"]}}\n'


def version(release: str | None = None) -> dict[str, Any]:
    known = releases.get(release)
    major, minor, micro = known.version
    triple = {"micro": micro, "minor": minor, "major": major}
    return {"qemu": triple, "package": known.package}


class SmallDispatcher:
    """Commands of a machine that has nothing; `ran` is what was run, in order."""

    answers: dict[str, Any] = {
        "query-name": {},
        "query-version": version(),
        "query-status": {"status": "prelaunch", "running": False},
        "query-kvm": {"enabled": False, "present": True},
    }

    def __init__(self) -> None:
        self.ran: list[str] = []

    def has(self, command: str) -> bool:
        return command in self.answers or command in (
            "qmp_capabilities", "quit", "migrate-pause", "x-fault", "x-large",
        )  # fmt: skip

    def allow_oob(self, command: str) -> bool:
        return command == "migrate-pause"

    def replied(self) -> None:
        """Nothing waits for a reply."""

    def run(self, session: Session, command: str, arguments: dict[str, Any], *, oob: bool) -> Any:
        self.ran.append(command)
        if command == "qmp_capabilities":
            return self._negotiate(session, **arguments)
        if command == "x-large":
            return "x" * arguments["size"]
        for name in arguments:
            raise UnexpectedParameter(f"Parameter '{name}' is unexpected")
        if command == "quit":
            session.event("SHUTDOWN", {"guest": False, "reason": "host-qmp-quit"}, 1, 2)
            session.close()
        elif command == "migrate-pause":
            raise QmpError("not now")
        elif command == "x-fault":
            raise ZeroDivisionError("a secret of the implementation")
        return self.answers.get(command, {})

    def _negotiate(self, session: Session, enable: Any = (), **rest: Any) -> Any:
        for name in rest:
            raise UnexpectedParameter(f"Parameter '{name}' is unexpected")
        if not isinstance(enable, (list, tuple)):
            raise InvalidParameterType("Invalid parameter type for 'enable', expected: array")
        for index, name in enumerate(enable):
            if not isinstance(name, str):
                raise InvalidParameterType(
                    f"Invalid parameter type for 'enable[{index}]', expected: string"
                )
            if name != "oob":
                raise InvalidParameterValue(f"Parameter 'null' does not accept value '{name}'")
        session.negotiate(enable)
        return {}


def session(
    start: bytes = b"", *, pretty: bool = False, wording: Wording = LOCATED, **answers: Any
) -> Session:
    """A new session that has been greeted, and has read `start`."""
    new = Session(SmallDispatcher(), greeting=greeting(version()), pretty=pretty, wording=wording)
    if start:
        new.receive(start)
        new.take()
    return new


def drain(talk: Session) -> bytes:
    """Everything a session has to say."""
    parts = []
    while data := talk.take():
        parts.append(data)
    return b"".join(parts)


def lines(talk: Session) -> list[str]:
    """The messages a session has to say, each as its line."""
    return drain(talk).decode("ascii").split("\r\n")[:-1]


def messages(talk: Session) -> list[Any]:
    return [json.loads(line) for line in lines(talk)]
