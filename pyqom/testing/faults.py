"""Faults on demand: records that say what goes wrong, with which command, and when.

A fault names a command (``"device_add"``), an event (``"STOP"``) or ``"greeting"``; without a name
it is meant for any command.  It hits the `nth` of those that fit, counted over all clients of the
machine from 1, and `times` of them in a row (None: all from there on).  `arguments` narrows it to
commands with these arguments among theirs.

    Error("device_add", "No slot left")             the first device_add fails
    Drop("query-status", nth=2)                     the second query-status is never answered
    Disconnect(nth=5, when="run")                   the fifth command is run, then the line is dead
    Late("STOP")                                    the event comes when the test says so
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import attrs

When = Literal["asked", "run", "half", "answered"]
"""Where in the life of a command: when it was asked (it is not run), when it was run (nothing of
the reply is sent), when half of the reply is out, when all of it is.  Of an event or a greeting
the first two send nothing."""

GREETING = "greeting"


@attrs.frozen
class Fault:
    """What all faults share: whom they hit.

    Raises ValueError where `nth` or `times` is below 1.
    """

    name: str | None = None
    nth: int = attrs.field(default=1, kw_only=True, validator=attrs.validators.ge(1))
    times: int | None = attrs.field(default=1, kw_only=True)
    arguments: Mapping[str, Any] | None = attrs.field(default=None, kw_only=True)

    @times.validator
    def _at_least_once(self, attribute: attrs.Attribute[Any], times: int | None) -> None:
        if times is not None and times < 1:
            raise ValueError(f"'times' must be >= 1: {times}")

    def fits(self, name: str, arguments: Mapping[str, Any], is_command: bool) -> bool:
        """Whether it is meant for such a message, were it the right one in turn."""
        if self.name is None:
            named = is_command
        else:
            named = self.name == name
        return named and contains(arguments, self.arguments or {})

    def hits(self, count: int) -> bool:
        """Whether it is meant for that one of those that fit, counted from 1."""
        return count >= self.nth and (self.times is None or count < self.nth + self.times)


@attrs.frozen
class Late(Fault):
    """The message is held until the test releases it, but for its first `after` bytes.

    The command is run at once.  What the client asks meanwhile waits, as it does in a QEMU that is
    busy; out-of-band commands and events overtake.
    """

    after: int = attrs.field(default=0, kw_only=True, validator=attrs.validators.ge(0))


@attrs.frozen
class Split(Fault):
    """The message is sent in pieces of `size` bytes, each written by itself."""

    size: int = attrs.field(default=1, kw_only=True, validator=attrs.validators.ge(1))


@attrs.frozen
class Drop(Fault):
    """The command is run, but the message never sent."""


@attrs.frozen
class Disconnect(Fault):
    """The client is hung up on; it may come again."""

    when: When = attrs.field(default="asked", kw_only=True)


@attrs.frozen
class Crash(Fault):
    """The process is gone, as by SIGKILL: all lines are dead, and nobody listens any more."""

    when: When = attrs.field(default="asked", kw_only=True)


@attrs.frozen
class Error(Fault):
    """The command is not run, and answered with an error: text `desc`, class `qmp_class`."""

    desc: str = "An error has occurred"
    qmp_class: str = attrs.field(default="GenericError", kw_only=True)


class Plan:
    """The faults of one machine, and how often each has been fitting.

    Where several hit one message, the first is taken.
    """

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults: list[Fault] = []
        self._counts: list[int] = []
        self._hit: list[bool] = []
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        """One more, which counts from now on.  Raises ValueError for one that cannot be."""
        if isinstance(fault, Error) and (fault.name == GREETING or (fault.name or "").isupper()):
            raise ValueError(f"only a command can be answered with an error, not {fault.name}")
        self._faults.append(fault)
        self._counts.append(0)
        self._hit.append(False)

    def clear(self) -> None:
        """From now on all goes well."""
        self._faults.clear()
        self._counts.clear()
        self._hit.clear()

    @property
    def unused(self) -> list[Fault]:
        """The faults that have not happened: perhaps their names are misspelt."""
        return [fault for fault, hit in zip(self._faults, self._hit, strict=True) if not hit]

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def __len__(self) -> int:
        return len(self._faults)

    def match(
        self, name: str, arguments: Mapping[str, Any] | None = None, *, is_command: bool = True
    ) -> Fault | None:
        """The fault of the next message of that name; counts it."""
        found: Fault | None = None
        for at, fault in enumerate(self._faults):
            if not fault.fits(name, arguments or {}, is_command):
                continue
            self._counts[at] += 1
            if found is None and fault.hits(self._counts[at]):
                self._hit[at] = True
                found = fault
        return found


def contains(whole: object, part: object) -> bool:
    """Whether `whole` equals `part`, where mappings may have more members than asked for."""
    if isinstance(part, Mapping):
        return isinstance(whole, Mapping) and all(
            key in whole and contains(whole[key], value) for key, value in part.items()
        )
    if isinstance(part, bool) or isinstance(whole, bool):
        # To JSON, true and 1 are not the same.
        return part is whole or (type(part) not in (bool, int, float) and bool(whole == part))
    return bool(whole == part)
