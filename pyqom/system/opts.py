"""QemuOpts: options that hold ``key=value,...``, in groups (``util/qemu-option.c``).

A group collects what was said by all options of one kind; what it takes, and of which type, is
stated in ``schema/command-line-options.json`` (`pyqom.monitor.qapi_options`).
"""

from __future__ import annotations

from pyqom.errors import ParameterError
from pyqom.monitor.qapi_options import command_line_options
from pyqom.system.messages import NOWHERE, Done, Failure
from pyqom.types.keyval import is_help_option, split_value
from pyqom.types.user_creatable import id_wellformed
from pyqom.types.visitor import UINT64_MAX, expects, parse_bool, scan_integer, strtosz

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyqom.release import Release

    Warn = Callable[[str, str], None]

ID_HINT = "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter."
SIZE_HINT = (
    "Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\n"
    "and exabytes, respectively."
)

IMPLIED = {
    "accel": "accel",
    "acpi": "sig",
    "boot-opts": "order",
    "chardev": "backend",
    "device": "driver",
    "icount": "shift",
    "machine": "type",
    "memory": "size",
    "mon": "chardev",
    "name": "guest",
    "netdev": "type",
    "numa": "type",
    "object": "qom-type",
    "sandbox": "enable",
    "smp-opts": "cpus",
    "trace": "enable",
}
"""The key that a first value without one has, by group."""

MERGED = frozenset(("action", "icount", "memory", "name", "rtc"))
"""The groups in which all that is given counts as one."""


class Opts:
    """The options of one group that were given together, in order; the last of a name counts."""

    __slots__ = ("group", "id", "location", "pairs")

    def __init__(self, group: str, id: str | None, location: str) -> None:
        self.group = group
        self.id = id
        self.location = location
        self.pairs: list[tuple[str, str]] = []

    def get(self, name: str) -> str | None:
        """The text of an option; None where it was not given."""
        return next((value for key, value in reversed(self.pairs) if key == name), None)

    def flag(self, name: str, default: bool = False) -> bool:
        """An option that is on or off."""
        text = self.get(name)
        return default if text is None else parse_bool(text, name)

    def texts(self) -> dict[str, str]:
        """All options by name, ``id`` with them (``qemu_opts_to_qdict``)."""
        known = {} if self.id is None else {"id": self.id}
        return known | dict(self.pairs)


class Group:
    """All options of one kind, in the order in which they were given."""

    def __init__(self, name: str, release: Release) -> None:
        self.name = name
        self.opts: list[Opts] = []
        parameters = command_line_options(release, name)[0]["parameters"]
        self.types: dict[str, str] = {entry["name"]: entry["type"] for entry in parameters}
        """The type of each option; empty where anything goes and is checked later."""
        self.helps = {entry["name"]: entry.get("help") for entry in parameters}

    def __iter__(self) -> Iterator[Opts]:
        return iter(self.opts)

    def find(self, id: str | None) -> Opts | None:
        """The options with that id."""
        return next((opts for opts in self.opts if opts.id == id), None)

    def create(self, id: str | None, location: str = NOWHERE) -> Opts:
        """New options, or in a merged group those that there are.  Raises ParameterError."""
        if self.name in MERGED:
            if id is not None:
                raise ParameterError("Invalid parameter 'id'")
            if self.opts:
                return self.opts[0]
        elif id is not None:
            if not id_wellformed(id):
                raise expects("id", f"an identifier\n{ID_HINT}")
            if self.find(id) is not None:
                raise ParameterError(f"Duplicate ID '{id}' for {self.name}")
        opts = Opts(self.name, id, location)
        self.opts.append(opts)
        return opts

    def set(self, opts: Opts, name: str, value: str) -> None:
        """Set one option.  Raises ParameterError where there is none, or it cannot be that."""
        if self.types:
            if name not in self.types:
                raise ParameterError(f"Invalid parameter '{name}'")
            check(name, value, self.types[name])
        opts.pairs.append((name, value))

    def parse(self, text: str, location: str, warn: Warn, implied: bool = True) -> Opts:
        """Options out of a text (``qemu_opts_parse_noisily``).

        `warn` is told text and location of what QEMU warns of; `implied` allows the first value
        to come without its key.  Raises Failure, and Done when help was asked for and printed.
        """
        first = IMPLIED[self.name] if implied and self.name in IMPLIED else None
        try:
            opts = self.create(_id_of(text), location)
            try:
                for name, value, short in pairs(text, first):
                    helped = short == name and is_help_option(name)
                    if helped and self.types:
                        self.print_help()
                        raise Done(1)
                    if short is not None and not helped:
                        warn(_short_form(short, name, value), location)
                    if name != "id":
                        self.set(opts, name, value)
            except BaseException:
                self.opts.remove(opts)
                raise
        except ParameterError as error:
            raise Failure(str(error), location=location) from None
        return opts

    def print_help(self) -> None:
        """What there is in this group (``qemu_opts_print_help``)."""
        print(f"{self.name} options:" if self.types else f"There are no options for {self.name}.")
        for line in sorted(map(self._help_line, self.types)):
            print(line)

    def _help_line(self, name: str) -> str:
        line = f"  {name}=<{_KINDS[self.types[name]]}>"
        help = self.helps[name]
        return line if help is None else f"{line:24} - {help}"


_KINDS = {"string": "str", "boolean": "bool (on/off)", "number": "num", "size": "size"}


def pairs(text: str, implied: str | None) -> Iterator[tuple[str, str, str | None]]:
    """The (name, value, short form) of a text: the third is the flag that had no value."""
    at = 0
    while at < len(text):
        end = at
        while end < len(text) and text[end] not in "=,":
            end += 1
        short = None
        if text[end : end + 1] == "=":
            name, (value, end) = text[at:end], split_value(text, end + 1)
        elif implied is not None:
            name, (value, end) = implied, split_value(text, at)
        else:
            short = text[at:end]
            name, value = (short[2:], "off") if short.startswith("no") else (short, "on")
        yield name, value, short
        implied = None
        at = end + 1


def _id_of(text: str) -> str | None:
    return next((value for name, value, _ in pairs(text, None) if name == "id"), None)


def _short_form(short: str, name: str, value: str) -> str:
    wanted = f"{name}={value}"
    if name == "delay":
        wanted = f"nodelay={'on' if short.startswith('no') else 'off'}"
    return f"short-form boolean option '{short}' deprecated\nPlease use {wanted} instead"


def check(name: str, value: str, kind: str) -> None:
    """Refuse a value that is not of its option's type.  Raises ParameterError."""
    if kind == "boolean":
        parse_bool(value, name)
    elif kind == "number":
        number(name, value)
    elif kind == "size":
        size(name, value)


def number(name: str, value: str) -> int:
    """An unsigned number; one that is negative counts from 2^64 down.  Raises ParameterError."""
    found = scan_integer(value)
    if found is None or found[1] != len(value):
        raise expects(name, "a number")
    if not -UINT64_MAX <= found[0] <= UINT64_MAX:
        raise ParameterError(f"Value '{value}' is too large for parameter '{name}'")
    return found[0] & UINT64_MAX


def size(name: str, value: str) -> int:
    """A number of bytes, with a suffix or without.  Raises ParameterError."""
    try:
        return strtosz(value)
    except OverflowError:
        text = f"Value '{value}' is out of range for parameter '{name}'"
        raise ParameterError(text) from None
    except ValueError:
        raise expects(name, f"a non-negative number below 2^64\n{SIZE_HINT}") from None
