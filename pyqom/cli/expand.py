"""``pyqom expand``: what a CPU model is on a machine type."""

from __future__ import annotations

from pyqom.answers.edge import edge
from pyqom.answers.expansion import check_type, expanded, expansion_lines, props_of
from pyqom.answers.target import Target
from pyqom.cli import inputs, options
from pyqom.cli.options import Argument, Option, Syntax, UsageError
from pyqom.devices.cpu.x86.featurestring import parse_model
from pyqom.quick import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from pyqom.cli.options import Given
    from pyqom.cli.output import Output
    from pyqom.cli.page import Page
    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.machines import MachineType

SYNTAX = Syntax(
    "expand",
    "What QEMU, started with the machine type, answers to query-cpu-model-expansion.\n"
    "--json prints exactly QMP's return object.",
    [Argument("model", "a CPU model, perhaps with features: MODEL[,+f][,-f][,p=v]", "?")],
    [
        Option(
            "--machine",
            "-M",
            metavar="M",
            help="machine type, by name or alias (default: none); with --all a list M,M... or all",
        ),
        Option("--type", metavar="T", help="full (the default) or static"),
        options.PROPS,
        options.ACCEL,
        options.HOST,
        options.RELEASE,
        Option("--all", help="every model: one line of JSON each"),
        options.JSON,
        options.MODELS,
    ],
    [
        "expand SandyBridge --machine pc-i440fx-1.6",
        "expand EPYC,+avx512f,-svm -M q35 --type static --json",
        "expand --all --machine all --release 7.2 > expansions.jsonl",
    ],
)


def run(given: Given, out: Output) -> int:
    """Print one expansion, or all."""
    if given.all:
        return _all(given, out)
    if given.model is None:
        raise UsageError("which CPU model? (--all: every one)")
    machine, types = inputs.place(given.machine, given.release, given.models)
    kind, accel = given.type or "full", inputs.accelerator(given.accel, given.host, machine.release)
    target, model = Target(machine, accel, types=types), parse_model(given.model)
    check_type(kind)
    cpu = expanded(target, model, inputs.properties(given.props))
    inputs.warn(given.model)
    if given.json:
        _json(model.name, kind, cpu, out)
    else:
        where = f"{machine.name} (QEMU {machine.release.name}, {accel.name}, {kind})"
        page(f"{given.model} on {where}", props_of(cpu, kind), type(cpu)).show(out)
    return 0


def _json(model: str, kind: str, cpu: X86CPU, out: Output) -> None:
    """QMP's return object; its text is put together here, since `json` takes long to import."""
    name = "base" if kind == "static" else model
    if out.tty:
        out.json({"model": {"name": name, "props": props_of(cpu, kind)}})
    else:
        props = edge(type(cpu), kind).text(cpu)
        out.write(f'{{"model": {{"name": {quoted(name)}, "props": {props}}}}}\n')


def page(title: str, props: dict[str, Any], cls: Any) -> Page:
    """An expansion for people: what is on, and what differs from the default."""
    from pyqom.cli.page import Page, shown

    made = Page()
    made.title(title)
    made.text(identity(props))
    places = cls.facts.features.places
    words = cls.facts.features.words
    on: dict[int, list[str]] = {}
    for name, (index, _) in places.items():
        if props.get(name) is True:
            on.setdefault(index, []).append(name)
    made.heading("features that are on")
    made.words((words[index].name, on[index]) for index in sorted(on))
    rows = [(name, shown(value), shown(default)) for name, value, default in changed(props, cls)]
    if rows:
        made.heading("other properties that differ from the default")
        made.table(("property", "value", "default"), rows)
    return made


IDENTITY = ("vendor", "family", "model", "stepping", "model-id")


def identity(props: dict[str, Any]) -> str:
    """Who the CPU says it is."""
    vendor, family, model, stepping, model_id = (props.get(name) for name in IDENTITY)
    numbers = f"{vendor}, family {family}, model {model}, stepping {stepping}"
    return f"{model_id}: {numbers}" if model_id else numbers


def changed(props: dict[str, Any], cls: Any) -> Iterator[tuple[str, Any, Any]]:
    """The properties, no features nor second spellings, that are not at their default."""
    places = cls.facts.features.places
    table = cls.properties()
    for name in sorted(props):
        prop = table[name]
        if name in places or name in IDENTITY or getattr(prop, "target", None) is not None:
            continue
        if (props[name] or None) != (prop.default or None):
            yield name, props[name], prop.default


def _all(given: Given, out: Output) -> int:
    if given.model is not None or given.props is not None:
        raise UsageError("--all takes neither MODEL nor --props")
    check_type(given.type or "full")
    out.stream(_lines(given, _machines(given), out))
    return 0


def _machines(given: Given) -> list[MachineType]:
    """The machine types of ``--machine M[,M...]|all``, each once."""
    from pyqom.machines import find, machines

    found: dict[MachineType, None] = {}
    for name in (given.machine or "none").split(","):
        chosen = machines(given.release) if name == "all" else (find(name, given.release),)
        found.update(dict.fromkeys(chosen))
    return list(found)


def _lines(given: Given, machines: list[MachineType], out: Output) -> Iterator[str]:
    """All lines; a user's models are entered once for each release."""
    from pyqom.cli.progress import over

    kind = given.type or "full"
    types = {
        release: inputs.own_types(release.name, given.models)
        for release in dict.fromkeys(machine.release for machine in machines)
    }
    if len(types) == 1:
        own = types[machines[0].release]
        accel = inputs.accelerator(given.accel, given.host, machines[0].release)
        yield from expansion_lines(over(machines, out), kind, accel, types=own)
        return
    for machine in over(machines, out):
        accel = inputs.accelerator(given.accel, given.host, machine.release)
        yield from expansion_lines([machine], kind, accel, types=types[machine.release])
