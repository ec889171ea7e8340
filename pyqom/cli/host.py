"""``pyqom host``: take the record of this machine, show one, and convert between formats."""

from __future__ import annotations

import sys

from pyqom.cli import options
from pyqom.cli.inputs import of_file
from pyqom.cli.options import Argument, Option, Syntax, UsageError
from pyqom.cli.output import complain, one_line
from pyqom.errors import BadData, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pyqom.cli.options import Given
    from pyqom.cli.output import Output
    from pyqom.hosts.host import Host

SYNTAX = Syntax(
    "host",
    "A host is a record: what its CPU, its kernel's KVM and so QEMU can give to a guest.\n"
    "\n"
    "    capture [FILE]   the record of this machine, as kvm-host/1; what cannot be read is left\n"
    "                     out and named on stderr, and the exit status is 1 where that is more\n"
    "                     than what this KVM does not have at all\n"
    "    show FILE        a record as a person reads it\n"
    "    convert FILE     the same host in another format; what that cannot hold is named on\n"
    "                     stderr\n"
    "\n"
    "FILE may be of kvm-host/1, a JSON list of leaves, what 'cpuid -r' prints, libvirt's\n"
    "<cpudata>, or /proc/cpuinfo: the content tells which.",
    [Argument("action", "capture, show or convert"), Argument("file", "the record", "?")],
    [
        Option("--output", "-o", metavar="OUT", help="where to write to (default: stdout)"),
        Option("--to", metavar="FORMAT", help="kvm-host (default), cpuid-r or cpudata"),
        Option("--name", metavar="NAME", help="what to call the host (default: as the machine)"),
        options.JSON,
    ],
    [
        "host capture > here.json",
        "host show /proc/cpuinfo",
        "host convert /proc/cpuinfo > host.json",
    ],
)

NOT_THERE = frozenset({"EINVAL", "ENOTTY", "ENXIO", "no KVM_CAP_SYS_ATTRIBUTES"})
"""Why a part cannot be read that a KVM may just not have."""


def run(given: Given, out: Output) -> int:
    """Do what the first word says."""
    action = ACTIONS.get(given.action)
    if action is None:
        text = f"'{given.action}' is none of {', '.join(ACTIONS)}"
        raise UsageError(text, nearest(given.action, ACTIONS))
    takes = TAKES[given.action]
    for option in ("output", "to", "name", "json"):
        if getattr(given, option) and option not in takes:
            raise UsageError(f"'{given.action}' does not take --{option}")
    return action(given, out)


def capture(given: Given, out: Output) -> int:
    """Write this machine's record; 1 where a part could not be read."""
    import time

    import attrs

    from pyqom.hosts.capture import capture_part
    from pyqom.hosts.writing import write_host

    host = capture_part(given.name)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    if given.file is not None and given.output is not None:
        raise UsageError("FILE and --output are both where to write to")
    _write(write_host(attrs.evolve(host, recorded=today)), given.file or given.output, out)
    for part, why in host.missing.items():
        complain(one_line(f"pyqom: not read: {part}: {why}") + "\n")
    return 0 if set(host.missing.values()) <= NOT_THERE else 1


def show(given: Given, out: Output) -> int:
    """Print what a record says."""
    from pyqom.cli.hostpage import facts, page

    host = _load(given)
    if given.json:
        out.json(facts(host))
    else:
        page(host).show(out)
    return 0


def convert(given: Given, out: Output) -> int:
    """Write a record in another format."""
    from pyqom.hosts.writing import dropped, write_host

    host = _load(given)
    form = given.to or "kvm-host"
    text = write_host(host, form)
    _write(text, given.output, out)
    for part in dropped(host, form):
        complain(f"pyqom: {form} cannot hold: {part}\n")
    return 0


ACTIONS: dict[str, Callable[[Given, Output], int]] = {
    "capture": capture,
    "show": show,
    "convert": convert,
}
TAKES = {"capture": ("output", "name"), "show": ("json",), "convert": ("output", "to", "name")}


def _load(given: Given) -> Host:
    if given.file is None:
        raise UsageError(f"'{given.action}' needs a FILE")
    from pyqom.hosts.reading import load_host

    try:
        host = load_host(given.file)
    except BadData as error:
        raise of_file(given.file, error) from error
    if given.name:
        import attrs

        host = attrs.evolve(host, name=given.name)
    return host


def _write(text: str, path: str | None, out: Output) -> None:
    if path is None or path == "-":
        out.write(text)
        return
    with open(path, "w", encoding="utf-8", errors="strict") as file:
        file.write(text)
    if sys.stderr is not None and out.tty:
        complain(f"pyqom: wrote {one_line(path)}\n")
