"""``pyqom why``: what a CPU model asks for and does not get on a host, and who is to blame."""

from __future__ import annotations

from pyqom.answers.blame import LAYERS
from pyqom.answers.reasons import why
from pyqom.cli import inputs, options
from pyqom.cli.options import Argument, Syntax
from pyqom.cli.page import Cell, Page, few

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.answers.blame import Blame
    from pyqom.answers.reasons import Verdict
    from pyqom.cli.options import Given
    from pyqom.cli.output import Output

SYNTAX = Syntax(
    "why",
    "For each feature that a CPU model asks for and does not get: the layer that stops it.  With\n"
    "a MODEL its features one by one, without one all models.  The exit status is 1 where a\n"
    "model could not be started with 'enforce'.\n\n"
    "The layers: cpu (the host's CPU lacks it), kvm (KVM does not pass it on), capability (it\n"
    "needs, say, the in-kernel irqchip), machine (the machine type turns it off), accelerator\n"
    "(its default is off, or it is not emulated), dependency (it needs a feature that is off),\n"
    "conflict (it excludes another one), qemu (this release does not know it).",
    [Argument("model", "a CPU model, perhaps with features: MODEL[,+f][,-f][,p=v]", "?")],
    [
        options.HOST,
        options.MACHINE,
        options.PROPS,
        options.ACCEL,
        options.RELEASE,
        options.JSON,
        options.MODELS,
    ],
    [
        "why EPYC-Milan --host node7.json -M q35",
        "why Skylake-Server,+vmx --host node7.json --json",
        "why --host node7.json -M pc-i440fx-2.1",
    ],
)


def run(given: Given, out: Output) -> int:
    """Print the verdict on one model, or on all."""
    machine, types = inputs.place(given.machine, given.release, given.models)
    found = why(
        given.model,
        machine=machine,
        accel=inputs.accelerator(given.accel, given.host, machine.release),
        props=inputs.properties(given.props),
        types=types,
    )
    if given.model is not None:
        inputs.warn(given.model)
    if given.json:
        answer = [record(each) for each in found]
        out.json(answer if given.model is None else answer[0])
    else:
        (listing(found) if given.model is None else one(found[0])).show(out)
    return 0 if all(each.runnable for each in found) else 1


def record(found: Verdict) -> dict[str, Any]:
    """A verdict as JSON."""
    answer: dict[str, Any] = {
        "model": found.model,
        "machine": found.machine,
        "release": found.release,
        "accel": found.accel,
        "host": found.host,
        "runnable": found.runnable,
        "missing": [_blame(each) for each in found.missing],
    }
    if found.error is not None:
        answer["error"] = found.error
    return answer


def _blame(each: Blame) -> dict[str, Any]:
    """A feature as JSON: its CPUID register, or its MSR."""
    answer: dict[str, Any] = {
        "feature": each.feature,
        "layer": each.layer,
        "reason": each.reason,
        "blocks": each.blocks,
        "word": each.word,
        "bit": each.bit,
    }
    if each.leaf is not None:
        answer["cpuid"] = {"leaf": each.leaf, "register": each.register}
        if each.subleaf is not None:
            answer["cpuid"]["subleaf"] = each.subleaf
    if each.msr is not None:
        answer["msr"] = each.msr
    return answer


def where(each: Blame) -> str:
    """Where a feature is, for people."""
    if each.msr is not None:
        return f"MSR {each.msr:X}h bit {each.bit}"
    if each.leaf is None:
        return ""
    subleaf = "" if each.subleaf is None else f".{each.subleaf}"
    return f"CPUID {each.leaf:X}h{subleaf} {each.register} bit {each.bit}"


def about(found: Verdict) -> str:
    """Where the models are looked at."""
    host = f" on host {found.host}" if found.host is not None else ""
    return f"{found.machine} (QEMU {found.release}, {found.accel}){host}"


def one(found: Verdict) -> Page:
    """The verdict on one model: what blocks it, then what it goes without."""
    page = Page()
    page.title(f"{found.model} on {about(found)}")
    if found.error is not None:
        page.text(f"QEMU refuses it: {found.error}.")
    blocking = [each for each in found.missing if each.blocks]
    page.text(_summary(found, len(blocking)))
    if blocking:
        page.heading("what it asks for and does not get")
        page.table(
            ("feature", "stopped by", "why", "where"),
            ((_name(each), each.layer, each.reason, where(each)) for each in blocking),
        )
    silent: dict[tuple[str, str], list[str]] = {}
    for each in found.missing:
        if not each.blocks:
            silent.setdefault((each.layer, each.reason), []).append(each.feature)
    if silent:
        page.heading("what is off without harm")
        page.table(
            ("stopped by", "why", "#features", "which"),
            (
                (layer, reason, str(len(names)), few(names, 6))
                for (layer, reason), names in silent.items()
            ),
        )
    return page


def _name(each: Blame) -> str:
    return Cell(each.feature, "strong")


def _summary(found: Verdict, blocking: int) -> str:
    if found.runnable:
        return "It runs with all that it asks for."
    if found.error is not None and not blocking:
        return "It cannot run here."
    plural = "feature is" if blocking == 1 else "features are"
    return f"It would run without {blocking} {plural.split()[0]}; with 'enforce' it would not."


def listing(found: list[Verdict]) -> Page:
    """All models: which run, and how many features each layer stops."""
    page = Page()
    good = sum(each.runnable for each in found)
    title = f"{good} of {len(found)} CPU models run"
    page.title(f"{title} on {about(found[0])}" if found else title)
    rows = []
    for each in reversed(found):
        blocking = [blame for blame in each.missing if blame.blocks]
        counts = [sum(blame.layer == layer for blame in blocking) for layer in LAYERS]
        rows.append(
            (
                each.model,
                Cell("yes", "good") if each.runnable else Cell("no", "bad"),
                *(str(count) if count else "" for count in counts),
                Cell(each.error or few([blame.feature for blame in blocking], 4), "dim"),
            )
        )
    page.table(("model", "runs", *(f"#{layer}" for layer in LAYERS), "lacks"), rows)
    return page
