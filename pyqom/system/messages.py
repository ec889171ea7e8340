"""What the program says on standard error, as QEMU says it (``util/error-report.c``).

A message is ``PROGRAM: LOCATION: TEXT``; the location is the option that is at fault
(``-cpu qemu64``) or the line of a configuration file, and may be missing.  Lines of a text after
its first are hints, which stand for themselves.
"""

from __future__ import annotations

import os
import sys
import time

from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

NOWHERE = ""
"""The location of what no single option is to blame for."""


class InFile(str):
    """The location of a line of a configuration file: ``PATH:LINE``."""

    __slots__ = ()


class Failure(PyqomError):
    """The program cannot start: one message after another, all with the same location.

    ``location`` is the option's words, or a file and line, `NOWHERE` without either; a ``bare``
    one is printed without the program's name and location.
    """

    bare = False

    def __init__(self, *messages: str, location: str = NOWHERE, hint: str = "") -> None:
        super().__init__(messages[0])
        if hint:
            messages = (*messages[:-1], f"{messages[-1]}\n{hint}")
        self.messages = messages
        self.location = location


class Done(Exception):
    """The program is to end with this exit status: everything is said."""

    def __init__(self, status: int = 0) -> None:
        super().__init__(status)
        self.status = status


class Messages:
    """Writes messages to standard error; `program` is what ``argv[0]`` was.

    ``timestamp`` and ``guest_name`` are what ``-msg`` asks for.
    """

    def __init__(self, program: str) -> None:
        self.program = program
        self.timestamp = False
        self.guest_name: str | None = None
        self.with_guest_name = False

    def error(self, text: str, location: str = NOWHERE) -> None:
        """Something is wrong."""
        self.say(text, "", location)

    def failure(self, failure: Failure) -> None:
        """Why the program does not start."""
        for text in failure.messages:
            if failure.bare:
                self.bare(text)
            else:
                self.error(text, failure.location)

    def bare(self, text: str) -> None:
        """A line that QEMU prints without saying who it is."""
        plain(f"{text}\n")

    def warning(self, text: str, location: str = NOWHERE) -> None:
        """Something is odd."""
        self.say(text, "warning: ", location)

    def say(self, text: str, kind: str, location: str) -> None:
        """One message; `kind` is ``"warning: "``, ``"info: "`` or empty."""
        plain(f"{self._prefix()}{self.program}:{place(location)} {kind}{text}\n")

    def _prefix(self) -> str:
        prefix = ""
        if self.timestamp:
            seconds, fraction = divmod(time.time(), 1)
            day = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
            prefix = f"{day}.{int(fraction * 1_000_000):06}Z "
        if self.with_guest_name and self.guest_name is not None:
            prefix += f"{self.guest_name} "
        return prefix


def place(location: str) -> str:
    """A location as it stands behind the program's name and its colon (``print_loc``)."""
    if not location:
        return ""
    return f"{location}:" if isinstance(location, InFile) else f" {location}:"


def plain(text: str) -> None:
    """Write to standard error as it is, whatever bytes the text was made of; never fails."""
    sys.stdout.flush()
    data = text.encode("utf-8", "surrogateescape")
    try:
        while data:
            data = data[os.write(2, data) :]
    except OSError:
        pass  # nobody is there to hear it


def words(given: Iterable[str]) -> str:
    """The location of an option: its words as they were given."""
    return " ".join(given)
