"""How far long work has come, on stderr, when a person looks at it."""

from __future__ import annotations

import sys
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO, TypeVar

    from pyqom.cli.output import Output

    T = TypeVar("T")

PATIENCE = 0.3
"""Seconds of silence before anything is shown."""
INTERVAL = 0.1
"""Seconds between two reports."""


def over(items: Sequence[T], out: Output) -> Iterator[T]:
    """Hand on `items`, and report which of them is at work.

    Silent where stderr is no terminal, or where the answer itself goes to the terminal.
    """
    stream = sys.stderr
    if stream is None or not stream.isatty() or out.tty:
        yield from items
        return
    shown = 0
    due = monotonic() + PATIENCE
    try:
        for number, item in enumerate(items, 1):
            if monotonic() >= due:
                shown = _report(stream, f"{number}/{len(items)} {item}", shown)
                due = monotonic() + INTERVAL
            yield item
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
