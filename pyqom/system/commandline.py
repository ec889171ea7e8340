"""The command line, read but not acted on: what ``qemu_init`` gathers (``system/vl.c``)."""

from __future__ import annotations

from pyqom import release as releases
from pyqom.errors import PyqomError, UnknownRelease
from pyqom.system import table
from pyqom.system.messages import Failure
from pyqom.system.opts import IMPLIED, Group
from pyqom.types.keyval import parse_keyval_help

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from pyqom.monitor.chardev import Chardev
    from pyqom.release import Release
    from pyqom.system.messages import Messages
    from pyqom.system.opts import Opts


class Monitor:
    """A monitor to make: its options (``chardev``, ``mode``, ``pretty``), not checked yet."""

    __slots__ = ("location", "options")

    def __init__(self, options: dict[str, str], location: str) -> None:
        self.options = options
        self.location = location


class CommandLine:
    """Everything that the options said, in the form in which QEMU keeps it.

    ``machine`` are the ``-machine`` options with ``-smp``, ``-m`` and others merged in, nested
    texts; ``objects`` are checked ObjectOptions, ``json_devices`` what came as JSON with its
    location, ``blockdevs``, ``netdevs`` and ``audiodevs`` likewise; ``chardevs`` make a chardev's
    description each, which may fail; everything else that holds ``key=value`` is in a group
    (`group`).  ``disks`` are the words that are no options.
    """

    def __init__(self, release: Release, messages: Messages) -> None:
        self.release = release
        self.messages = messages
        self.machine: dict[str, Any] = {}
        self.objects: list[dict[str, Any]] = []
        self.json_devices: list[tuple[dict[str, Any], str]] = []
        self.blockdevs: list[tuple[dict[str, Any], str]] = []
        self.netdevs: list[tuple[Any, str]] = []
        self.audiodevs: list[tuple[dict[str, Any], str]] = []
        self.chardevs: list[tuple[Callable[[], Chardev], str]] = []
        self.monitors: list[Monitor] = []
        self.disks: list[str] = []
        self.compat_monitors = 0
        self.monitors_are_warned_of = False
        self.cpu: str | None = None
        self.uuid: str | None = None
        self.incoming: str | None = None
        self.mem_path: str | None = None
        self.mem_prealloc = False
        self.paused = False
        self.preconfig = False
        self.daemonize = False
        self.nographic = False
        self.has_defaults = True
        self.display: str | None = None
        self.instead: set[str] = set()
        """The default devices that options stand in for."""
        self.pidfile: str | None = None
        self.log_items: str | None = None
        self.log_file: str | None = None
        self.trace_file: str | None = None
        self._groups: dict[str, Group] = {}

    def group(self, name: str) -> Group:
        """The group of that name, made when it is first needed."""
        if name not in self._groups:
            self._groups[name] = Group(name, self.release)
        return self._groups[name]

    def given(self, name: str) -> Group | tuple[()]:
        """The group of that name if anything was said in it."""
        return self._groups.get(name, ())

    def parse(self, group: str, text: str, location: str, implied: bool = True) -> Any:
        """Add the options of a text to a group.  Raises Failure."""
        return self.group(group).parse(text, location, self.messages.warning, implied)

    def add_chardev(self, opts: Opts) -> None:
        """Make a chardev of options that are in its group."""

        def describe() -> Chardev:
            from pyqom.monitor.chardev import make_chardev

            return make_chardev(opts.id, opts.pairs, self.release)

        self.chardevs.append((describe, opts.location))

    def add_monitor(self, opts: Opts) -> None:
        """Make a monitor of options that are in its group."""
        self.monitors.append(Monitor(opts.texts(), opts.location))

    # --- nested options ------------------------------------------------------

    def merge_machine(self, text: str) -> bool:
        """Add ``-machine`` options; whether help was asked for.  Raises PyqomError."""
        more, help = parse_keyval_help(text, IMPLIED["machine"])
        _merge(self.machine, more, "", "Parameters '{}.*' used inconsistently")
        return help

    def merge_property(self, name: str, group: str, text: str) -> bool:
        """Add options that are one property of the machine; whether help was asked for.

        Raises PyqomError.
        """
        more, help = parse_keyval_help(text, IMPLIED[group])
        if not help:
            self.merge({name: more})
        return help

    def merge(self, more: dict[str, Any]) -> None:
        """Add nested machine options (``keyval_merge``).  Raises PyqomError."""
        _merge(self.machine, more, "", "Parameter '{}' used inconsistently")


def _merge(tree: dict[str, Any], more: dict[str, Any], prefix: str, error: str) -> None:
    """Merge nested texts; `error` says what is wrong where a text meets a dictionary."""
    for key, value in more.items():
        old = tree.get(key)
        if old is None:
            tree[key] = value
        elif type(old) is not type(value):
            raise PyqomError(error.format(prefix + key))
        elif isinstance(value, dict):
            _merge(old, value, f"{prefix}{key}.", error)
        elif isinstance(value, list):
            old += value
        else:
            tree[key] = value


def read(arguments: Sequence[str], messages: Messages) -> CommandLine:
    """Read the arguments behind the program's name.

    Warnings are printed as they come.  Raises Failure where QEMU refuses an option, and Done when
    all that was asked for was to be told something.
    """
    from pyqom.system.handlers import HANDLERS

    try:
        release = releases.get(table.release_name(arguments))
    except UnknownRelease as error:
        raise Failure(str(error)) from None
    known = table.options(release)
    for _ in table.given(arguments, known):
        pass  # a mistake in any option comes before all else
    line = CommandLine(release, messages)
    for given in table.given(arguments, known):
        if given.option is None:
            line.disks += [given.location] if given.location else []
            continue
        if given.option.fate == "foreign":
            raise Failure("Option not supported for this target", location=given.location)
        if given.option.fate == "refused":
            raise Failure("Option not supported in this build", location=given.location)
        if given.option.fate == "modelled":
            _handle(HANDLERS[given.option.name], line, given)
    return line


def _handle(handler: Any, line: CommandLine, given: table.Given) -> None:
    try:
        handler(line, given.argument, given.location)
    except Failure:
        raise
    except PyqomError as error:
        messages = getattr(error, "messages", (str(error),))
        raise Failure(*messages, location=given.location) from None
