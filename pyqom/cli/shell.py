"""The shell of ``pyqom qmp``: history, completion, events as they come.

Lines are read by prompt_toolkit where it is installed, else by readline; what is no terminal is
read as a script.
"""

from __future__ import annotations

import os
import shlex

from pyqom.cli.options import UsageError
from pyqom.cli.output import complain, one_line
from pyqom.cli.qmp import show
from pyqom.cli.qmpcomplete import Completer
from pyqom.cli.qmpwords import request
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from pyqom.cli.monitors import Target
    from pyqom.cli.output import Output

OWN = {
    "help": "help [COMMAND]: the commands, or what one of them takes",
    "exit": "exit: leave, as the end of input does (quit is QMP's: it ends the machine)",
}
PROMPT = "(qmp) "


class Shell:
    """Reads commands and prints what they return."""

    def __init__(self, target: Target, out: Output, as_json: bool = False) -> None:
        self.target = target
        self.completer = Completer(target, OWN)
        self._out = out
        self._as_json = as_json
        self._failed = False

    def run(self, file: TextIO) -> int:
        """Read until the end.  1 where a command of a script failed, else 0."""
        person = file.isatty() and self._out.tty
        if person:
            self._out.write(f"{self.target.greeting()}; 'help' tells what there is\n")
        for line in self._lines(file, person):
            if line.strip() == "exit":
                break
            self.line(line)
            self._out.flush()
        return int(self._failed and not person)

    def line(self, line: str) -> None:
        """Do what a line says; what is wrong goes to standard error."""
        try:
            words = _words(line)
            if words[:1] == ["help"]:
                self._help(words[1:])
            elif words:
                result = self.target.execute(*request(words, self.target.schema))
                show(result, self._out, self._as_json)
            self._events()
        except PyqomError as error:
            self._failed = True
            self._out.flush()
            text = one_line(str(error))
            near = getattr(error, "suggestions", ())
            complain(f"{text}{f'; did you mean {near[0]}?' if near else ''}\n")

    def _events(self) -> None:
        import json

        for event in self.target.events():
            self._out.write(json.dumps(event) + "\n")

    def _help(self, words: list[str]) -> None:
        if words and words[0] not in OWN:
            self._out.write(self.target.schema.help(words[0]) + "\n")
        elif words:
            self._out.write(OWN[words[0]] + "\n")
        else:
            names = [entry["name"] for entry in self.target.execute("query-commands", {})]
            self._out.write("".join(f"{name}\n" for name in sorted(names)))
            self._out.write("".join(f"{text}\n" for text in OWN.values()))

    # --- reading -------------------------------------------------------------

    def _lines(self, file: TextIO, person: bool) -> Iterator[str]:
        if not person:
            yield from file
            return
        read = self._reader()
        while True:
            try:
                yield read()
            except KeyboardInterrupt:
                continue
            except EOFError:
                self._out.write("\n")
                return

    def _reader(self) -> Callable[[], str]:
        """What asks a person for a line; raises EOFError at the end."""
        try:
            from pyqom.cli.shellprompt import reader
        except ImportError:
            from pyqom.cli.shellline import reader
        return reader(self.completer, history_file(), PROMPT)


def _words(line: str) -> list[str]:
    """The words of a line; one that begins with a brace is JSON as it stands."""
    line = line.strip()
    if line.startswith("#"):
        return []
    head, _, rest = line.partition(" ")
    if line.startswith("{"):
        return [line]
    if rest.lstrip().startswith("{"):
        return [head, rest.strip()]
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(str(error)) from None


def history_file() -> str | None:
    """Where lines are remembered; None where there is no place for it."""
    home = os.path.expanduser("~")
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(home, ".local", "state")
    folder = os.path.join(state, "pyqom")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError:
        return None
    return os.path.join(folder, "qmp-history")
