"""``-machine key=value``: how options become properties of a machine (QEMU ``system/vl.c``).

Options are the nested texts of `pyqom.types.keyval.parse_keyval`; ``-smp``, ``-m`` and ``-boot``
are merged into them as "smp", "memory" and "boot" by who reads the command line.  Some keys are no
properties of the machine and are passed on (`pass_on`).
"""

from __future__ import annotations

from pyqom.errors import PyqomError
from pyqom.types.globals import GlobalProperty
from pyqom.types.keyval import parse_keyval
from pyqom.types.qdict import qdict_order
from pyqom.types.visitor import strtosz

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from pyqom.machines.machine import MachineType
    from pyqom.machines.properties import Machine

ACCELERATOR_OPTIONS = {
    "igd-passthru": ("xen-accel",),
    "kvm-shadow-mem": ("kvm-accel",),
    "kernel-irqchip": ("kvm-accel", "whpx-accel"),
}
"""Options that are properties of these accelerators' objects."""


class PassedOn:
    """What machine options say to others than the machine.

    ``accel`` names the accelerators, as after ``-accel``; ``globals`` are properties of their
    objects, which no other accelerator looks at; ``memory_backend`` is the id or path of the
    backend for the machine's memory, resolved when the objects are there
    (`pyqom.machines.memory.resolve_backend`); ``has_memory_size`` tells whether a size was given.
    """

    __slots__ = ("accel", "globals", "has_memory_size", "memory_backend")

    def __init__(self) -> None:
        self.accel: str | None = None
        self.globals: list[GlobalProperty] = []
        self.memory_backend: str | None = None
        self.has_memory_size = False


def dashify(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with "-" for "_" in their names (``keyval_dashify``).

    Raises PyqomError where an option is there both ways.
    """
    dashed = dict(options)
    for name in qdict_order(options):
        if "_" in name:
            proper = name.replace("_", "-")
            if proper in dashed:
                raise PyqomError(f"Conflict between '{name}' and '{proper}'")
            dashed[proper] = dashed.pop(name)
    return dashed


def pass_on(options: Mapping[str, Any]) -> tuple[dict[str, Any], PassedOn]:
    """The options that are the machine's, and the others (``qemu_apply_legacy_machine_options``).

    Raises PyqomError.
    """
    left, others = dashify(options), PassedOn()
    others.accel = _take(left, "accel")
    for name, drivers in ACCELERATOR_OPTIONS.items():
        value = _take(left, name)
        if value is not None:
            others.globals += [GlobalProperty(driver, name, value) for driver in drivers]
    others.memory_backend = _take(left, "memory-backend")
    memory = left.get("memory")
    others.has_memory_size = isinstance(memory, dict) and "size" in memory
    return left, others


def _take(options: dict[str, Any], name: str) -> str | None:
    """Take an option out, if it is a text."""
    return options.pop(name) if isinstance(options.get(name), str) else None


def default_options(machine: MachineType) -> dict[str, Any]:
    """The options that a machine type sets before the user's."""
    return parse_keyval(machine.fields.get("default-machine-opts") or "")


def apply_options(machine: Machine, options: Mapping[str, Any]) -> None:
    """Set properties from options, in QEMU's order (``object_set_properties_from_keyval``).

    What comes before the first error stays set.  Raises PyqomError.
    """
    for name in qdict_order(options):
        machine.set_keyval(name, options[name])


def set_option(machine: Machine, key: str, text: str) -> PassedOn:
    """Do what ``-machine KEY=TEXT`` does; "smp.cpus" is a member of "smp".

    Returns what is not the machine's own.  Raises PyqomError.
    """
    own, others = pass_on(parse_keyval(f"{key}={text.replace(',', ',,')}"))
    apply_options(machine, own)
    return others


def memory_texts(option: Callable[[str], str | None]) -> dict[str, str]:
    """The machine's property ``memory`` of the options of ``-m``, texts all (``system/vl.c``).

    `option` gives the text of one, None where it was not given; a plain size is of megabytes, and
    none is that of the machine type.
    """
    memory: dict[str, str] = {}
    size = option("size")
    if size is not None and not _is_zero(size):
        memory["size"] = size + "M" if size[-1:].isdigit() else size
    others = {"max-size": option("maxmem"), "slots": option("slots")}
    return memory | {name: text for name, text in others.items() if text is not None}


def _is_zero(size: str) -> bool:
    try:
        return strtosz(size) == 0
    except (ValueError, OverflowError):
        return False  # the property tells what is wrong
