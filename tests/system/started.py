"""Starting the program in this process: what it would print, and the machine that it made."""

from __future__ import annotations

from typing import Any

import pytest

from pyqom.errors import PyqomError
from pyqom.system import startup
from pyqom.system.commandline import read
from pyqom.system.messages import Done, Failure, Messages, place
from pyqom.system.serving import Serving
from pyqom.vm import VirtualMachine


class Heard(Messages):
    """Messages that are kept, line by line."""

    def __init__(self) -> None:
        super().__init__("{prog}")
        self.lines: list[str] = []

    def say(self, text: str, kind: str, location: str) -> None:
        self.lines += f"{{prog}}:{place(location)} {kind}{text}".split("\n")

    def bare(self, text: str) -> None:
        self.lines += text.split("\n")


class Start:
    """What came of a command line: a machine or an exit status, and the lines on stderr."""

    def __init__(self, arguments: list[str]) -> None:
        messages = Heard()
        self.vm: VirtualMachine | None = None
        self.status = 0
        self.lines = messages.lines
        try:
            line = read(arguments, messages)
            setup = startup.prepare(line)
            serving = Serving(line, messages)
            try:
                self.vm = startup.build(line, setup, messages, serving)
            except PyqomError as error:
                raise startup.failure(error, line) from None
            finally:
                serving.close()
        except Failure as failure:
            self.status = 1
            messages.failure(failure)
        except Done as done:
            self.status = done.status

    def facts(self) -> dict[str, Any]:
        """As the recordings have it."""
        return {"started": self.vm is not None, "exit": self.status, "stderr": self.lines}


def started(*arguments: str) -> VirtualMachine:
    """The machine of a command line that must start."""
    start = Start([*arguments])
    if start.vm is None:
        pytest.fail(f"did not start: {start.lines}")
    return start.vm
