"""The options of a verb: declared once, parsed two ways.

A `Syntax` is plain data.  An ordinary command line is parsed here by a few lines, since argparse
alone takes as long to import as half of Python takes to start; whatever is not ordinary
(``--help``, an unknown option, a missing value) is argparse's, made from the same data.
"""

from __future__ import annotations

from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from pyqom.cli.output import Output


class UsageError(PyqomError):
    """The command line itself is wrong; `.suggestions` are the nearest known words."""

    def __init__(self, text: str, suggestions: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.suggestions = tuple(suggestions)


class Option:
    """``--name METAVAR``, or a switch where there is no metavar; `repeat` gathers a list."""

    def __init__(
        self, *flags: str, help: str, metavar: str | None = None, repeat: bool = False
    ) -> None:
        self.flags = flags
        self.help = help
        self.metavar = metavar
        self.repeat = repeat
        self.dest = flags[0].lstrip("-").replace("-", "_")

    @property
    def default(self) -> Any:
        """The value where it is not given."""
        if self.repeat:
            return []
        return False if self.metavar is None else None


class Argument:
    """A positional argument; `count` is "1", "?" (one or none), "+" (at least one) or "*"."""

    def __init__(self, dest: str, help: str, count: str = "1") -> None:
        self.dest = dest
        self.help = help
        self.count = count

    @property
    def metavar(self) -> str:
        """How the usage names it."""
        return self.dest.upper()


class Syntax:
    """What a verb takes, and what its ``--help`` says.

    `topic` gives the help on the words beside ``--help``, None where they are not one.
    """

    def __init__(
        self,
        verb: str,
        description: str,
        arguments: Sequence[Argument] = (),
        options: Sequence[Option] = (),
        examples: Sequence[str] = (),
        topic: Callable[[Given], str | None] | None = None,
    ) -> None:
        self.verb = verb
        self.description = description
        self.arguments = arguments
        self.options = options
        self.examples = examples
        self.topic = topic


class Given:
    """The values of a command line, as attributes."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


JSON = Option("--json", help="the answer as JSON")
RELEASE = Option(
    "--release", metavar="R", help="QEMU release (default: the newest that has the machine type)"
)
MACHINE = Option(
    "--machine", "-M", metavar="M", help="machine type, by name or alias (default: none)"
)
ACCEL = Option("--accel", metavar="A", help="accelerator (default: tcg, with --host kvm)")
HOST = Option(
    "--host", metavar="FILE", help="the host that the record in FILE describes, with --accel kvm"
)
SMP = Option("--smp", metavar="SMP", help="CPUs and topology as behind -smp (default: 1)")
VCPU = Option("--vcpu", metavar="N", help="which vCPU, from 0 (default: 0)")
PROPS = Option("--props", metavar="JSON", help="properties as QMP has them: a JSON object")


def models(help: str) -> Option:
    """``--models FILE``, for a verb that does with the models what `help` says."""
    return Option("--models", metavar="FILE", repeat=True, help=help)


MODELS = models("add the CPU models of FILE (may be repeated)")


def parse(syntax: Syntax, argv: Sequence[str], out: Output) -> Given | None:
    """The values of a verb's command line; None where it asked for help and got it.

    Raises UsageError.
    """
    given = ordinary(syntax, argv)
    if given is None:
        from pyqom.cli.arguments import full

        given = full(syntax, argv, out)
    return given


def ordinary(syntax: Syntax, argv: Sequence[str]) -> Given | None:
    """The values where all options are known and the arguments are as many as wanted, else None."""
    known = {flag: option for option in syntax.options for flag in option.flags}
    given = Given()
    values = given.__dict__
    for option in syntax.options:
        values[option.dest] = option.default
    words: list[str] = []
    rest = iter(argv)
    for word in rest:
        if word[:1] != "-":
            words.append(word)
            continue
        flag, equals, value = word.partition("=") if word[:2] == "--" else (word, "", "")
        option_ = known.get(flag)
        if option_ is None or (option_.metavar is None and equals):
            return None
        if option_.metavar is None:
            values[option_.dest] = True
            continue
        if not equals:
            value = next(rest, "-")
            if value[:1] == "-":
                return None
        if option_.repeat:
            values[option_.dest].append(value)
        else:
            values[option_.dest] = value
    return given if _place(syntax.arguments, words, values) else None


def _place(arguments: Sequence[Argument], words: list[str], values: dict[str, Any]) -> bool:
    """Give each argument its word; false where their number is wrong."""
    for argument in arguments:
        if argument.count in "+*":
            values[argument.dest], words = words, []
            if argument.count == "+" and not values[argument.dest]:
                return False
        elif words:
            values[argument.dest] = words.pop(0)
        elif argument.count == "?":
            values[argument.dest] = None
        else:
            return False
    return not words
