"""A step of an explanation, for machines and for people."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.answers.results import Step


def step_record(step: Step | None) -> dict[str, Any] | None:
    """A step as JSON: what it has none of is left out."""
    if step is None:
        return None
    record: dict[str, Any] = {
        "layer": step.layer,
        "source": step.source,
        "value": step.value,
        "changed": step.changed,
    }
    for name in ("machine", "driver", "reason"):
        value = getattr(step, name)
        if value is not None:
            record[name] = value
    return record


def brief(step: Step) -> str:
    """Who acted, in a few words."""
    if step.layer != "machine":
        return str(step)
    whose = "" if step.driver == "x86_64-cpu" else f": {step.driver}"
    return f"{step.source}{f' ({step.machine} and older)' if step.machine else ''}{whose}"


def because(step: Step) -> str:
    """Why the value is what it is: the end of a sentence."""
    if step.layer == "machine":
        whom = f"machine types {step.machine} and older" if step.machine else "the whole family"
        return f"the compat list {step.source} of {whom} says so for every {step.driver}"
    return _BECAUSE[step.layer].format(source=step.source, reason=step.reason or "it applies")


_BECAUSE = {
    "class": "nobody changed the default of {source}",
    "model": "the model {source} is defined so",
    "version": "the version {source} changed it",
    "accelerator": "the accelerator sets it ({source})",
    "global": "a global property asked for it ({source})",
    "user": "it was asked for ({source})",
    "rule": "of the rule {source}: {reason}",
}
