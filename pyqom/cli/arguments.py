"""argparse, for the command lines that are not ordinary: help and mistakes."""

from __future__ import annotations

import argparse

from pyqom.cli.about import STATUS
from pyqom.cli.options import Given, Syntax, UsageError
from pyqom.errors import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

    from pyqom.cli.output import Output


class _Parser(argparse.ArgumentParser):
    """Raises what is wrong instead of printing it."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def parser(syntax: Syntax) -> argparse.ArgumentParser:
    """The argparse parser of a verb."""
    examples = "".join(f"  pyqom {example}\n" for example in syntax.examples)
    made = _Parser(
        prog=f"pyqom {syntax.verb}",
        description=syntax.description,
        epilog=(f"examples:\n{examples}\n" if examples else "") + STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    for argument in syntax.arguments:
        more: dict[str, Any] = {} if argument.count == "1" else {"nargs": argument.count}
        made.add_argument(argument.dest, metavar=argument.metavar, help=argument.help, **more)
    made.add_argument("-h", "--help", action="store_true", help="this text")
    for option in syntax.options:
        if option.metavar is None:
            made.add_argument(*option.flags, action="store_true", help=option.help)
        elif option.repeat:
            made.add_argument(
                *option.flags, action="append", default=[], metavar=option.metavar, help=option.help
            )
        else:
            made.add_argument(*option.flags, metavar=option.metavar, help=option.help)
    return made


def full(syntax: Syntax, argv: Sequence[str], out: Output) -> Given | None:
    """Parse with argparse; None after ``--help``.  Raises UsageError."""
    made = parser(syntax)
    before = argv[: argv.index("--")] if "--" in argv else argv
    if "-h" in before or "--help" in before:
        out.write(_topic(made, syntax, argv) or made.format_help())
        return None
    try:
        given, unknown = made.parse_known_intermixed_args(argv, Given())
    except argparse.ArgumentError as error:
        raise UsageError(str(error)) from error
    if unknown:
        flags = [flag for option in syntax.options for flag in option.flags]
        name = unknown[0].partition("=")[0]
        close = nearest(name, flags) if name.startswith("-") else ()
        raise UsageError(f"unrecognized arguments: {' '.join(unknown)}", close)
    return given


def _topic(made: argparse.ArgumentParser, syntax: Syntax, argv: Sequence[str]) -> str | None:
    """The help on what else was said, where the verb has one."""
    if syntax.topic is None:
        return None
    try:
        given, unknown = made.parse_known_intermixed_args(argv, Given())
    except argparse.ArgumentError:
        return None
    return None if unknown else syntax.topic(given)
