"""A QMP session that is recorded, and in which things go wrong on demand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from pyqom.errors import ParseError, QmpError
from pyqom.monitor.dispatcher import Dispatcher
from pyqom.monitor.protocol import Session, State, greeting, wording
from pyqom.monitor.writer import to_json
from pyqom.testing.conversation import Conversation, Kind
from pyqom.testing.faults import (
    GREETING,
    Crash,
    Disconnect,
    Drop,
    Error,
    Fault,
    Late,
    Plan,
    Split,
)


class Piece(bytes):
    """Bytes to be written by themselves."""


@attrs.define
class _Subject:
    """What is about to be said: a greeting, an event, or the reply to the request in step `to`."""

    kind: Kind
    name: str
    to: int | None = None
    fault: Fault | None = None


@attrs.frozen
class _Held:
    """A message that waits for its release, the part of it that has not been sent."""

    subject: _Subject
    text: str
    data: bytes


class Injected(QmpError):
    """The error of a fault."""

    def __init__(self, fault: Error) -> None:
        super().__init__(fault.desc)
        self.qmp_class = fault.qmp_class


class RecordedSession(Session):
    """One client's conversation with the machine of `dispatcher`.

    Every step is noted in `conversation` under the number `client`; `plan` says what goes wrong.
    `on_crash` and `on_exit` are called when a fault, or a command such as ``quit``, has ended the
    machine: the first at once, the second once the reply has been said.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        conversation: Conversation,
        plan: Plan,
        client: int,
        *,
        pretty: bool = False,
        on_crash: Callable[[], None],
        on_exit: Callable[[], None],
    ) -> None:
        self.conversation = conversation
        self.plan = plan
        self.client = client
        self.on_crash = on_crash
        self.on_exit = on_exit
        self._vm = dispatcher.vm
        self._held: list[_Held] = []
        self._waiting: deque[Any] = deque()
        conversation.note(client, "connect")
        fault = plan.match(GREETING, is_command=False)
        self._subject = _Subject("greeting", GREETING, None, fault)
        super().__init__(
            dispatcher,
            greeting=greeting(dispatcher.version()),
            pretty=pretty,
            wording=wording(dispatcher.vm.release),
        )

    # --- faults --------------------------------------------------------------

    @property
    def held(self) -> list[str]:
        """The names of the messages that wait for their release."""
        return [held.subject.name for held in self._held]

    @property
    def _blocked(self) -> bool:
        """Whether a command has not been answered yet: QEMU does one at a time."""
        return any(held.subject.kind != "event" for held in self._held)

    def release(self, name: str | None = None) -> int:
        """Let go what is held, all or what has that name, and go on; how many messages it were."""
        going = [held for held in self._held if name in (None, held.subject.name)]
        self._held = [held for held in self._held if name not in (None, held.subject.name)]
        for held in going:
            self._note(held.subject, held.text)
            self._put(held.data)
        if self._waiting and not self._blocked:
            self._queue.extendleft(reversed(self._waiting))
            self._waiting.clear()
            self._work()
        if going and self.on_output:
            self.on_output()
        return len(going)

    def hang_up(self) -> None:
        """Say nothing more, not even what has been on its way."""
        self._output.clear()
        self._output_size = 0
        self.close()
        if self.on_output:
            self.on_output()

    def _end(self, fault: Disconnect | Crash) -> None:
        """The client is hung up on; what is on its way still goes out, unless all is gone."""
        if isinstance(fault, Crash):
            self.on_crash()
        else:
            self.close()

    # --- what a session does -------------------------------------------------

    @property
    def wants_input(self) -> bool:
        return super().wants_input and len(self._waiting) < self._queue_length

    def close(self) -> None:
        if self.state is not State.CLOSED:
            super().close()
            self._held.clear()
            self._waiting.clear()
            self.conversation.note(self.client, "disconnect")

    def take(self) -> bytes:
        chunks = self._output
        at = next((at for at, chunk in enumerate(chunks) if type(chunk) is Piece), None)
        if at is None:
            return super().take()
        end = at or 1
        output = b"".join(chunks[:end])
        del chunks[:end]
        self._output_size -= len(output)
        return output

    def event(
        self, name: str, data: dict[str, Any] | None, seconds: int, microseconds: int
    ) -> None:
        if self.state is not State.COMMAND:
            return
        before = self._subject
        fault = self.plan.match(name, data, is_command=False)
        self._subject = _Subject("event", name, None, fault)
        try:
            super().event(name, data, seconds, microseconds)
        finally:
            self._subject = before

    def _answer(self, request: Any) -> None:
        if self._blocked and not (type(request) is dict and "exec-oob" in request):
            self._waiting.append(request)
            return
        self._subject = self._begin(request)
        fault = self._subject.fault
        if isinstance(fault, (Disconnect, Crash)) and fault.when == "asked":
            self._end(fault)
        else:
            super()._answer(request)
        if self._vm.exited:
            self.on_exit()

    def _begin(self, request: Any) -> _Subject:
        """Note a request; what its reply will be about."""
        name, arguments = _asked(request)
        fault = self.plan.match(name, arguments) if name else None
        is_json = not isinstance(request, ParseError)
        text = to_json(request if is_json else {"error": str(request)})
        kind: Kind = "command" if name else "garbage"
        entry = self.conversation.note(self.client, kind, name, text)
        return _Subject("return", name, entry.step, fault)

    def _run(self, request: Any) -> Any:
        fault = self._subject.fault
        if isinstance(fault, Error):
            raise Injected(fault)
        return super()._run(request)

    def _send_error(self, class_: str, text: str, id_: Any) -> None:
        self._subject.kind = "error"
        super()._send_error(class_, text, id_)

    def _send(self, text: str) -> None:
        if self.state is State.CLOSED:
            return
        super()._send(text)
        data = self._output.pop()
        self._output_size -= len(data)
        self._deliver(self._subject, text, data)

    def _deliver(self, subject: _Subject, text: str, data: bytes) -> None:
        fault = subject.fault
        if isinstance(fault, (Disconnect, Crash)):
            self._break_off(fault, subject, text, data)
        elif isinstance(fault, Drop):
            self.conversation.note(self.client, "dropped", subject.name, text, subject.to)
        elif isinstance(fault, Late):
            self.conversation.note(self.client, "held", subject.name, text, subject.to)
            self._put(data[: fault.after])
            self._held.append(_Held(subject, text, data[fault.after :]))
        else:
            self._note(subject, text)
            size = fault.size if isinstance(fault, Split) else len(data)
            pieces: Iterable[bytes] = [data[at : at + size] for at in range(0, len(data), size)]
            if isinstance(fault, Split):
                pieces = map(Piece, pieces)
            for piece in pieces:
                self._put(piece)

    def _break_off(
        self, fault: Disconnect | Crash, subject: _Subject, text: str, data: bytes
    ) -> None:
        if fault.when == "half":
            self.conversation.note(self.client, "dropped", subject.name, text, subject.to)
            self._put(data[: len(data) // 2])
        elif fault.when == "answered":
            self._note(subject, text)
            self._put(data)
        else:
            self.conversation.note(self.client, "dropped", subject.name, text, subject.to)
        self._end(fault)

    def _put(self, data: bytes) -> None:
        if data:
            self._output.append(data)
            self._output_size += len(data)

    def _note(self, subject: _Subject, text: str) -> None:
        self.conversation.note(self.client, subject.kind, subject.name, text, subject.to)


def _asked(request: Any) -> tuple[str, dict[str, Any]]:
    """The name and the arguments of a request, empty where it has none of that kind."""
    if type(request) is not dict:
        return "", {}
    name = request.get("execute", request.get("exec-oob"))
    arguments = request.get("arguments")
    return (
        name if isinstance(name, str) else "",
        arguments if isinstance(arguments, dict) else {},
    )
