"""What the options' ``help`` prints: texts for people, on standard output."""

from __future__ import annotations

import json

from pyqom.errors import DeviceNotFound, InvalidParameterValue, PyqomError
from pyqom.machines.order import slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from pyqom.release import Release

CPU_SUFFIX = "-x86_64-cpu"
TYPE_TABLE = 1021
"""The slots of QEMU's table of types (`pyqom.machines.order`)."""
CATEGORIES = {
    "bridge": "Controller/Bridge/Hub",
    "usb": "USB",
    "storage": "Storage",
    "network": "Network",
    "input": "Input",
    "display": "Display",
    "sound": "Sound",
    "misc": "Misc",
    "cpu": "CPU",
    "watchdog": "Watchdog",
    None: "Uncategorized",
}
"""The titles under which ``-device help`` lists types, in its order."""
MASK = (1 << 64) - 1
FLAG_COLUMNS = 75
"""How wide ``-cpu help`` lists the names of features."""


def version(release: Release) -> None:
    """``-version``; its first words are QEMU's, for those who look for the version there."""
    numbers = ".".join(map(str, release.version))
    print(f"QEMU emulator version {numbers} ({release.package})")
    print("as modelled by pyqom: no guest code runs in this program")


def usage(release: Release, program: str) -> None:
    """``-help``: the options that do something, in one line each."""
    from pyqom.system.table import options

    version(release)
    print(f"usage: {program} [options]\n\nQEMU's options, with one dash or two:")
    known = [option for option in options(release).values() if option.fate == "modelled"]
    for option in sorted(known, key=lambda option: option.name.lower()):
        if option.name != "release":
            print(f"  -{option.name}{' ...' if option.argument else ''}")
    print("\npyqom's own:\n  --release R  serve the facts of this QEMU release")


# --- types ---------------------------------------------------------------------------------------


def _types(release: Release) -> Any:
    from pyqom.catalog import registry

    return registry(release)


def machine_help(release: Release, name: str | None) -> None:
    """``-machine help``: the machine types, or the properties of one."""
    from pyqom.errors import UnknownMachine
    from pyqom.machines import find, machines

    if name is not None:
        try:
            print_properties(_types(release).get(find(name, release.name).typename))
            return
        except UnknownMachine:
            pass
    families: dict[str, list[Any]] = {}
    for machine in machines(release.name):
        families.setdefault(machine.fields.get("family") or "", []).append(machine)
    alone = sorted(families.pop("", ()), key=lambda machine: machine.typename)
    print("Supported machines are:")
    for family in sorted(families):
        for machine in sorted(families[family], key=lambda m: m.typename, reverse=True):
            _print_machine(machine)
    for machine in alone:
        _print_machine(machine)


def _print_machine(machine: Any) -> None:
    if machine.alias:
        print(f"{machine.alias:20} {machine.description} (alias of {machine.name})")
    default = " (default)" if machine.is_default else ""
    deprecated = " (deprecated)" if machine.deprecated else ""
    print(f"{machine.name:20} {machine.description}{default}{deprecated}")


def accel_help(release: Release) -> None:
    """``-accel help``: the accelerators that the release has, the last of its type table first."""
    names = set(_types(release).list("accel")) - {"accel", "qtest-accel"}
    print("Accelerators supported in QEMU binary:")
    for name in sorted(names, key=lambda name: slot(name, TYPE_TABLE), reverse=True):
        print(name.removesuffix("-accel"))


def chardev_help(release: Release) -> None:
    """``-chardev help``: the backends that the release has."""
    from pyqom.monitor.chardev import UNLISTED, backends

    print("Available chardev backend types: ")
    for name in sorted(backends(release) - UNLISTED):
        print(f"  {name}")


VGA = (
    ("none", "no graphic card", None),
    ("std", "standard VGA", None),
    ("cirrus", "Cirrus VGA", None),
    ("vmware", "VMWare SVGA", None),
    ("qxl", "QXL VGA", "11.1"),
    ("virtio", "Virtio VGA", None),
)
"""The graphic cards of ``-vga``, with their titles, and the first release without one."""


def vga_types(release: Release) -> dict[str, str]:
    """The graphic cards that the release has, and their titles."""
    return {name: title for name, title, until in VGA if release.knows(None, until)}


def vga_help(release: Release) -> None:
    """``-vga help``."""
    for name, title in vga_types(release).items():
        print(f"{name:20} {title}")


def object_help(release: Release, kind: str, keys: Iterable[str]) -> bool:
    """``-object help`` and ``-object TYPE,help``; False where no help was asked for."""
    from pyqom.types.keyval import is_help_option

    types = _types(release)
    if is_help_option(kind):
        print("List of user creatable objects:")
        for name in types.list("user-creatable"):
            print(f"  {name}")
        return True
    if kind not in types or not any(map(is_help_option, keys)):
        return False
    print_properties(types.get(kind))
    return True


def print_properties(cls: Any) -> None:
    """The properties that can be set on a type (``type_print_class_properties``)."""
    infos = [
        {"name": prop.name, "type": prop.type, "description": prop.description}
        for prop in cls.properties().values()
        if prop.writable and not prop.per_instance
    ]
    _print_options(cls.typename, infos)


def _print_options(typename: str, infos: Iterable[Any], switches: bool = False) -> None:
    lines = sorted(_option_line(info, switches) for info in infos)
    print(f"{typename} options:" if lines else f"There are no options for {typename}.")
    for line in lines:
        print(line)


def _option_line(info: Any, switches: bool) -> str:
    """One property; where there are `switches` a boolean is on or off, and a text not quoted."""
    line = f"  {info['name']}=<{info['type']}>"
    description, default = info.get("description"), info.get("default-value")
    if description is None and default is None:
        return line
    line = f"{line:24} - {description or ''}"
    if default is None:
        return line
    text = default if switches and isinstance(default, str) else json.dumps(default)
    if switches and isinstance(default, bool):
        text = "on" if default else "off"
    return f"{line} (default: {text})"


# --- devices, CPUs -------------------------------------------------------------------------------


def device_help(release: Release, driver: str | None, keys: Iterable[str]) -> bool:
    """``-device help`` and ``-device TYPE,help``; False where no help was asked for.

    Raises PyqomError for a type that is none.
    """
    from pyqom.types.keyval import is_help_option

    if driver is not None and is_help_option(driver):
        _print_devices(_types(release))
        return True
    if driver is None or not any(map(is_help_option, keys)):
        return False
    from pyqom.answers.property_list import device_list_properties

    try:
        infos = device_list_properties(driver, types=_types(release))
    except (DeviceNotFound, InvalidParameterValue) as error:
        raise PyqomError(str(error)) from None
    _print_options(driver, infos, "defaults-are-on-or-off" in release.rules)
    return True


def _print_devices(types: Any) -> None:
    """Every type that users may create, by category (``qdev_print_devinfos``)."""
    classes = [types.get(name) for name in sorted(types.list("device"), key=str.lower)]
    blank = ""
    for category, title in CATEGORIES.items():
        lines = [
            _device_line(cls)
            for cls in classes
            if cls.user_creatable_class and cls.category == category
        ]
        if lines:
            print(f"{blank}{title} devices:", *lines, sep="\n")
            blank = "\n"


def _device_line(cls: Any) -> str:
    line = f'name "{cls.typename}"'
    if cls.bus_type is not None:
        line += f", bus {cls.bus_type}"
    if "class_alias" in cls.__dict__:
        line += f', alias "{cls.class_alias}"'
    if cls.class_description is not None:
        line += f', desc "{cls.class_description}"'
    return line


def cpu_help(release: Release) -> None:
    """``-cpu help``: the models and the names of all features."""
    from pyqom.answers.cpu_definitions import alias_of
    from pyqom.answers.target import Target, model_name

    target = Target("none", release=release.name)
    column = "x86 " if "cpu-help-names-the-architecture" in release.rules else "  "
    print("Available CPUs:")
    for cls in target.models():
        text = _describe(cls, alias_of(cls, target.context.default_cpu_version), target)
        print(f"{column}{model_name(cls):20}  {text}")
    print("\nRecognized CPUID flags:")
    cls = _types(release).get(f"qemu64{CPU_SUFFIX}")
    words = cls.facts.features.words
    _print_flags(sorted(name for word in words for name in word.names(MASK) if name))
    print()


def _describe(cls: Any, alias: str | None, target: Any) -> str:
    """What stands beside a model (``x86_cpu_list_entry``)."""
    text: str = cls.description
    if not text and alias is not None:
        text = f"(alias of {alias})" if cls.model_version else "(alias configured by machine type)"
    if not text:
        text = cls(target.context).get("model-id")
        version = _version(cls)
        if version is not None and version.note:
            text += f" [{version.note}]"
    deprecated = cls.definition is not None and cls.definition.deprecated is not None
    return f"{text} (deprecated)" if deprecated else text


def _version(cls: Any) -> Any:
    if cls.definition is None or cls.model_version is None:
        return None
    return cls.definition.up_to(cls.model_version)[-1]


def _print_flags(names: Sequence[str]) -> None:
    line = " "
    length = 0
    for name in names:
        if length + len(name) + 1 >= FLAG_COLUMNS:
            print(line)
            line, length = " ", 0
        line += f" {name}"
        length += len(name) + 1
    print(line)
