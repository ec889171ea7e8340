"""A QMP client and its machine without anything in between: no socket, no thread, no waiting."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pyqom.errors import QmpError
from pyqom.events import Event
from pyqom.testing.conversation import Conversation
from pyqom.testing.faults import Fault, Plan
from pyqom.testing.session import RecordedSession
from pyqom.vm import VirtualMachine


class Refused(QmpError):
    """What the machine answered, where it answered with an error: text and `qmp_class`."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(error["desc"])
        self.qmp_class = error["class"]


class MemorySession:
    """A client of a machine of its own.

    It takes what `VirtualMachine` takes, ``faults``, and ``negotiate``: whether the greeting is
    read and answered already.  `events` are those that came; `closed` tells that the machine has
    hung up, or is gone (`crashed`).
    """

    def __init__(
        self,
        *given: Any,
        faults: Iterable[Fault] = (),
        negotiate: bool = True,
        pretty: bool = False,
        **options: Any,
    ) -> None:
        self.vm = VirtualMachine(*given, **options)
        self.conversation = Conversation()
        self.faults = Plan(faults)
        self.events: list[dict[str, Any]] = []
        self.greeting: dict[str, Any] | None = None
        self.crashed = False
        self._received: list[dict[str, Any]] = []
        self._rest = b""
        self._ids = 0
        self.session = RecordedSession(
            self.vm.dispatcher,
            self.conversation,
            self.faults,
            1,
            pretty=pretty,
            on_crash=self._crash,
            on_exit=lambda: self.session.close(),
        )
        self.session.on_output = self._fetch
        self._deaf = self.vm.events.listen(self._told)
        self._fetch()
        if negotiate:
            self.execute("qmp_capabilities")

    def __enter__(self) -> MemorySession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        """Whether the machine has hung up."""
        return self.session.closed

    def close(self) -> None:
        """Hang up."""
        self.session.close()
        self._deaf()

    def send(self, message: bytes | Mapping[str, Any]) -> None:
        """Say something: a message, or bytes as they are.

        Raises ConnectionResetError where nobody listens any more.
        """
        if self.closed:
            raise ConnectionResetError("the machine has hung up")
        data = message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n"
        self.session.receive(data)
        self._fetch()

    def receive(self) -> list[dict[str, Any]]:
        """The messages that have come and were not received yet, without events and greeting."""
        received, self._received = self._received, []
        return received

    def execute(self, command: str, /, **arguments: Any) -> Any:
        """Run a command (``_`` in names of arguments stands for ``-``) and return its result.

        Raises Refused for an error, TimeoutError where no reply has come, and
        ConnectionResetError where the machine hung up instead.
        """
        self._ids += 1
        request: dict[str, Any] = {"execute": command, "id": f"memory-{self._ids}"}
        if arguments:
            request["arguments"] = {
                name.replace("_", "-"): value for name, value in arguments.items()
            }
        self.send(request)
        reply = next((each for each in self._received if each.get("id") == request["id"]), None)
        if reply is None and self.closed:
            raise ConnectionResetError(f"the machine hung up on {command}")
        if reply is None:
            raise TimeoutError(f"no reply to {command}")
        self._received.remove(reply)
        if "error" in reply:
            raise Refused(reply["error"])
        return reply["return"]

    def release(self, name: str | None = None) -> int:
        """Let go the messages that are held back (`Late`), or those of that name; how many."""
        return self.session.release(name)

    def _fetch(self) -> None:
        """Read what has been said, whole messages."""
        while data := self.session.take():
            self._rest += data
        decoder = json.JSONDecoder()
        text = self._rest.decode("ascii")
        while text := text.lstrip():
            try:
                message, end = decoder.raw_decode(text)
            except ValueError:
                break
            self._sort(message)
            text = text[end:]
        self._rest = text.encode("ascii")

    def _sort(self, message: dict[str, Any]) -> None:
        if "event" in message:
            self.events.append(message)
        elif "QMP" in message:
            self.greeting = message["QMP"]
        else:
            self._received.append(message)

    def _told(self, event: Event) -> None:
        stamp = event.message()["timestamp"]
        self.session.event(event.name, event.data, stamp["seconds"], stamp["microseconds"])

    def _crash(self) -> None:
        self.crashed = self.vm.exited = True
        self.conversation.note(0, "crash")
        self.session.close()
