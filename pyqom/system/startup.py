"""From a command line to a machine, in QEMU's order (``qemu_init`` behind the parsing loop)."""

from __future__ import annotations

from pyqom.errors import PyqomError, UnknownMachine
from pyqom.machines import find
from pyqom.reports import Reports
from pyqom.system import help as helps
from pyqom.system.defaults import defaults_of
from pyqom.system.inputs import options
from pyqom.system.messages import NOWHERE, Done, Failure
from pyqom.types.keyval import is_help_option
from pyqom.vm import Texts, VirtualMachine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from pyqom.release import Release
    from pyqom.reports import Report
    from pyqom.system.commandline import CommandLine
    from pyqom.system.messages import Messages
    from pyqom.system.opts import Opts
    from pyqom.system.serving import Serving

MACHINE_HINT = "Use -machine help to list supported machines"
PROTOCOLS = ("tcp:", "unix:", "exec:", "fd:", "vsock:", "rdma:", "file:")
"""How an address begins that a migration may come from."""
CHANNELS = ("main", "cpr")
NEEDS_KERNEL = ("append", "shim", "initrd")


class Setup:
    """What `prepare` has found out: the actions, and the device options with their locations."""

    def __init__(self) -> None:
        self.actions: dict[str, str] = {}
        self.devices: list[tuple[Any, str]] = []


def prepare(line: CommandLine) -> Setup:
    """Check what can be checked without a machine, and help.  Raises Failure, Done."""
    _validate(line)
    setup = Setup()
    for opts in line.given("action"):
        setup.actions |= _actions(line, opts)
    if any(said is not None for said in (line.log_items, line.log_file, line.trace_file)):
        from pyqom.system import logs

        logs.set_up(line)
    _help(line)
    return setup


def _validate(line: CommandLine) -> None:
    """``qemu_validate_options``."""
    if "kernel" not in line.machine:
        for name in NEEDS_KERNEL:
            if name in line.machine:
                raise Failure(f"-{name} only allowed with -kernel option")
    if line.incoming not in (None, "defer"):
        if line.preconfig:
            raise Failure("'preconfig' supports '-incoming defer' only")
        text = _incoming_fault(line.release, line.incoming) or "pyqom cannot migrate"
        raise Failure(text, location=f"-incoming {line.incoming}")


def _incoming_fault(release: Release, text: str) -> str | None:
    """What QEMU says of an address that it does not know how to read; None for others."""
    if text.startswith(PROTOCOLS):
        return None
    if "incoming-is-a-channel" not in release.rules:
        return f"unknown migration protocol: {text}"
    if not text:
        return "Parameter 'channel-type' is missing"
    if "=" in text or text[0] == "{" or text in CHANNELS:
        return None
    return f"Parameter 'channel-type' does not accept value '{text}'"


def _actions(line: CommandLine, opts: Any) -> dict[str, str]:
    """The actions that are chosen, checked as ``set-action`` checks them."""
    from pyqom.monitor.qapi import schema

    try:
        checked: dict[str, str] = schema(line.release).check("set-action", opts.texts())
    except PyqomError as error:
        raise Failure(str(error), location=opts.location) from None
    return checked


def _help(line: CommandLine) -> None:
    if line.cpu is not None and is_help_option(line.cpu):
        helps.cpu_help(line.release)
        raise Done
    for opts in line.given("device"):
        try:
            helped = helps.device_help(
                line.release, opts.get("driver"), [name for name, _ in opts.pairs]
            )
        except PyqomError as error:
            line.messages.error(str(error), opts.location)
            helped = True
        if helped:
            raise Done


# --- the machine ---------------------------------------------------------------------------------


class Printed(Reports):
    """Reports that are printed as they come, with the location of the option at work."""

    def __init__(self, line: CommandLine, messages: Messages) -> None:
        super().__init__()
        self._line = line
        self._messages = messages

    def told(self, entry: Report) -> None:
        where = location_of(self._line, entry.origin)
        if entry.level == "warning":
            self._messages.warning(entry, where)
        else:
            self._messages.error(entry, where)


def build(line: CommandLine, setup: Setup, messages: Messages, serving: Serving) -> VirtualMachine:
    """Make the machine.  Raises PyqomError; one with an origin is some option's fault."""
    _check_rtc(line)
    _add_memory(line)
    name = next((opts.get("guest") for opts in line.given("name")), None)
    wanted = _take(line.machine, "type")
    machine = find("pc" if wanted is None else wanted, line.release.name)
    devices = _devices(line)
    return VirtualMachine(
        machine,
        line.cpu,
        accel=_accelerators(line),
        globals=[
            (_shown(opts, "driver"), _shown(opts, "property"), _shown(opts, "value"))
            for opts in line.given("global")
        ],
        objects=line.objects,
        devices=devices,
        numa=_numa(line),
        blockdevs=[options for options, _ in line.blockdevs],
        netdevs=_netdevs(line),
        audiodevs=[options for options, _ in line.audiodevs],
        release=line.release.name,
        options=Texts(line.machine),
        name=name,
        uuid=line.uuid,
        paused=line.paused,
        preconfig=line.preconfig,
        incoming=line.incoming is not None,
        cpu_pm=_cpu_pm(line),
        mem_path=line.mem_path,
        actions=setup.actions,
        reports=Printed(line, messages),
        on_phase=serving.on_phase,
        defaults=defaults_of(line, machine, _drivers(line, devices)),
    )


def _cpu_pm(line: CommandLine) -> bool:
    """Whether guests may stop the CPU: the last ``-overcommit`` that says so."""
    allowed = False
    for opts in line.given("overcommit"):
        allowed = opts.flag("cpu-pm", allowed)
    return allowed


def _shown(opts: Opts, name: str) -> str:
    """An option, or what C prints where a configuration file left it out."""
    text = opts.get(name)
    return "(null)" if text is None else text


def _drivers(line: CommandLine, devices: list[Any]) -> set[str]:
    """The types that the user asks for, or has something to say of."""
    named = {str(device.get("driver")) for device in devices}
    return named | {opts.get("driver") or "" for opts in line.given("global")}


def _take(options: dict[str, Any], name: str) -> Any:
    """The text of an option, which is taken out."""
    return options.pop(name) if isinstance(options.get(name), str) else None


def _check_rtc(line: CommandLine) -> None:
    """``configure_rtc``: a clock that only the guest would see."""
    import re

    for opts in line.given("rtc"):
        base = opts.get("base") or "utc"
        known = r"utc|localtime|\d+-\d+-\d+(T\d+:\d+:\d+)?"
        if not re.fullmatch(known, base):
            raise Failure(
                "invalid datetime format",
                hint="valid formats: '2006-06-17T16:01:21' or '2006-06-17'",
            )
        for name, values in (("clock", ("host", "rt", "vm")), ("driftfix", ("slew", "none"))):
            value = opts.get(name)
            if value is not None and value not in values:
                raise Failure(f"invalid option value '{value}'")


def _add_memory(line: CommandLine) -> None:
    """Make ``-m`` the machine's property (``parse_memory_options``)."""
    from pyqom.machines.options import memory_texts
    from pyqom.system.opts import size

    memory: dict[str, Any] = {}
    location = NOWHERE
    for opts in line.given("memory"):
        location = opts.location
        text = opts.get("size")
        if text is not None:
            size("size", text)
        memory |= memory_texts(opts.get)
    try:
        line.merge({"memory": memory})
    except PyqomError as error:
        raise Failure(str(error), location=location) from None


def _accelerators(line: CommandLine) -> Any:
    given = line.given("accel")
    if not given:
        return "tcg"
    if isinstance(line.machine.get("accel"), str):
        raise Failure('The -accel and "-machine accel=" options are incompatible')
    return [(opts.get("accel") or "", dict(opts.pairs)) for opts in given]


def _numa(line: CommandLine) -> Iterator[dict[str, Any]]:
    """The NUMA options, each checked when it is its turn."""
    for opts in line.given("numa"):
        record = options(line.release, "NumaOptions", opts)
        mem = opts.get("mem")
        if record["type"] == "node" and mem is not None:
            from pyqom.types.visitor import strtosz

            record["mem"] = strtosz(mem + "M" if mem[-1:].isdigit() else mem)
        yield record


def _netdevs(line: CommandLine) -> Iterator[dict[str, Any]]:
    """The network backends, those of options checked when it is their turn."""
    for given, _ in line.netdevs:
        yield given if isinstance(given, dict) else options(line.release, "Netdev", given)


def _devices(line: CommandLine) -> list[Any]:
    """The devices: those of options first, then those of JSON."""
    return [Texts(opts.texts()) for opts in line.given("device")] + [
        device for device, _ in line.json_devices
    ]


def location_of(line: CommandLine, origin: tuple[str, int] | None) -> str:
    """The location of the option that was at work; `NOWHERE` for none."""
    if origin is None:
        return NOWHERE
    kind, index = origin
    if kind in ("blockdevs", "netdevs", "audiodevs"):
        return str(getattr(line, kind)[index][1])
    places = [opts.location for opts in line.given(_GROUPS.get(kind, kind))]
    if kind == "devices":
        places += [location for _, location in line.json_devices]
    return places[index] if index < len(places) else NOWHERE


_GROUPS = {"devices": "device", "machine": "machine-accel"}


def failure(error: PyqomError, line: CommandLine) -> Failure:
    """The error of a start as what is to be printed."""
    if isinstance(error, Failure):
        return error
    texts = getattr(error, "messages", (str(error),))
    hint = MACHINE_HINT if isinstance(error, UnknownMachine) else ""
    place = location_of(line, getattr(error, "origin", None))
    made = Failure(*texts, location=place, hint=hint)
    made.bare = getattr(error, "bare", False)
    return made
