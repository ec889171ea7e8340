"""Standard output, which may go away while it is written to."""

from __future__ import annotations

import io
import os
import sys

from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TextIO

CHUNK = 1 << 18
"""Bytes that a stream gathers before it writes them."""


class Output:
    """Standard output of one command.

    Once the reader is gone (a broken pipe) `closed` is true and nothing is written any more; the
    command ends as it would have.  `tty` tells whether a person reads it.
    """

    def __init__(self, file: TextIO | None) -> None:
        self.file = file
        self.closed = False
        self.tty = file is not None and file.isatty()

    def write(self, text: str) -> None:
        """Write a text; what the terminal's encoding lacks is written as an escape.

        Raises OSError where the text cannot be written (no space left), PyqomError where there is
        no standard output.
        """
        if self.closed:
            return
        if self.file is None:
            raise PyqomError("standard output is closed")
        if not text.isascii() and isinstance(self.file, io.TextIOWrapper):
            self.file.reconfigure(errors="backslashreplace")
        self._try(self.file.write, text)

    def stream(self, lines: Iterable[str]) -> None:
        """Write many ASCII lines as bytes, in chunks; stops asking for lines when nobody reads."""
        if self.file is None:
            raise PyqomError("standard output is closed")
        self.flush()
        write = self.file.buffer.write
        gathered: list[str] = []
        size = 0
        for line in lines:
            gathered.append(line)
            size += len(line)
            if size < CHUNK:
                continue
            self._try(write, "".join(gathered).encode("ascii"))
            if self.closed:
                return
            gathered.clear()
            size = 0
        self._try(write, "".join(gathered).encode("ascii"))

    def json(self, value: Any) -> None:
        """Write a value as JSON: one line, or indented for a person."""
        import json

        self.write(json.dumps(value, indent=2 if self.tty else None) + "\n")

    def flush(self) -> None:
        """Hand on what was written, so that what fails fails now."""
        if self.file is None or self.closed:
            return
        self._try(self.file.flush)

    def _try(self, act: Callable[..., object], *values: object) -> None:
        """Write or flush; a reader that is gone is no fault."""
        try:
            act(*values)
        except BrokenPipeError:
            self._give_up()
        except OSError:
            self._give_up()
            raise

    def _give_up(self) -> None:
        """What is still buffered goes nowhere, so that Python's end is quiet too."""
        self.closed = True
        assert self.file is not None
        try:
            number = self.file.fileno()
        except (OSError, ValueError):
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


def complain(text: str) -> None:
    """Write to standard error, if anybody is there."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        pass  # nobody is there


def one_line(text: str) -> str:
    """A text without control characters, which a name from the command line may have."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def fault_line(*parts: str) -> str:
    """``FILE: PATH: TEXT``; the path is empty where the fault is in the whole file."""
    return one_line(": ".join(part for part in parts if part))
