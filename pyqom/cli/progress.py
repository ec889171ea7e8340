"""How far long work has come, on stderr, when a person looks at it."""

from __future__ import annotations

import sys
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from pyqom.cli.output import Output
    from pyqom.machines import MachineType

PATIENCE = 0.3
"""Seconds of silence before anything is shown."""
INTERVAL = 0.1
"""Seconds between two reports."""


def over(machines: Sequence[MachineType], out: Output) -> Iterator[MachineType]:
    """Hand on machine types, and report which of them is at work.

    Silent where stderr is no terminal, or where the answer itself goes to the terminal.
    """
    stream = sys.stderr
    if stream is None or not stream.isatty() or out.tty:
        yield from machines
        return
    shown = 0
    due = monotonic() + PATIENCE
    try:
        for number, machine in enumerate(machines, 1):
            if monotonic() >= due:
                shown = _report(stream, f"{number}/{len(machines)} {machine.name}", shown)
                due = monotonic() + INTERVAL
            yield machine
    finally:
        if shown:
            _report(stream, "", shown)
            stream.write("\r")
            stream.flush()


def _report(stream: TextIO, text: str, before: int) -> int:
    """Write over the last report; returns the width of this one."""
    stream.write("\r" + text.ljust(before))
    stream.flush()
    return len(text)
