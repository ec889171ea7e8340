"""``pyqom diff``: what differs between two CPUs, and who made it so."""

from __future__ import annotations

import re

from pyqom.answers.difference import Side, diff, family_chain, history
from pyqom.cli import inputs, options
from pyqom.cli.options import Argument, Option, Syntax, UsageError
from pyqom.cli.page import Page, shown
from pyqom.cli.steps import brief, step_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from pyqom.answers.results import Change, Difference
    from pyqom.cli.options import Given
    from pyqom.cli.output import Output

SYNTAX = Syntax(
    "diff",
    "The properties in which two CPUs differ, and for each who made it so.  A and B are\n"
    "MODEL[,+f][,-f][,p=v][@MACHINE][@RELEASE].  An option given once is for both sides, given\n"
    "twice for A and for B; without B it is the model of A.  --along tells where, from the newest\n"
    "version of a machine family to the oldest, the properties of one model change.",
    [Argument("a", "a CPU model"), Argument("b", "the one to compare it with", "?")],
    [
        Option("--machine", "-M", metavar="M", repeat=True, help="machine type (default: none)"),
        Option("--along", metavar="FAMILY", help="pc-i440fx or pc-q35: the history of A"),
        Option("--props", metavar="JSON", repeat=True, help="properties as QMP has them"),
        Option("--accel", metavar="A", repeat=True, help=options.ACCEL.help),
        Option("--host", metavar="FILE", repeat=True, help=options.HOST.help),
        Option("--release", metavar="R", repeat=True, help="QEMU release"),
        Option("--cpuid", help="the CPUID that guests see instead: registers and fields"),
        Option("--smp", metavar="SMP", repeat=True, help="with --cpuid: topology as behind -smp"),
        options.VCPU,
        options.JSON,
        options.MODELS,
    ],
    [
        "diff SandyBridge@pc-i440fx-1.6 SandyBridge@pc-q35-11.1",
        "diff EPYC-v1 EPYC-v5 -M q35",
        "diff SandyBridge -M pc-q35-2.4 -M pc-q35-7.2",
        "diff SandyBridge --along pc-i440fx",
        "diff EPYC-v1 EPYC-v4 -M q35 --cpuid",
    ],
)

SIDED = ("machine", "props", "accel", "host", "release", "smp")
"""The options that each side may have for itself."""

SIDE = re.compile(
    r"(?P<model>.*?)(@(?P<machine>[A-Za-z_][\w.+-]*))?(@(?P<release>\d[\d.]*))?", re.DOTALL
)


def run(given: Given, out: Output) -> int:
    """Print the differences: 0 where there is none, 1 where there are some."""
    for name in SIDED:
        if len(getattr(given, name)) > 2:
            raise UsageError(f"--{name} is there more than twice")
    if not given.cpuid and (given.smp or given.vcpu is not None):
        raise UsageError("--smp and --vcpu go with --cpuid")
    if given.along is not None:
        return _along(given, out)
    a, b = (_side(given, number) for number in (0, 1))
    if given.cpuid:
        from pyqom.cli.diffcpuid import run as run_cpuid

        vcpu = inputs.number("--vcpu", given.vcpu, 0)
        smp = [_given(given.smp, number) for number in (0, 1)]
        return run_cpuid(a, b, smp, vcpu, out, _about if given.json else None)
    found = diff(a, b)
    if given.json:
        out.json({"a": _about(a), "b": _about(b), "differences": list(map(_record, found))})
    else:
        compared(a, b, found).show(out)
    return 1 if found else 0


# --- two CPUs ------------------------------------------------------------------


def _parts(text: str) -> tuple[str, str | None, str | None]:
    """The model, machine type and release of a side."""
    match = SIDE.fullmatch(text)
    assert match is not None
    return match["model"], match["machine"], match["release"]


def _given(values: Sequence[str], number: int) -> str | None:
    """The value of an option for a side: its own, or the one for both."""
    return values[min(number, len(values) - 1)] if values else None


def _side(given: Given, number: int) -> Side:
    model, machine, release = _parts(given.b if number and given.b is not None else given.a)
    if number and given.b is None and not any(len(getattr(given, name)) == 2 for name in SIDED):
        raise UsageError("with what? B, or an option given twice, or --along, is missing")
    place, types = inputs.place(
        machine or _given(given.machine, number),
        release or _given(given.release, number),
        given.models,
    )
    inputs.warn(model)
    return Side(
        model,
        machine=place,
        accel=inputs.accelerator(
            _given(given.accel, number), _given(given.host, number), place.release
        ),
        props=inputs.properties(_given(given.props, number)),
        types=types,
    )


def _about(side: Side) -> dict[str, Any]:
    return {
        "model": side.model.name,
        "machine": side.target.machine.name,
        "release": side.target.release.name,
        "accel": side.target.accel.name,
    }


def _record(found: Difference) -> dict[str, Any]:
    return {
        "property": found.property,
        "a": found.a,
        "b": found.b,
        "a-step": step_record(found.a_step),
        "b-step": step_record(found.b_step),
    }


def compared(a: Side, b: Side, found: Sequence[Difference]) -> Page:
    """The differences, for people."""
    page = Page()
    page.title(f"{_label(a)} (a) and {_label(b)} (b)")
    both = [each for each in found if each.a_step is not None and each.b_step is not None]
    if not both:
        page.text("no property that both know differs" if found else "no difference")
    else:
        page.table(
            ("property", "a", "b", "who decided"),
            ((each.property, shown(each.a), shown(each.b), deciders(each)) for each in both),
        )
    told = [text for text in (_only(a, b, found, "b_step"), _only(b, a, found, "a_step")) if text]
    if told:
        page.text(f"and {'; '.join(told)}")
    return page


def _label(side: Side) -> str:
    return f"{side} (QEMU {side.target.release.name}, {side.target.accel.name})"


def _only(side: Side, other: Side, found: Sequence[Difference], missing: str) -> str:
    """How many properties the other side lacks, and their names where they are few."""
    names = [each.property for each in found if getattr(each, missing) is None]
    if not names:
        return ""
    release = side.target.release
    whose = side.model.name if release is other.target.release else f"QEMU {release.name}"
    many = "1 property" if len(names) == 1 else f"{len(names)} properties"
    which = ", ".join(names) if len(names) < 6 else "--json names them"
    return f"{many} that only {whose} has ({which})"


FIRST = ("class", "model")
"""The layers that say what a CPU is where nothing else does."""


def deciders(found: Difference) -> str:
    """Who made the values differ: the side that is not as the class or model has it, or both."""
    a, b = found.a_step, found.b_step
    assert a is not None
    assert b is not None
    if str(a) == str(b):
        return brief(a)
    if a.layer in FIRST and b.layer not in FIRST:
        return f"b: {brief(b)}"
    if b.layer in FIRST and a.layer not in FIRST:
        return f"a: {brief(a)}"
    return f"a: {brief(a)}; b: {brief(b)}"


# --- one CPU along the machine types -------------------------------------------


def _along(given: Given, out: Output) -> int:
    model, machine, release = _parts(given.a)
    if given.b is not None or machine or given.machine:
        raise UsageError("--along takes one model, and no machine type")
    if given.cpuid:
        raise UsageError("--along tells of properties, not of --cpuid")
    if max(len(getattr(given, name)) for name in SIDED) > 1:
        raise UsageError("--along takes each option once")
    asked = release or _given(given.release, 0)
    known = dict.fromkeys(machine.release.name for machine in family_chain(given.along, asked))
    own = {name: inputs.own_types(name, given.models) for name in known}
    inputs.warn(model)
    found = history(
        model,
        given.along,
        accel=_given(given.accel, 0) or "tcg",
        host=inputs.host(_given(given.accel, 0), _given(given.host, 0)),
        props=inputs.properties(_given(given.props, 0)),
        release=asked,
        types={name: types for name, types in own.items() if types is not None},
    )
    if given.json:
        out.json(list(map(_change, found)))
    else:
        changes(model, given.along, found).show(out)
    return 1 if found else 0


def _change(found: Change) -> dict[str, Any]:
    return {
        "machine": found.machine,
        "property": found.property,
        "before": found.before,
        "value": found.value,
        "step": step_record(found.step),
    }


def changes(model: str, family: str, found: Sequence[Change]) -> Page:
    """A model's history, for people."""
    page = Page()
    page.title(f"{model} along {family}, from the newest machine type to the oldest")
    if not found:
        page.text("no property changes")
        return page
    page.table(("from", "property", "newer", "older", "who decided"), _change_rows(found))
    return page


def _change_rows(found: Sequence[Change]) -> Iterator[tuple[str, ...]]:
    """The machine type stands only before the first of its changes."""
    last = ""
    for each in found:
        machine = "" if each.machine == last else each.machine
        last = each.machine
        yield machine, each.property, shown(each.before), shown(each.value), brief(each.step)
