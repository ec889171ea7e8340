"""What the human monitor can do: each command asks QMP's and prints (``hmp-cmds.c`` and others)."""

from __future__ import annotations

from pyqom.errors import DeviceNotFound
from pyqom.monitor.hmp import HumanMonitor, Mistake, human
from pyqom.monitor.writer import to_json
from pyqom.types.path import lookup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.monitor.hmp import Args

IDS = ("node-id", "drawer-id", "book-id", "socket-id", "die-id", "cluster-id", "module-id")
"""The ids of a CPU's place, as they are printed."""


def switch(on: bool) -> str:
    """A boolean as C prints it."""
    return "true" if on else "false"


# --- help ----------------------------------------------------------------------------------------


@human("help|?", "name:S?", "[cmd]", "show the help", early=True)
def help(monitor: HumanMonitor, args: Args) -> str:
    """All commands, or one."""
    words = (args["name"] or "").split()
    if words == ["info"]:
        return monitor.help_infos()
    if not words:
        return "".join(command.line for command in monitor.table())
    prefix, name = ("info ", words[1]) if words[0] == "info" else ("", words[0])
    found = monitor.find(name, infos=bool(prefix))
    if found is None:
        raise Mistake(f"unknown command: '{prefix}{name}'\n")
    return prefix + found.line


@human(
    "info",
    params="[subcommand]",
    help="show various information about the system state",
    early=True,
)
def info(monitor: HumanMonitor, args: Args) -> str:
    """All that can be shown."""
    return monitor.help_infos()


# --- the machine ---------------------------------------------------------------------------------


@human("info status", help="show the current VM status (running|paused)", early=True)
def info_status(monitor: HumanMonitor, args: Args) -> str:
    """Whether it runs."""
    status = monitor.ask("query-status")
    text = "running" if status["running"] else "paused"
    more = "" if status["status"] in ("paused", "running") else f" ({status['status']})"
    return f"VM status: {text}{more}\n"


@human("info version", help="show the version of QEMU", early=True)
def info_version(monitor: HumanMonitor, args: Args) -> str:
    """Whose facts these are."""
    version = monitor.ask("query-version")
    numbers = ".".join(str(version["qemu"][part]) for part in ("major", "minor", "micro"))
    return f"{numbers}{version['package']}\n"


@human("info name", help="show the current VM name", early=True)
def info_name(monitor: HumanMonitor, args: Args) -> str:
    """Its name."""
    name = monitor.ask("query-name").get("name")
    return f"{name}\n" if name is not None else ""


@human("info uuid", help="show the current VM UUID", early=True)
def info_uuid(monitor: HumanMonitor, args: Args) -> str:
    """Its UUID."""
    return f"{monitor.ask('query-uuid')['UUID']}\n"


@human("info kvm", help="show KVM information")
def info_kvm(monitor: HumanMonitor, args: Args) -> str:
    """Whether KVM is in use."""
    kvm = monitor.ask("query-kvm")
    if not kvm["present"]:
        return "kvm support: not compiled\n"
    return f"kvm support: {'enabled' if kvm['enabled'] else 'disabled'}\n"


@human("info accelerators", help="show present and enabled information", since="11.1")
def info_accelerators(monitor: HumanMonitor, args: Args) -> str:
    """Those that are built in, the one in use in brackets."""
    known = monitor.ask("query-accelerators")
    names = (f"[{name}]" if name == known["enabled"] else name for name in known["present"])
    return " ".join(names) + "\n"


@human("info balloon", help="show balloon information")
def info_balloon(monitor: HumanMonitor, args: Args) -> str:
    """There is none."""
    monitor.ask("query-balloon")
    return ""


@human("info mice", help="show which guest mouse is receiving events")
def info_mice(monitor: HumanMonitor, args: Args) -> str:
    """There is none."""
    return "No mouse devices connected\n"


@human("info chardev", help="show the character devices", early=True)
def info_chardev(monitor: HumanMonitor, args: Args) -> str:
    """The character devices."""
    return "".join(
        f"{each['label']}: filename={each['filename']}\n" for each in monitor.ask("query-chardev")
    )


# --- CPUs ----------------------------------------------------------------------------------------


@human("info cpus", help="show infos for each CPU")
def info_cpus(monitor: HumanMonitor, args: Args) -> str:
    """The CPUs; a star at the one that commands are about."""
    cpus = monitor.ask("query-cpus-fast")
    current = monitor.cpu_index
    if current is None and cpus:
        current = cpus[0]["cpu-index"]
    lines = []
    for cpu in cpus:
        star = "*" if cpu["cpu-index"] == current else " "
        line = f"{star} CPU #{cpu['cpu-index']}: thread_id={cpu['thread-id']}"
        if "qom-type" in cpu:
            line += f" model={cpu['qom-type'].removesuffix('-x86_64-cpu')}"
        lines.append(f"{line}\n")
    return "".join(lines)


@human("cpu", "index:i", "index", "set the default CPU")
def cpu(monitor: HumanMonitor, args: Args) -> str:
    """Choose the CPU that commands are about."""
    if args["index"] not in [each["cpu-index"] for each in monitor.ask("query-cpus-fast")]:
        return "invalid CPU index\n"
    monitor.cpu_index = args["index"]
    return ""


@human("info hotpluggable-cpus", help="Show information about hotpluggable CPUs", early=True)
def info_hotpluggable_cpus(monitor: HumanMonitor, args: Args) -> str:
    """Every place for a CPU."""
    lines = ["Hotpluggable CPUs:"]
    for cpu in monitor.ask("query-hotpluggable-cpus"):
        lines.append(f'  type: "{cpu["type"]}"')
        lines.append(f'  vcpus_count: "{cpu["vcpus-count"]}"')
        if "qom-path" in cpu:
            lines.append(f'  qom_path: "{cpu["qom-path"]}"')
        lines.append("  CPUInstance Properties:")
        props = cpu["props"]
        names = (name for name in (*IDS, "core-id", "thread-id") if name in props)
        lines += [f'    {name}: "{props[name]}"' for name in names]
    return "".join(f"{line}\n" for line in lines)


@human("info numa", help="show NUMA information")
def info_numa(monitor: HumanMonitor, args: Args) -> str:
    """The NUMA nodes."""
    return monitor.vm.numa_text()


# --- memory, threads -----------------------------------------------------------------------------


@human("info memdev", help="show memory backends")
def info_memdev(monitor: HumanMonitor, args: Args) -> str:
    """The memory backends."""
    text = ""
    for each in monitor.ask("query-memdev"):
        text += f"memory backend: {each['id']}\n  size:  {each['size']}\n"
        for name in ("merge", "dump", "prealloc", "share", "reserve"):
            if name in each:
                text += f"  {name}: {switch(each[name])}\n"
        nodes = ",".join(map(str, each["host-nodes"]))
        text += f"  policy: {each['policy']}\n  host nodes: {nodes}\n"
    return text + "\n"


@human("info memory-devices", help="show memory devices")
def info_memory_devices(monitor: HumanMonitor, args: Args) -> str:
    """The memory that was plugged."""
    text = ""
    for device in monitor.ask("query-memory-devices"):
        data = device["data"]
        text += f'Memory device [{device["type"]}]: "{data.get("id", "")}"\n'
        text += f"  addr: 0x{data['addr']:x}\n  slot: {data['slot']}\n  node: {data['node']}\n"
        text += f"  size: {data['size']}\n  memdev: {data['memdev']}\n"
        text += f"  hotplugged: {switch(data['hotplugged'])}\n"
        text += f"  hotpluggable: {switch(data['hotpluggable'])}\n"
    return text


@human(
    "info memory_size_summary",
    help="show the amount of initially allocated and present hotpluggable (if enabled)"
    " memory in bytes.",
)
def info_memory_size_summary(monitor: HumanMonitor, args: Args) -> str:
    """How much memory there is."""
    summary = monitor.ask("query-memory-size-summary")
    return f"base memory: {summary['base-memory']}\nplugged memory: {summary['plugged-memory']}\n"


@human("info iothreads", help="show iothreads")
def info_iothreads(monitor: HumanMonitor, args: Args) -> str:
    """The I/O threads."""
    text = ""
    names = ("poll-max-ns", "poll-grow", "poll-shrink", "poll-weight", "aio-max-batch")
    for thread in monitor.ask("query-iothreads"):
        text += f"{thread['id']}:\n  thread_id={thread['thread-id']}\n"
        text += "".join(f"  {name}={thread[name]}\n" for name in names if name in thread)
    return text


# --- QOM -----------------------------------------------------------------------------------------


@human("info qom-tree", "path:s?", "[path]", "show QOM composition tree", early=True)
def info_qom_tree(monitor: HumanMonitor, args: Args) -> str:
    """The objects below one, by name."""
    path = args["path"]
    found = monitor.vm.machine if path is None else lookup(monitor.vm.root, path)
    if found is None:
        return f"Path '{path}' could not be resolved.\n"
    return _composition(found, 0)


def _composition(obj: object, indent: int) -> str:
    name = obj.path_component or ""  # type: ignore[attr-defined]
    text = f"{'':{indent}}/{name} ({obj.typename})\n"  # type: ignore[attr-defined]
    children = sorted(obj.children(), key=lambda child: child.path_component)  # type: ignore[attr-defined]
    return text + "".join(_composition(child, indent + 2) for child in children)


@human("info qtree", help="show device tree")
def info_qtree(monitor: HumanMonitor, args: Args) -> str:
    """The buses: the main one, on which nothing sits yet."""
    return "bus: main-system-bus\n  type System\n"


@human("qom-list", "path:s?", "path", "list QOM properties", early=True)
def qom_list(monitor: HumanMonitor, args: Args) -> str:
    """The properties of an object."""
    if args["path"] is None:
        return "/\n"
    listed = monitor.ask("qom-list", path=args["path"])
    return "".join(f"{prop['name']} ({prop['type']})\n" for prop in listed)


@human("qom-get", "path:s,property:s", "path property", "print QOM property", early=True)
def qom_get(monitor: HumanMonitor, args: Args) -> str:
    """The value of a property, as JSON."""
    return to_json(monitor.ask("qom-get", **args), True, ordered=True) + "\n"


@human(
    "qom-set",
    "json:-j,path:s,property:s,value:S",
    "[-j] path property value",
    "set QOM property.",
    early=True,
)
def qom_set(monitor: HumanMonitor, args: Args) -> None:
    """Set a property from a text, or from JSON."""
    path, name, value = args["path"], args["property"], args["value"]
    if args["json"]:
        from pyqom.monitor.values import json_value

        parsed = json_value(monitor.vm.release, value)
        monitor.ask("qom-set", path=path, property=name, value=parsed)
        return
    found = lookup(monitor.vm.root, path)
    if found is None:
        raise DeviceNotFound(f"Device '{path}' not found")
    found.parse(name, value)


@human(
    "object_add",
    "object:S",
    "[qom-type=]type,id=str[,prop=value][,...]",
    "create QOM object",
    early=True,
)
def object_add(monitor: HumanMonitor, args: Args) -> None:
    """Make an object."""
    from pyqom.types.keyval import parse_keyval

    schema = monitor.dispatcher.schema
    given = parse_keyval(args["object"], "qom-type")
    props = schema.check_value("ObjectOptions", given, "", keyval=True)
    monitor.vm.add_object(props.pop("qom-type"), props.pop("id"), props)


@human("object_del", "id:s", "id", "destroy QOM object", early=True)
def object_del(monitor: HumanMonitor, args: Args) -> None:
    """Delete an object."""
    monitor.vm.del_object(args["id"])


# --- devices, run state --------------------------------------------------------------------------


@human(
    "device_add",
    "device:O",
    "driver[,prop=value][,...]",
    "add device, like -device on the command line",
)
def device_add(monitor: HumanMonitor, args: Args) -> None:
    """Make and plug a device."""
    from pyqom.types.keyval import parse_opts
    from pyqom.vm import Texts

    props = Texts(parse_opts(args["device"], "driver"))
    monitor.vm.add_device(props.pop("driver", None), props.pop("id", None), props)


@human("device_del", "id:s", "device", "remove device")
def device_del(monitor: HumanMonitor, args: Args) -> None:
    """Ask a device to leave."""
    monitor.vm.del_device(args["id"])


def _simple(names: str, help: str, command: str, early: bool = False) -> None:
    """A command that is QMP's under another name."""

    @human(names, help=help, early=early)
    def run(monitor: HumanMonitor, args: Args) -> None:
        monitor.ask(command)


_simple("cont|c", "resume emulation", "cont")
_simple("stop|s", "stop emulation", "stop")
_simple("system_reset", "reset the system", "system_reset")
_simple("system_powerdown", "send system power down event", "system_powerdown")
_simple("system_wakeup", "wakeup guest from suspend", "system_wakeup")
_simple("info migrate", "show migration status", "query-migrate")
_simple("info tpm", "show the TPM device", "query-tpm")
_simple("quit|q", "quit the emulator", "quit", early=True)
