"""The record of a conversation: who said what, in which order, and what can be asserted of it.

Steps are counted, not timed: the same conversation has the same record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from threading import Condition
from typing import Any, Literal, NoReturn

from pyqom.testing.faults import contains

Kind = Literal[
    "connect",
    "greeting",
    "command",
    "garbage",
    "return",
    "error",
    "event",
    "held",
    "dropped",
    "disconnect",
    "crash",
]
"""What an entry is: a message as it was sent, what was no command, a message that was held back or
dropped by a fault, or a line that came up or went down."""

SHOWN = 300
"""Of a longer message a transcript shows only the beginning."""


_ARROWS = {"command": "->", "garbage": "->", "held": "..", "dropped": "x "}


class Entry:
    """One step: its number from 0, the client (connection) from 1, what it is, and of what.

    `name` is the command's or event's; replies have that of their command, whose step is `to`.
    `client` is 0 for what concerns all.
    """

    def __init__(
        self, step: int, client: int, kind: Kind, name: str, text: str, to: int | None
    ) -> None:
        self.step = step
        self.client = client
        self.kind = kind
        self.name = name
        self.text = text
        self.to = to

    @cached_property
    def message(self) -> Any:
        """The JSON value that was said; None where nothing was."""
        return json.loads(self.text) if self.text else None

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of a command, the data of an event."""
        message = self.message
        found = message.get("arguments", message.get("data")) if isinstance(message, dict) else None
        return found if isinstance(found, dict) else {}

    def __str__(self) -> str:
        arrow = _ARROWS.get(self.kind, "<-")
        text = self.text if len(self.text) <= SHOWN else f"{self.text[:SHOWN]}..."
        if not text:
            return f"{self.step:4} client {self.client}    {self.kind}"
        return f"{self.step:4} client {self.client} {arrow} {self.kind} {self.name}: {text}"

    def __repr__(self) -> str:
        return f"<Entry {self.step} {self.kind} {self.name}>"


class Conversation:
    """All that was said between a machine and its clients, oldest first.

    It is written by the thread that serves and may be read by any other.  `str()` is a transcript,
    which each failed assertion shows.  Names of arguments may be written with ``_`` for ``-``;
    values are compared as a subset, so that `unittest.mock.ANY` and parts of records do.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._changed = Condition()

    def note(
        self, client: int, kind: Kind, name: str = "", text: str = "", to: int | None = None
    ) -> Entry:
        """Add a step."""
        with self._changed:
            entry = Entry(len(self._entries), client, kind, name, text, to)
            self._entries.append(entry)
            self._changed.notify_all()
        return entry

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, step: int) -> Entry:
        return self._entries[step]

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "(nothing was said)"

    # --- looking -------------------------------------------------------------

    def of(self, *kinds: Kind, client: int | None = None) -> list[Entry]:
        """The entries of these kinds, of one client or of all."""
        return [entry for entry in self if entry.kind in kinds and client in (None, entry.client)]

    @property
    def commands(self) -> list[str]:
        """The names of the commands, ``qmp_capabilities`` among them."""
        return [entry.name for entry in self.of("command")]

    @property
    def events(self) -> list[str]:
        """The names of the events as they were told, once for each client."""
        return [entry.name for entry in self.of("event")]

    def asked(
        self, command: str, given: Mapping[str, Any] | None = None, /, **arguments: Any
    ) -> list[Entry]:
        """The requests for a command with at least these arguments."""
        wanted = {**(given or {}), **arguments}
        return [
            entry
            for entry in self.of("command")
            if entry.name == command and _has(entry.arguments, wanted)
        ]

    def reply(self, request: Entry) -> Entry | None:
        """What was answered to a request; None where nothing was, or not yet."""
        replies = (entry for entry in self.of("return", "error") if entry.to == request.step)
        return next(replies, None)

    def wait(self, kind: Kind, name: str = "", count: int = 1, timeout: float = 30) -> Entry:
        """Wait until there are `count` entries of that kind (and name); the last of them.

        Raises TimeoutError after `timeout` seconds, which only a test that fails needs.
        """

        def there() -> list[Entry] | None:
            found = [each for each in self.of(kind) if name in ("", each.name)]
            return found if len(found) >= count else None

        with self._changed:
            found = self._changed.wait_for(there, timeout)
        if not found:
            raise TimeoutError(f"no {' '.join(filter(None, (kind, name)))} came:\n{self}")
        return found[count - 1]

    # --- asserting -----------------------------------------------------------

    def assert_asked(
        self,
        command: str,
        given: Mapping[str, Any] | None = None,
        /,
        *,
        times: int | None = None,
        **arguments: Any,
    ) -> Entry:
        """A command was asked with at least these arguments (`times` times); the first of them."""
        found = self.asked(command, given, **arguments)
        if not found or times not in (None, len(found)):
            wanted = json.dumps({**(given or {}), **arguments}, default=repr)
            often = "" if times is None else f" {times} times, but {len(found)}"
            self._fail(f"{command} was not asked{often} with {wanted}")
        return found[0]

    def assert_not_asked(
        self, command: str, given: Mapping[str, Any] | None = None, /, **arguments: Any
    ) -> None:
        """No such command was asked."""
        for entry in self.asked(command, given, **arguments):
            self._fail(f"{command} was asked in step {entry.step}")

    def assert_event(self, name: str, /, **data: Any) -> Entry:
        """An event with at least this data was told to a client; the first of them."""
        for entry in self.of("event"):
            if entry.name == name and _has(entry.arguments, data):
                return entry
        self._fail(f"no event {name} with {json.dumps(data, default=repr)} was told")

    def assert_order(self, *names: str) -> None:
        """These commands were asked, and these events (in capitals) told, in this order.

        Others may be between them.
        """
        said = [entry.name for entry in self.of("command", "event")]
        rest = iter(said)
        for name in names:
            if name not in rest:
                self._fail(f"not in this order: {', '.join(names)}; '{name}' is missing")

    def assert_no_errors(self) -> None:
        """No command was answered with an error."""
        for entry in self.of("error"):
            self._fail(f"{entry.name or 'a request'} was answered with {entry.text}")

    def assert_all_answered(self) -> None:
        """Every command has its reply."""
        for request in self.of("command"):
            if self.reply(request) is None:
                self._fail(f"{request.name} in step {request.step} has no reply")

    def _fail(self, text: str) -> NoReturn:
        raise AssertionError(f"{text}\n\n{self}")


def _has(arguments: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether the arguments contain the wanted ones, however these spell a dash."""
    return all(
        any(
            spelt in arguments and contains(arguments[spelt], value)
            for spelt in (name, name.replace("_", "-"))
        )
        for name, value in wanted.items()
    )
