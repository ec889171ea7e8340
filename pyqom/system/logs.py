"""``-d``, ``-D``, ``-dfilter`` and ``-trace``, of which only the faults show (``util/log.c``).

No guest code runs here, so that a log stays empty.
"""

from __future__ import annotations

import json
import os

from pyqom.errors import PyqomError
from pyqom.system.messages import Done, Failure, InFile
from pyqom.types.visitor import UINT64_MAX, scan_integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.release import Release
    from pyqom.system.commandline import CommandLine

DATA = os.path.join(os.path.dirname(__file__), "data", "log-items.json")
EVENTS = "trace:"
PER_THREAD = "tid"
RANGES = ("-", "+", "..")
"""What stands between the numbers of a range, in the order in which QEMU looks for it."""


def items(release: Release) -> list[str]:
    """What can be logged, by name."""
    with open(DATA, encoding="utf-8") as file:
        stated = json.load(file)["items"]
    known = (entry for entry in stated if release.knows(entry.get("since"), entry.get("until")))
    return [entry["name"] for entry in known]


def set_up(line: CommandLine) -> None:
    """Choose what is logged, and where to (``qemu_set_log_filename_flags``).

    Raises Failure, and Done when an item is none and all were listed.
    """
    chosen = _chosen(line) if line.log_items is not None else []
    if line.trace_file is not None:
        _open(line.trace_file)
    if PER_THREAD in chosen and "%" not in (line.log_file or ""):
        raise Failure("Filename template with '%d' required for 'tid'")
    if line.log_file is not None:
        _open(line.log_file)


def _chosen(line: CommandLine) -> list[str]:
    """The items of ``-d``; trace events among them are looked for, and there is none."""
    assert line.log_items is not None
    known = items(line.release)
    chosen = line.log_items.split(",")
    for item in chosen:
        if item.startswith(EVENTS) and item != EVENTS:
            enable_events(line, item.removeprefix(EVENTS), "")
        elif item != "all" and item not in known:
            _print_items(known)
            raise Done(1)
    return known if "all" in chosen else chosen


def _print_items(known: list[str]) -> None:
    print("Log items (comma separated):")
    for name in known:
        print(name)
    print("trace:PATTERN")


def _open(template: str) -> None:
    """Create a log; one ``%d`` in its name stands for the number of the process."""
    _, percent, after = template.partition("%")
    if percent and (after[:1] != "d" or "%" in after):
        raise Failure(f"Bad logfile template: {template}")
    path = template.replace("%d", str(os.getpid()))
    try:
        with open(path, "wb"):
            pass
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or os.strerror(2)
        raise Failure(f"Error opening logfile {path}: {why}") from None


def enable_events(line: CommandLine, pattern: str, location: str) -> None:
    """Look for trace events by name or pattern: an unknown name is warned of.

    Raises PyqomError where their list is asked for.
    """
    if pattern in ("help", "?"):
        raise PyqomError("Option not supported in this build: there are no trace events")
    name = pattern.removeprefix("-")
    if "*" not in name:
        line.messages.warning(f"trace event '{name}' does not exist", location)


def trace(line: CommandLine, text: str, location: str) -> None:
    """``-trace``.  Raises PyqomError."""
    opts = line.parse("trace", text, location)
    pattern, path, log = (opts.get(name) for name in ("enable", "events", "file"))
    if pattern is not None:
        enable_events(line, pattern, location)
    if path is not None:
        try:
            open(path, "rb").close()
        except OSError as error:
            raise Failure(str(error.strerror), location=InFile(path)) from None
    if log is not None:
        line.trace_file = log


def check_ranges(text: str) -> None:
    """``-dfilter``: ranges of addresses (``qemu_set_dfilter_ranges``).  Raises PyqomError."""
    for part in text.split(",") if text else ():
        between = next((mark for mark in RANGES if mark in part), None)
        if between is None:
            raise PyqomError("Bad range specifier")
        left, _, right = part.partition(between)
        first, second = _number(left, between, "left"), _number(right, between, "right")
        lowest, highest = {
            "-": (first - (second - 1), first),
            "+": (first, first + second - 1),
            "..": (first, second),
        }[between]
        if lowest & UINT64_MAX > highest & UINT64_MAX:
            raise PyqomError("Invalid range")


def _number(text: str, between: str, side: str) -> int:
    found = scan_integer(text)
    if found is None or found[1] != len(text) or abs(found[0]) > UINT64_MAX:
        raise PyqomError(f"Invalid number to the {side} of {between}")
    return found[0] & UINT64_MAX
