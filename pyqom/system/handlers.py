"""What each option does to the `CommandLine` (``qemu_init`` in ``system/vl.c``).

A handler gets the command line, the option's argument ("" for one without) and its location; it
raises PyqomError with QEMU's text, to which the location is added.
"""

from __future__ import annotations

import re

from pyqom.accel.choice import HOST
from pyqom.errors import PyqomError
from pyqom.machines.defaults import DISPLAYS
from pyqom.system import help as helps
from pyqom.system.commandline import Monitor
from pyqom.system.messages import Done, Failure
from pyqom.system.opts import number
from pyqom.types.globaltext import MEMBERS, complete_global, dotted_global
from pyqom.types.keyval import is_help_option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pyqom.system.commandline import CommandLine

    Handler = Callable[[CommandLine, Any, str], None]

UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
SETTING = re.compile(r"([^.]{1,63})\.([^.]{1,63})\.([^=]{1,63})=")
KEYVAL_GROUPS = ("object", "audiodev", "machine", "smp-opts", "boot-opts")
"""Groups that are no QemuOpts, so that ``-set`` has nothing to change."""
CONNECT, BACKEND = "could not connect", "device to character backend"
UNSUPPORTED = "Option not supported in this build"


def unsupported(why: str) -> PyqomError:
    """An argument that QEMU takes and pyqom does not."""
    return PyqomError(f"{UNSUPPORTED}: {why}")


# --- the machine ---------------------------------------------------------------------------------


def _machine(line: CommandLine, text: str, location: str) -> None:
    if line.merge_machine(text):
        helps.machine_help(line.release, line.machine.get("type"))
        raise Done


def _property(name: str, group: str) -> Handler:
    """An option whose argument is one property of the machine."""

    def handle(line: CommandLine, text: str, location: str) -> None:
        if line.merge_property(name, group, text):
            line.group(group).print_help()
            raise Done

    return handle


def _is(name: str, value: str | None = None) -> Handler:
    """An option that sets one property of the machine: to `value`, or to its argument."""

    def handle(line: CommandLine, text: str, location: str) -> None:
        line.machine[name] = text if value is None else value

    return handle


def _cpu(line: CommandLine, text: str, location: str) -> None:
    line.cpu = text


def _as_qemu_has_it(location: str) -> str:
    """The location of ``-accel`` without the one property that is pyqom's own."""
    words = location.replace(",,", "\0").split(",")
    kept = [word for word in words if not word.startswith(f"{HOST}=")]
    return ",".join(kept).replace("\0", ",,")


def _accel(line: CommandLine, text: str, location: str) -> None:
    try:
        chosen = line.parse("accel", text, _as_qemu_has_it(location)).get("accel")
    except Failure as failure:  # QEMU says so, and goes on to help
        for message in failure.messages:
            line.messages.error(message, failure.location)
        chosen = None
    if chosen is None or is_help_option(chosen):
        helps.accel_help(line.release)
        raise Done


def _nographic(line: CommandLine, text: str, location: str) -> None:
    line.machine["graphics"] = "off"
    line.nographic = True


def _nothing(line: CommandLine, text: str, location: str) -> None:
    """What changes only devices that there are not, or what is the case anyway."""


# --- groups --------------------------------------------------------------------------------------


def _grouped(group: str, implied: bool = True) -> Handler:
    """An option whose argument belongs to a group, to be looked at later."""

    def handle(line: CommandLine, text: str, location: str) -> None:
        line.parse(group, text, location, implied)

    return handle


def _global(line: CommandLine, text: str, location: str) -> None:
    found = dotted_global(text)
    if found is None:
        complete_global(line.parse("global", text, location, implied=False).texts())
    else:
        opts = line.group("global").create(None, location)
        opts.pairs = list(zip(MEMBERS, found, strict=True))


def _set(line: CommandLine, text: str, location: str) -> None:
    match = SETTING.match(text)
    if not match:
        raise PyqomError(f'can\'t parse: "{text}"')
    name, id, key = match.groups()
    if name in KEYVAL_GROUPS:
        raise PyqomError(f"-set is not supported with {name}")
    from pyqom.errors import InvalidParameterValue

    try:
        group = line.group(name)
    except InvalidParameterValue:
        raise PyqomError(f"There is no option group '{name}'") from None
    opts = group.find(id)
    if opts is None:
        raise PyqomError(f'there is no {name} "{id}" defined')
    group.set(opts, key, text[match.end() :])


def _action(name: str, value: str | None = None) -> Handler:
    """An option that chooses one action."""

    def handle(line: CommandLine, text: str, location: str) -> None:
        opts = line.group("action").create(None, location)
        opts.pairs.append((name, text if value is None else value))

    return handle


def _msg(line: CommandLine, text: str, location: str) -> None:
    opts = line.parse("msg", text, location, implied=False)
    line.messages.timestamp = opts.flag("timestamp")
    line.messages.with_guest_name = opts.flag("guest-name")


def _name(line: CommandLine, text: str, location: str) -> None:
    line.messages.guest_name = line.parse("name", text, location).get("guest")


def _overcommit(line: CommandLine, text: str, location: str) -> None:
    group = line.group("overcommit")
    lock = line.parse("overcommit", text, location, implied=False).get("mem-lock")
    if group.types["mem-lock"] == "string" and lock not in (None, "on", "off", "on-fault"):
        raise PyqomError("parameter 'mem-lock' expects one of 'on', 'off', 'on-fault'")


def _seed(line: CommandLine, text: str, location: str) -> None:
    try:
        number("seed", text)
    except PyqomError:
        raise PyqomError(f"Invalid seed number: {text}") from None


# --- objects, devices ----------------------------------------------------------------------------


def _object(line: CommandLine, text: str, location: str) -> None:
    from pyqom.system import inputs

    if text[:1] == "{":
        line.objects.append(inputs.json_object(line.release, text))
        return
    opts = line.parse("object", text, location)
    kind = opts.get("qom-type")
    if kind is None:
        raise PyqomError("Parameter 'qom-type' is missing")
    if helps.object_help(line.release, kind, [name for name, _ in opts.pairs]):
        raise Done
    line.objects.append(inputs.options(line.release, "ObjectOptions", opts))


def _device(line: CommandLine, text: str, location: str) -> None:
    if text[:1] != "{":
        line.parse("device", text, location)
        return
    from pyqom.monitor.values import json_value

    line.json_devices.append((json_value(line.release, text), location))


# --- backends ------------------------------------------------------------------------------------


def _blockdev(line: CommandLine, text: str, location: str) -> None:
    from pyqom.system.inputs import json_or_keyval

    options = json_or_keyval(line.release, "BlockdevOptions", text, "driver")
    line.blockdevs.append((options, location))


def _netdev(line: CommandLine, text: str, location: str) -> None:
    from pyqom.system.inputs import json_or_keyval

    if text[:1] == "{":
        given: Any = json_or_keyval(line.release, "Netdev", text, "type")
    else:
        given = line.parse("netdev", text, location)
    line.netdevs.append((given, location))


def _audiodev(line: CommandLine, text: str, location: str) -> None:
    from pyqom.system.inputs import audiodev

    line.audiodevs.append((audiodev(line.release, text), location))


# --- monitors and chardevs -----------------------------------------------------------------------


def _chardev(line: CommandLine, text: str, location: str) -> None:
    opts = line.parse("chardev", text, location)
    if opts.get("backend") in ("help", "?"):
        helps.chardev_help(line.release)
        raise Done
    line.add_chardev(opts)


def _monitor(qmp: bool, pretty: bool = False) -> Handler:
    """``-qmp``, ``-qmp-pretty`` and ``-monitor``, which bring their chardev with them."""

    def handle(line: CommandLine, text: str, location: str) -> None:
        if not qmp and text.startswith("none"):
            return
        number = line.compat_monitors
        line.compat_monitors += 1
        label = text.removeprefix("chardev:")
        if label == text:
            from pyqom.monitor.chardev import parse_compat

            label = f"compat_monitor{number}"
            chardev = parse_compat(text, label, line.release)
            line.group("chardev").create(label, location)
            line.chardevs.append((lambda: chardev, location))
        options = {"chardev": label, "mode": "control" if qmp else "readline"}
        if qmp:
            options["pretty"] = "on" if pretty else "off"
        line.monitors.append(Monitor(options, location))

    return handle


def _mon(line: CommandLine, text: str, location: str) -> None:
    if "mon-is-deprecated" in line.release.rules and not line.monitors_are_warned_of:
        line.monitors_are_warned_of = True
        line.messages.warning(
            "'-mon' is deprecated, use '-object' with 'monitor-hmp' or 'monitor-qmp' types instead",
            location,
        )
    line.add_monitor(line.parse("mon", text, location))


# --- what is not modelled but in its plainest form -----------------------------------------------


def _only(*plain: str, instead: str | None = None) -> Handler:
    """An option that is taken where it asks for nothing that pyqom does not have.

    `instead` is the default device that there is not, then.
    """

    def handle(line: CommandLine, text: str, location: str) -> None:
        if text not in plain:
            raise unsupported(f"only {' and '.join(plain)}")
        if instead is not None:
            line.instead.add(instead)

    return handle


def _character(kind: str, instead: str, *plain: str) -> Handler:
    """An option that gives a device its chardev; `kind` is what QEMU says of one that is none.

    `instead` is the default device that there is not, then.
    """

    def handle(line: CommandLine, text: str, location: str) -> None:
        if text in plain:
            line.instead.add(instead)
            return
        from pyqom.monitor.chardev import ChardevError, parse_compat

        try:
            if not text.startswith("chardev:"):
                parse_compat(text, "serial0", line.release)
        except ChardevError as error:
            told = [each for each in error.messages if not each.startswith("parse error: ")]
            raise Failure(*told, f"{kind} '{text}'", location=location) from None
        raise unsupported(f"only {' and '.join(plain)}")

    return handle


def _nodefaults(line: CommandLine, text: str, location: str) -> None:
    line.has_defaults = False


def _vga(line: CommandLine, text: str, location: str) -> None:
    if is_help_option(text):
        helps.vga_help(line.release)
        raise Done
    if text not in helps.vga_types(line.release):
        raise Failure(f"unknown vga type: {text}")
    if text != "none" and text not in DISPLAYS:
        raise unsupported(f"only none, {', '.join(DISPLAYS)}")
    line.display = text


def _run_with(line: CommandLine, text: str, location: str) -> None:
    opts = line.parse("run-with", text, location, implied=False)
    if any(name != "async-teardown" for name, _ in opts.pairs):
        raise unsupported("only async-teardown")


def _display(line: CommandLine, text: str, location: str) -> None:
    if text == "none":
        return
    from pyqom.monitor.qapi import schema
    from pyqom.types.keyval import parse_keyval

    if not text.startswith("vnc"):
        schema(line.release).check_value(
            "DisplayOptions", parse_keyval(text, "type"), "", keyval=True
        )
    raise unsupported("only none")


def _incoming(line: CommandLine, text: str, location: str) -> None:
    line.incoming = text


def _uuid(line: CommandLine, text: str, location: str) -> None:
    if not UUID.fullmatch(text):
        raise PyqomError("failed to parse UUID string: wrong format")
    line.uuid = text.lower()


def _flag(name: str) -> Handler:
    """An option that is only remembered."""

    def handle(line: CommandLine, text: str, location: str) -> None:
        setattr(line, name, True if text is None else text)

    return handle


def _ranges(line: CommandLine, text: str, location: str) -> None:
    from pyqom.system.logs import check_ranges

    check_ranges(text)


def _trace(line: CommandLine, text: str, location: str) -> None:
    from pyqom.system.logs import trace

    trace(line, text, location)


def _readconfig(line: CommandLine, text: str, location: str) -> None:
    from pyqom.system.configfile import read_config

    read_config(line, text, location)


def _version(line: CommandLine, text: str, location: str) -> None:
    helps.version(line.release)
    raise Done


def _help(line: CommandLine, text: str, location: str) -> None:
    helps.usage(line.release, line.messages.program)
    raise Done


HANDLERS: dict[str, Handler] = {
    "D": _flag("log_file"),
    "M": _machine,
    "S": _flag("paused"),
    "accel": _accel,
    "action": _grouped("action", implied=False),
    "append": _is("append"),
    "audiodev": _audiodev,
    "bios": _is("firmware"),
    "blockdev": _blockdev,
    "boot": _property("boot", "boot-opts"),
    "chardev": _chardev,
    "cpu": _cpu,
    "d": _flag("log_items"),
    "daemonize": _flag("daemonize"),
    "debugcon": _character("invalid character backend", "debugcon", "none"),
    "device": _device,
    "dfilter": _ranges,
    "display": _display,
    "dtb": _is("dtb"),
    "enable-kvm": _is("accel", "kvm"),
    "global": _global,
    "h": _help,
    "help": _help,
    "incoming": _incoming,
    "initrd": _is("initrd"),
    "kernel": _is("kernel"),
    "m": _grouped("memory"),
    "machine": _machine,
    "mem-path": _flag("mem_path"),
    "mem-prealloc": _flag("mem_prealloc"),
    "mon": _mon,
    "monitor": _monitor(qmp=False),
    "msg": _msg,
    "name": _name,
    "net": _only("none", instead="net"),
    "netdev": _netdev,
    "nic": _only("none", instead="net"),
    "no-acpi": _is("acpi", "off"),
    "no-fd-bootchk": _is("fd-bootchk", "off"),
    "no-hpet": _is("hpet", "off"),
    "no-reboot": _action("reboot", "shutdown"),
    "no-shutdown": _action("shutdown", "pause"),
    "no-user-config": _nothing,
    "nodefaults": _nodefaults,
    "nographic": _nographic,
    "numa": _grouped("numa"),
    "object": _object,
    "overcommit": _overcommit,
    "parallel": _character(f"{CONNECT} parallel {BACKEND}", "parallel", "none", "null"),
    "pidfile": _flag("pidfile"),
    "preconfig": _flag("preconfig"),
    "qmp": _monitor(qmp=True),
    "qmp-pretty": _monitor(qmp=True, pretty=True),
    "readconfig": _readconfig,
    "release": _nothing,
    "rtc": _grouped("rtc", implied=False),
    "run-with": _run_with,
    "sandbox": _grouped("sandbox"),
    "seed": _seed,
    "serial": _character(f"{CONNECT} serial {BACKEND}", "serial", "none", "null"),
    "set": _set,
    "shim": _is("shim"),
    "smp": _property("smp", "smp-opts"),
    "trace": _trace,
    "usb": _is("usb", "on"),
    "uuid": _uuid,
    "version": _version,
    "vga": _vga,
    "watchdog-action": _action("watchdog"),
}
