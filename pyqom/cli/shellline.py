"""Reading a person's lines with what Python has: readline, where it is there."""

from __future__ import annotations

import atexit
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pyqom.cli.qmpcomplete import Completer


def reader(completer: Completer, history: str | None, prompt: str) -> Callable[[], str]:
    """What asks for a line; raises EOFError at the end, KeyboardInterrupt for a line given up."""
    try:
        import readline
    except ImportError:
        return lambda: input(prompt)

    found: list[str] = []

    def complete(text: str, state: int) -> str | None:
        if state == 0:
            before = readline.get_line_buffer()[: readline.get_endidx()]
            found[:] = completer.complete(before)[1]
        if state >= len(found):
            return None
        return found[state] + ("" if found[state].endswith(("=", "/")) else " ")

    readline.set_completer(complete)
    readline.set_completer_delims(" \t")
    readline.parse_and_bind("tab: complete")
    if history is not None:
        with suppress(OSError):
            readline.read_history_file(history)
        atexit.register(_save, readline.write_history_file, history)
    return lambda: input(prompt)


def _save(write: Callable[[str], None], history: str) -> None:
    with suppress(OSError):
        write(history)
