"""The human monitor: command lines to texts (``monitor/hmp.c``, ``hmp-commands.hx``).

`HumanMonitor.run` does one line.  The commands are in `pyqom.monitor.hmp_commands`; each is a
function, with its name, its parameters as QEMU types them, and its line of help:

    s   a word, which may be quoted        S   all that is left; O  options, which may be none
    i   a number                           -j  a flag
    ?   behind one of them: it may be absent
"""

from __future__ import annotations

from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from pyqom.monitor.dispatcher import Dispatcher

    Args = dict[str, Any]
    Function = Callable[["HumanMonitor", Args], str | None]

ESCAPES = {"n": "\n", "r": "\r", "\\": "\\", "'": "'", '"': '"'}


class HumanCommand:
    """A command: ``names`` it goes by, the first its own; ``args`` are (name, type)."""

    __slots__ = ("args", "early", "function", "help", "names", "params", "since")

    def __init__(
        self,
        names: str,
        args: str,
        params: str,
        help: str,
        function: Function,
        early: bool,
        since: str | None,
    ) -> None:
        self.names = names.split("|")
        pairs = (each.partition(":") for each in args.split(","))
        self.args = [(name, kind) for name, _, kind in pairs if name]
        self.params = params
        self.help = help
        self.function = function
        self.early = early
        self.since = since

    @property
    def line(self) -> str:
        """What ``help`` shows of it."""
        return f"{'|'.join(self.names)} {self.params} -- {self.help}\n"


COMMANDS: list[HumanCommand] = []
INFOS: list[HumanCommand] = []
"""The commands, and those behind ``info``, in the order of their names."""


def human(
    names: str,
    args: str = "",
    params: str = "",
    help: str = "",
    *,
    early: bool = False,
    since: str | None = None,
) -> Callable[[Function], Function]:
    """Declare the function of a command; ``info x`` goes among those behind ``info``.

    `early` ones may be run in preconfig, `since` is the first release that has it.
    """

    def declare(function: Function) -> Function:
        table = INFOS if names.startswith("info ") else COMMANDS
        bare = names.removeprefix("info ")
        table.append(HumanCommand(bare, args, params, help, function, early, since))
        table.sort(key=lambda command: command.names[0])
        return function

    return declare


class Mistake(Exception):
    """The line is no good; the text says why, as the monitor prints it."""


class HumanMonitor:
    """A human monitor of one machine; ``cpu_index`` is the CPU that commands are about."""

    def __init__(self, dispatcher: Dispatcher, cpu_index: int | None = None) -> None:
        from pyqom.monitor import hmp_commands  # noqa: F401 (declares the commands)

        self.dispatcher = dispatcher
        self.vm = dispatcher.vm
        self.cpu_index = cpu_index

    def run(self, line: str) -> str:
        """What a line prints; lines end in CR LF."""
        try:
            text = self._run(line) or ""
        except Mistake as mistake:
            text = str(mistake)
        except PyqomError as error:
            text = f"Error: {error}\n"
        return text.replace("\n", "\r\n")

    def ask(self, command: str, **arguments: Any) -> Any:
        """Run a QMP command; `_` stands for ``-``.  Raises PyqomError."""
        return self.dispatcher.execute(command, arguments)

    def table(self, infos: bool = False) -> Iterator[HumanCommand]:
        """The commands that the release has."""
        for command in INFOS if infos else COMMANDS:
            if self.vm.release.knows(command.since, None):
                yield command

    def find(self, name: str, infos: bool = False) -> HumanCommand | None:
        """A command by one of its names."""
        return next((each for each in self.table(infos) if name in each.names), None)

    def _run(self, line: str) -> str | None:
        words = Words(line)
        name = words.name()
        if not name:
            return None
        command, path = self.find(name), name
        if name == "info":
            sub = words.name()
            if not sub:
                return self.help_infos()
            command, path = self.find(sub, infos=True), f"info {sub}"
        if command is None:
            raise Mistake(f"unknown command: '{path}'\n")
        if not command.early and not self.vm.has_reached("machine-ready"):
            raise Mistake(
                f"Command '{path}' not available with -preconfig "
                "until machine initialization has completed.\n"
            )
        try:
            args = words.arguments(command)
        except Mistake as mistake:
            hint = f'Try "help {path}" for more information\n'
            raise Mistake(f"{mistake}{hint}") from None
        return command.function(self, args)

    def help_infos(self) -> str:
        """The lines of all that ``info`` knows."""
        return "".join(f"info {command.line}" for command in self.table(infos=True))


class Words:
    """A command line, read from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def _skip(self) -> None:
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1

    def name(self) -> str:
        """The next word, as the name of a command."""
        self._skip()
        start = self.at
        while self.at < len(self.text) and not self.text[self.at].isspace():
            self.at += 1
        return self.text[start : self.at]

    def word(self) -> str | None:
        """The next word, quotes removed; None where there is none, or it is not ended."""
        self._skip()
        if self.at >= len(self.text):
            return None
        if self.text[self.at] != '"':
            return self.name()
        self.at += 1
        word = ""
        while self.text[self.at : self.at + 1] not in ("", '"'):
            letter = self.text[self.at]
            if letter == "\\":
                self.at += 1
                letter = ESCAPES.get(self.text[self.at : self.at + 1], "")
                if not letter:
                    return None
            word += letter
            self.at += 1
        if self.at >= len(self.text):
            return None
        self.at += 1
        return word

    def arguments(self, command: HumanCommand) -> Args:
        """The arguments of a command.  Raises Mistake."""
        args: Args = {}
        name = "|".join(command.names)
        for key, kind in command.args:
            self._skip()
            if kind[0] == "-":
                args[key] = self._flag(kind[1], command)
            elif self.at >= len(self.text) and kind.endswith("?"):
                args[key] = None
            elif kind[0] == "O" and self.at >= len(self.text):
                args[key] = ""
            elif kind[0] in "SO":
                args[key] = self._rest(name)
            elif kind[0] == "i":
                args[key] = self._number()
            else:
                args[key] = self.word()
                if args[key] is None:
                    raise Mistake(f"{name}: string expected\n")
        self._skip()
        if self.at < len(self.text):
            raise Mistake(f"{name}: extraneous characters at the end of line\n")
        return args

    def _flag(self, letter: str, command: HumanCommand) -> bool:
        following = self.text[self.at : self.at + 2]
        if not following.startswith("-"):
            return False
        if following[1:] == letter:
            self.at += 2
            return True
        if following[1:] and following in (kind for _, kind in command.args):
            return False
        name = "|".join(command.names)
        raise Mistake(f"{name}: unsupported option -{following[1:]}\n")

    def _rest(self, name: str) -> str:
        if self.at >= len(self.text):
            raise Mistake(f"{name}: string expected\n")
        rest, self.at = self.text[self.at :], len(self.text)
        return rest

    def _number(self) -> int:
        from pyqom.types.visitor import scan_integer

        found = scan_integer(self.text, self.at)
        if found is None:
            letter = self.text[self.at : self.at + 1]
            text = f"invalid char '{letter}' in expression" if letter else "unexpected end"
            raise Mistake(f"{text}\n" if letter else "unexpected end of expression\n")
        number, self.at = found
        return number
