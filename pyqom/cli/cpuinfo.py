"""``pyqom cpuinfo``: the ``/proc/cpuinfo`` that a Linux guest would show."""

from __future__ import annotations

from pyqom.answers.guest_cpuid import cpus_of
from pyqom.answers.linux_cpuinfo import cpuinfo
from pyqom.answers.target import Target
from pyqom.cli import inputs, options
from pyqom.cli.options import Argument, Syntax
from pyqom.devices.cpu.x86.featurestring import parse_model
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.cli.options import Given
    from pyqom.cli.output import Output

SYNTAX = Syntax(
    "cpuinfo",
    "The /proc/cpuinfo that a guest's Linux 6.12 would show, as far as CPUID decides it: without\n"
    "MHz and bogomips, which it measures, and bugs and their mitigations, which are its own.",
    [Argument("model", "a CPU model, perhaps with features: MODEL[,+f][,-f][,p=v]")],
    [
        options.MACHINE,
        options.SMP,
        options.VCPU,
        options.PROPS,
        options.ACCEL,
        options.HOST,
        options.RELEASE,
        options.JSON,
        options.MODELS,
    ],
    ["cpuinfo EPYC-Milan --machine q35 --smp 4,cores=2,threads=2"],
)

UNITS = {"cache size": " KB", "TLB size": " 4K pages"}


def run(given: Given, out: Output) -> int:
    """Print all vCPUs, or one."""
    machine, types = inputs.place(given.machine, given.release, given.models)
    accel = inputs.accelerator(given.accel, given.host, machine.release)
    target = Target(machine, accel, types=types)
    inputs.warn(given.model)
    props = inputs.properties(given.props)
    cpus = cpus_of(target, parse_model(given.model), props, given.smp)
    wanted = None if given.vcpu is None else inputs.number("--vcpu", given.vcpu, 0)
    if wanted is not None and wanted >= len(cpus):
        raise PyqomError(f"there is no vCPU {wanted}, they are 0 to {len(cpus) - 1}")
    found = cpuinfo(cpus, wanted)
    if given.json:
        out.json(found)
    else:
        out.write("".join(map(text, found)))
    return 0


def text(fields: dict[str, Any]) -> str:
    """One vCPU as the kernel writes it, with an empty line behind it."""
    return "".join(_line(name, value) for name, value in fields.items()) + "\n"


def _line(name: str, value: Any) -> str:
    if name == "address sizes":
        shown = f"{value[0]} bits physical, {value[1]} bits virtual"
    elif isinstance(value, bool):
        shown = "yes" if value else "no"
    elif isinstance(value, list):
        shown = " ".join(value)
    elif name == "microcode":
        shown = f"{value:#x}"
    else:
        shown = f"{value}{UNITS.get(name, '')}"
    tabs = "" if name == "power management" else "\t" if len(name) > 7 else "\t\t"
    if name in ("TLB size", "clflush size", "cache_alignment", "address sizes"):
        tabs = "\t"
    return f"{name}{tabs}: {shown}".rstrip(" ") + "\n"
