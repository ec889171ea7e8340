"""``pyqom VERB ...``: finds the verb, runs it, and turns what it raises into one line.

Exit status: 0 good, 1 the answer is no, 2 bad request, 130 interrupted.
"""

from __future__ import annotations

import gc
import os
import sys

from pyqom.cli.options import UsageError, parse
from pyqom.cli.output import Output, complain, fault_line, one_line
from pyqom.errors import PyqomError, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

VERBS = {
    "expand": "what a CPU model is on a machine type (query-cpu-model-expansion)",
    "models": "the CPU models (query-cpu-definitions), or one of them in detail",
    "machines": "the machine types (query-machines), or one of them with its compat properties",
    "types": "the QOM types as a tree or a list, or one of them with its properties",
    "diff": "what differs between two CPUs, and who made it so",
    "explain": "why a property of a CPU model has the value that it has",
    "validate": "check files of CPU models",
    "host": "the record of a host: take this machine's, show one, convert it",
    "qmp": "QMP commands or a shell, on a machine made here or a monitor's socket",
    "tree": "the composition tree of a machine (HMP's info qom-tree)",
}
"""The verbs in the order in which ``--help`` names them; each is a module of this package."""

TRACEBACK = "PYQOM_TRACEBACK"
"""Set in the environment: an error that is pyqom's own fault is raised."""

INTERRUPTED = 130
"""128 + SIGINT, as a shell says it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (None: the process's own) and return the exit status.

    Never raises: what goes wrong is one line on stderr.
    """
    # One command, one answer: all that is made lives until the end, so looking for garbage among
    # it would only cost time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _guarded(list(sys.argv[1:] if argv is None else argv))
    finally:
        if collecting:
            gc.enable()


def script() -> NoReturn:
    """`main` as a process of its own, which ends at once.

    Taking some ten thousand objects apart one by one, only to leave, takes Python longer than most
    answers.
    """
    status = main()
    if sys.stdout is not None:
        sys.stdout.flush()
    os._exit(status)


def _guarded(argv: list[str]) -> int:
    out = Output(sys.stdout)
    try:
        status = _dispatch(argv, out)
        out.flush()
        return status
    except PyqomError as error:
        return _refuse(error, _hint(argv) if isinstance(error, UsageError) else "")
    except OSError as error:
        where = f"{error.filename}: " if error.filename is not None else ""
        return _refuse(f"{where}{error.strerror or error}")
    except RecursionError:
        return _refuse("the input is nested too deeply")
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if TRACEBACK in os.environ:
            raise
        text = f"internal error: {type(error).__name__}: {error}"
        return _refuse(text, f" ({TRACEBACK}=1 in the environment shows where)")


def _dispatch(argv: list[str], out: Output) -> int:
    verb = argv[0] if argv else ""
    if verb not in VERBS:
        return _no_verb(verb, out)
    module = _load(verb)
    given = parse(module.SYNTAX, argv[1:], out)
    if given is None:
        return 0
    return int(module.run(given, out))


def _load(verb: str) -> Any:
    """The module of a verb: only that one is imported."""
    return __import__(f"pyqom.cli.{verb}", fromlist=["run"])


def _no_verb(verb: str, out: Output) -> int:
    if verb in ("-h", "--help", "--version"):
        from pyqom.cli.about import usage, version

        out.write(version() if verb == "--version" else usage(VERBS))
        return 0
    if not verb:
        raise UsageError(f"which verb? One of {', '.join(VERBS)}")
    raise UsageError(f"there is no verb '{verb}'", nearest(verb, VERBS))


def _hint(argv: list[str]) -> str:
    """Where to read how it is right."""
    known = [verb for verb in argv[:1] if verb in VERBS]
    return f" (see {' '.join(['pyqom', *known, '--help'])})"


def _refuse(error: PyqomError | str, hint: str = "") -> int:
    faults = getattr(error, "faults", ())
    if faults:
        complain("".join(f"pyqom: {fault_line(*fault)}\n" for fault in faults))
        return 2
    text = one_line(str(error))
    suggestions = _suggestions(error)
    if suggestions:
        text += f"; did you mean {either(suggestions)}?"
    complain(f"pyqom: {text}{hint}\n")
    return 2


def _suggestions(error: Any) -> Sequence[str]:
    """The nearest names; those of the cause where a global property could not be applied."""
    cause = getattr(error, "cause", None)
    own: Sequence[str] = getattr(error, "suggestions", ())
    return own or getattr(cause, "suggestions", ())


def either(names: Sequence[str]) -> str:
    """``A, B or C``."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
