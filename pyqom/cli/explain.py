"""``pyqom explain``: why a property of a CPU model has the value that it has."""

from __future__ import annotations

from pyqom.answers.explanation import explain
from pyqom.cli import inputs, options
from pyqom.cli.options import Argument, Syntax
from pyqom.cli.page import Cell, Page, shown
from pyqom.cli.steps import because, step_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.answers.results import Explanation, FeaturePlace, Step
    from pyqom.cli.options import Given
    from pyqom.cli.output import Output

SYNTAX = Syntax(
    "explain",
    "The layers that set a property, in order, with the value after each, then the rules.",
    [
        Argument("model", "a CPU model, perhaps with features: MODEL[,+f][,-f][,p=v]"),
        Argument("property", "a property, or a place in CPUID such as CPUID.7.0:EBX[5]"),
    ],
    [
        options.MACHINE,
        options.PROPS,
        options.ACCEL,
        options.HOST,
        options.RELEASE,
        options.JSON,
        options.MODELS,
    ],
    [
        "explain SandyBridge xlevel --machine pc-i440fx-1.6",
        "explain EPYC,-svm npt -M q35",
        "explain Haswell CPUID.7.0:EBX[5] -M q35",
    ],
)


def run(given: Given, out: Output) -> int:
    """Print one explanation."""
    machine, types = inputs.place(given.machine, given.release, given.models)
    answer = explain(
        given.model,
        given.property,
        machine=machine,
        accel=inputs.accelerator(given.accel, given.host, machine.release),
        props=inputs.properties(given.props),
        types=types,
    )
    inputs.warn(given.model)
    if given.json:
        out.json(record(answer))
    else:
        page(answer).show(out)
    return 0


def decided(answer: Explanation) -> Step:
    """The last step that changed the value, or the first."""
    changed = [step for step in answer.steps if step.changed]
    return changed[-1] if changed else answer.steps[0]


def record(answer: Explanation) -> dict[str, Any]:
    """The explanation as JSON."""
    names = ("model", "property", "machine", "release", "accel", "type", "description", "value")
    return {
        **{name: getattr(answer, name) for name in names},
        "places": [_place(each) for each in answer.places],
        "steps": [step_record(step) for step in answer.steps],
        "decided": step_record(decided(answer)),
        "withheld": answer.withheld,
    }


def _place(place: FeaturePlace) -> dict[str, Any]:
    """A bit of CPUID or an MSR as JSON, without what it lacks."""
    names = ("word", "symbol", "bit", "leaf", "subleaf", "register", "msr", "meaning")
    found = {name: getattr(place, name) for name in names}
    return {"place": str(place)} | {k: v for k, v in found.items() if v is not None}


def page(answer: Explanation) -> Page:
    """The explanation for people: a table of steps and one sentence."""
    made = Page()
    where = f"{answer.machine} (QEMU {answer.release}, {answer.accel})"
    made.title(f"{answer.property} ({answer.type}) of {answer.model} on {where}")
    if answer.description and answer.description != "on/off":
        made.text(answer.description)
    for place in answer.places:
        meaning = f": {place.meaning}" if place.meaning else ""
        made.text(f"{place} (word {place.word}, {place.symbol}){meaning}")
    last = decided(answer)
    made.table(
        ("layer", "source", "brought by", "for", "value", "why"),
        (
            (
                step.layer,
                step.source,
                _brought(step),
                step.driver or "",
                Cell(shown(step.value), "strong" if step is last else ""),
                step.reason or "",
            )
            for step in answer.steps
        ),
    )
    made.text(f"{answer.property} is {shown(answer.value)} because {because(last)}.")
    if answer.withheld:
        made.text(
            f"A guest does not get it: {answer.accel} has no {answer.property} for it here"
            " (pyqom why tells who is to blame)."
        )
    return made


def _brought(step: Step) -> str:
    """Which machine types have a step's compat list."""
    if step.layer != "machine":
        return ""
    return f"{step.machine} and older" if step.machine else "the family"
