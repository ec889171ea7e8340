"""``pyqom cpuid``: the CPUID that a guest would see."""

from __future__ import annotations

from pyqom.answers.guest_cpuid import answered, cpu_of
from pyqom.answers.target import Target
from pyqom.cli import inputs, options
from pyqom.cli.options import Argument, Option, Syntax, UsageError
from pyqom.cli.page import Page
from pyqom.devices.cpu.x86.cpuid.decoding import decode, feature_at, known_leaf
from pyqom.devices.cpu.x86.cpuid.facts import REGISTERS
from pyqom.devices.cpu.x86.featurestring import parse_model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pyqom.cli.options import Given
    from pyqom.cli.output import Output
    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.devices.cpu.x86.cpuid.decoding import Field

SYNTAX = Syntax(
    "cpuid",
    "What the CPUID instruction answers to a guest after a reset, as the cpuid tool shows it:\n"
    "every field by name, or with --raw every register of every leaf.",
    [Argument("model", "CPU models, perhaps with features: MODEL[,+f][,-f][,p=v]", "+")],
    [
        options.MACHINE,
        options.SMP,
        options.VCPU,
        options.PROPS,
        options.ACCEL,
        options.HOST,
        options.RELEASE,
        Option("--raw", help="registers, as cpuid -r writes them"),
        options.JSON,
        options.MODELS,
    ],
    [
        "cpuid EPYC-Genoa --machine q35 --smp 8,cores=4,threads=2 --vcpu 3",
        "cpuid qemu64 --raw",
    ],
)


class Subject:
    """A vCPU that a command line asks about: its model as it was given, its number, its machine."""

    def __init__(self, given: Given, model: str) -> None:
        machine, types = inputs.place(given.machine, given.release, given.models)
        accel = inputs.accelerator(given.accel, given.host, machine.release)
        target = Target(machine, accel, types=types)
        inputs.warn(model)
        self.model = model
        self.machine = machine.name
        self.number = inputs.number("--vcpu", given.vcpu, 0)
        props = inputs.properties(given.props)
        self.cpu = cpu_of(target, parse_model(model), props, given.smp, self.number)

    def __str__(self) -> str:
        cpu = self.cpu
        about = f"{self.machine} (QEMU {cpu.facts.release.name}, {cpu.accel.name})"
        return f"CPU {self.number}: {self.model} on {about}"


def run(given: Given, out: Output) -> int:
    """Print the CPUID of each model."""
    if given.raw and given.json:
        raise UsageError("--raw and --json are two forms of one answer")
    subjects = [Subject(given, model) for model in given.model]
    if given.json:
        found = list(map(record, subjects))
        out.json(found[0] if len(found) == 1 else found)
    elif given.raw:
        out.write("".join(map(raw_text, subjects)))
    else:
        page(subjects).show(out)
    return 0


def raw_text(subject: Subject) -> str:
    """Registers, as ``cpuid -r`` writes them: the leaves that the CPU has, less empty subleaves."""
    lines = [f"CPU {subject.number}:\n"]
    for leaf, subleaf, *registers in answered(subject.cpu.cpuid_table()):
        if subleaf and not any(registers):
            continue
        told = " ".join(
            f"{name.lower()}=0x{value:08x}"
            for name, value in zip(REGISTERS, registers, strict=True)
        )
        lines.append(f"   0x{leaf:08x} 0x{subleaf:02x}: {told}\n")
    return "".join(lines)


def page(subjects: Sequence[Subject]) -> Page:
    """Every field by name."""
    made = Page()
    for subject in subjects:
        made.title(str(subject))
        for leaf, subleaf, *registers in answered(subject.cpu.cpuid_table()):
            known = known_leaf(leaf, subleaf)
            if not any(registers) and (subleaf or known is None):
                continue
            title = "unknown leaf" if known is None else known.title
            if not any(registers):
                made.text(f"   {title} ({place(leaf, subleaf)}): all zero")
                continue
            fields = decode(leaf, subleaf, registers)
            width = max((len(field.name) for field in fields), default=0)
            made.text(f"   {title} ({place(leaf, subleaf)}):")
            for field in fields:
                made.text(f"      {field.name.ljust(width)} = {field}")
    return made


def place(leaf: int, subleaf: int) -> str:
    """A leaf as people write it: ``1`` or ``0xd, subleaf 2``."""
    shown = f"{leaf:#x}" if leaf > 9 else str(leaf)
    return f"{shown}, subleaf {subleaf}" if subleaf else shown


def record(subject: Subject) -> dict[str, Any]:
    """The CPUID as JSON: of each leaf the registers, as numbers, and the fields."""
    cpu = subject.cpu
    leaves = []
    for leaf, subleaf, *registers in answered(cpu.cpuid_table()):
        entry: dict[str, Any] = {"leaf": leaf, "subleaf": subleaf}
        for register, value in zip(REGISTERS, registers, strict=True):
            entry[register.lower()] = value
        fields = decode(leaf, subleaf, registers)
        entry["fields"] = [_field(cpu, leaf, subleaf, field) for field in fields]
        leaves.append(entry)
    return {
        "model": subject.model,
        "machine": subject.machine,
        "release": cpu.facts.release.name,
        "accel": cpu.accel.name,
        "vcpu": subject.number,
        "leaves": leaves,
    }


def _field(cpu: X86CPU, leaf: int, subleaf: int, field: Field) -> dict[str, Any]:
    """A field as JSON, with the property that it is, where it is one."""
    entry: dict[str, Any] = {"register": field.register, "bits": field.bits, "name": field.name}
    entry["value"] = field.value
    if field.low == field.high:
        place = leaf, subleaf, field.register, field.low
        feature = feature_at(cpu.facts.features, *place)
        if feature is not None:
            entry["feature"] = feature
    return entry
