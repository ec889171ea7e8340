"""One QMP session, sans I/O: bytes in, bytes out (``monitor/qmp.c``, ``qapi/qmp-dispatch.c``).

A `Session` knows the protocol and nothing else: greeting, capability negotiation, what a command
object is, `id`, out-of-band commands, events, and how much it takes in while its answers are not
fetched.  What commands there are, and what they do, is its dispatcher's.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

from pyqom.errors import CommandNotFound, ParseError, PyqomError, QmpError
from pyqom.monitor.dialect import LOCATED, UNLOCATED, Parser, Wording
from pyqom.monitor.writer import INDENT, Encoded, to_json
from pyqom.types.qdict import qdict_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Protocol

    from pyqom.release import Release

    class Dispatcher(Protocol):
        """What a session runs commands with."""

        def has(self, command: str) -> bool:
            """Whether there is a command of that name."""

        def allow_oob(self, command: str) -> bool:
            """Whether the command, which there is, may be run out of band."""

        def run(
            self, session: Session, command: str, arguments: dict[str, Any], *, oob: bool
        ) -> Any:
            """Run a command that there is; its result, ``{}`` where it returns nothing.

            Checks first whether the command may be run in this phase, then the arguments.  The
            result is plain JSON data, or `Encoded` JSON.  Raises PyqomError for the client.
            ``qmp_capabilities`` calls `Session.negotiate`.
            """

        def replied(self) -> None:
            """The reply is on its way: what a machine tells only behind it may follow."""


# How many requests wait for their turn (``QMP_REQ_QUEUE_LEN_MAX``); one without out-of-band.
QUEUE_LENGTH = 8
# Bytes of output beyond which no further command is run until they are taken,
OUTPUT_HIGH = 1 << 18
# and beyond which the client is given up: it does not read, and events go on.
OUTPUT_LIMIT = 16 << 20

_LOCATED_RULE = "parse-errors-are-located"
_NEGOTIATE = "qmp_capabilities"
_EXPECTING = f"Expecting capabilities negotiation with '{_NEGOTIATE}'"
_COMPLETE = "Capabilities negotiation is already complete, command ignored"


class State(Enum):
    """What a session is ready for."""

    NEGOTIATION = "negotiation"  # nothing but qmp_capabilities
    COMMAND = "command"  # commands, and events are told
    CLOSED = "closed"  # nothing more


def greeting(version: dict[str, Any], capabilities: Iterable[str] = ("oob",)) -> dict[str, Any]:
    """The greeting of a server whose ``query-version`` answers `version`."""
    return {"QMP": {"version": version, "capabilities": list(capabilities)}}


def wording(release: Release) -> Wording:
    """How the release words mistakes in the JSON that it reads."""
    return LOCATED if _LOCATED_RULE in release.rules else UNLOCATED


class Session:
    """One client's conversation, from greeting to end.

    `receive` takes what the client sent, however it was cut; `take` gives what is to be sent.
    Commands run inside these two.  `event` may come at any time.  The one who does the I/O
    fetches output after `receive`, and when `on_output` is called; it stops to read while
    `wants_input` is false.

    `overflowed` tells that the client was given up, because it did not read what it was told.

    `greeting` is made by `pyqom.monitor.protocol.greeting`; its capabilities are those a client
    may enable.  `pretty` is ``-qmp-pretty``, `wording` the release's.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        *,
        greeting: dict[str, Any],
        pretty: bool = False,
        wording: Wording = LOCATED,
    ) -> None:
        self.dispatcher = dispatcher
        self.pretty = pretty
        self.state = State.NEGOTIATION
        self.offered: frozenset[str] = frozenset(greeting["QMP"]["capabilities"])
        self.enabled: frozenset[str] = frozenset()
        # Whether the client may run commands out of band, and so how many requests may wait.
        self.oob = False
        self._queue_length = 1
        self.on_output: Callable[[], None] | None = None
        self.overflowed = False
        self._parser = Parser(wording)
        self._unread: deque[Any] = deque()
        self._queue: deque[Any] = deque()
        self._output: list[bytes] = []
        self._output_size = 0
        self._working = False
        self._send(to_json(greeting, pretty))

    # --- what the I/O side calls ---

    @property
    def closed(self) -> bool:
        """Whether the conversation is over; what `take` still gives is the last."""
        return self.state is State.CLOSED

    @property
    def wants_input(self) -> bool:
        """Whether more should be read: false while what was read waits for its turn."""
        full = len(self._queue) >= self._queue_length
        return self.state is not State.CLOSED and not self._unread and not full

    def receive(self, data: bytes) -> None:
        """Take what the client sent, and run what is complete."""
        if self.state is not State.CLOSED:
            self._unread.extend(self._parser.feed(data))
            self._work()

    def take(self) -> bytes:
        """What is to be sent; runs what had to wait because there was too much of it."""
        output = b"".join(self._output)
        self._output.clear()
        self._output_size = 0
        if self._queue or self._unread:
            self._work()
        return output

    @property
    def has_output(self) -> bool:
        """Whether `take` gives something."""
        return bool(self._output)

    def close(self) -> None:
        """End the conversation: nothing is read, run or told any more."""
        self.state = State.CLOSED
        self._unread.clear()
        self._queue.clear()

    # --- what commands and the machine call ---

    def negotiate(self, enable: Iterable[str] = ()) -> None:
        """What ``qmp_capabilities`` does: enable capabilities, and be ready for commands.

        Raises CommandNotFound where that has been done, QmpError for what was not offered.
        """
        if self.state is not State.NEGOTIATION:
            raise CommandNotFound(_COMPLETE)
        wanted = list(enable)
        missing = [name for name in wanted if name not in self.offered]
        if missing:
            raise QmpError(f"Capability {', '.join(missing)} not available")
        self.enabled = frozenset(wanted)
        self.oob = "oob" in self.enabled
        self._queue_length = QUEUE_LENGTH if self.oob else 1
        self.state = State.COMMAND

    def event(
        self, name: str, data: dict[str, Any] | None, seconds: int, microseconds: int
    ) -> None:
        """Tell an event, unless the client has not negotiated yet.

        The time is since the epoch, in `seconds` and the `microseconds` beyond them.
        """
        if self.state is not State.COMMAND:
            return
        message: dict[str, Any] = {
            "timestamp": {"seconds": seconds, "microseconds": microseconds},
            "event": name,
        }
        if data is not None:
            message["data"] = data
        self._send(to_json(message, self.pretty))
        if self._output_size > OUTPUT_LIMIT:
            self.overflowed = True
            self.close()
            self._output.clear()
        if self.on_output and not self._working:
            self.on_output()

    # --- requests ---

    def _work(self) -> None:
        """Run what waits, as long as there is room for the answers."""
        if self._working:
            return
        self._working = True
        try:
            self._admit()
            while self._queue and self._output_size < OUTPUT_HIGH:
                request = self._queue.popleft()
                # There is room in the queue, so what may overtake this one does.
                if self.oob:
                    self._admit()
                self._answer(request)
                self._admit()
        finally:
            self._working = False

    def _admit(self) -> None:
        """Read into the queue until it is full; out-of-band commands do not wait in it."""
        unread, queue = self._unread, self._queue
        length = self._queue_length
        while unread and len(queue) < length:
            request = unread.popleft()
            if length > 1 and type(request) is dict and _is_oob(request):
                self._answer(request)
            else:
                queue.append(request)

    def _answer(self, request: Any) -> None:
        """Run a request and send its reply."""
        id_ = request.get("id", _ABSENT) if type(request) is dict else _ABSENT
        try:
            result = self._run(request)
        except PyqomError as error:
            self._send_error(error.qmp_class, str(error), id_)
        else:
            self._send_result(result, id_)
        self.dispatcher.replied()

    def _run(self, request: Any) -> Any:
        """The result of a request; raises PyqomError for the client."""
        if type(request) is not dict:
            raise request if isinstance(request, ParseError) else QmpError(_NO_OBJECT)
        command, oob = _command(request, self.oob)
        dispatcher = self.dispatcher
        if self.state is State.NEGOTIATION and command != _NEGOTIATE:
            raise CommandNotFound(_EXPECTING)
        if not dispatcher.has(command):
            raise CommandNotFound(f"The command {command} has not been found")
        if oob and not dispatcher.allow_oob(command):
            raise QmpError(f"The command {command} does not support OOB")
        try:
            return dispatcher.run(self, command, request.get("arguments", {}), oob=oob)
        except PyqomError:
            raise
        except Exception:
            # A fault of ours: the client is told that, the log why.
            import logging

            logging.getLogger(__name__).exception("command %s", command)
            raise QmpError(f"Internal error in command '{command}'") from None

    # --- replies ---

    def _send_result(self, result: Any, id_: Any) -> None:
        members = [("return", self._json(result))]
        if id_ is not _ABSENT:
            members.append(("id", self._id_json(id_)))
        self._send(self._object(members))

    def _send_error(self, class_: str, text: str, id_: Any) -> None:
        members = [("error", to_json({"class": class_, "desc": text}, self.pretty))]
        if id_ is not _ABSENT:
            members.insert(0, ("id", self._id_json(id_)))
        self._send(self._object(members))

    def _json(self, value: Any) -> str:
        if not isinstance(value, Encoded):
            return to_json(value, self.pretty)
        return value.pretty() if self.pretty else value

    def _id_json(self, id_: Any) -> str:
        # Clients see their own objects again, in QEMU's order.
        return to_json(id_, self.pretty, ordered=isinstance(id_, (dict, list)))

    def _object(self, members: list[tuple[str, str]]) -> str:
        """A JSON object of members that are JSON already."""
        if not self.pretty:
            return "{" + ", ".join([f'"{name}": {text}' for name, text in members]) + "}"
        inner = ",".join([f'\n"{name}": {text}' for name, text in members])
        return "{" + inner.replace("\n", "\n" + INDENT) + "\n}"

    def _send(self, text: str) -> None:
        """Put a message out, with the line ends of a monitor."""
        if self.pretty:
            text = text.replace("\n", "\r\n")
        data = text.encode("ascii") + b"\r\n"
        self._output.append(data)
        self._output_size += len(data)


# --- command objects ---

_ABSENT: Any = object()
_EMPTY: dict[str, Any] = {}
_MEMBERS = frozenset(("execute", "arguments", "id"))
_NO_OBJECT = "QMP input must be a JSON object"


def _is_oob(request: dict[str, Any]) -> bool:
    """Whether the request looks as if it were to be run out of band."""
    return "exec-oob" in request and "execute" not in request


def _command(request: dict[str, Any], allow_oob: bool) -> tuple[str, bool]:
    """The command that a request names, and whether it is to be run out of band.

    Raises QmpError for the first member, in the order of QEMU's hash table, that is wrong.
    """
    command = request.get("execute")
    if (
        type(command) is str
        and request.keys() <= _MEMBERS
        and type(request.get("arguments", _EMPTY)) is dict
    ):
        return command, False
    named = ""
    for name in qdict_order(request):
        value = request[name]
        if name == "execute" or (name == "exec-oob" and allow_oob):
            if not isinstance(value, str):
                raise QmpError(f"QMP input member '{name}' must be a string")
            if named:
                raise QmpError(f"QMP input member '{name}' clashes with '{named}'")
            named = name
        elif name == "arguments":
            if not isinstance(value, dict):
                raise QmpError("QMP input member 'arguments' must be an object")
        elif name != "id":
            raise QmpError(f"QMP input member '{name}' is unexpected")
    if not named:
        raise QmpError("QMP input lacks member 'execute'")
    return request[named], named == "exec-oob"
