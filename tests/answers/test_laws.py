"""What must hold between answers, for whatever is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pyqom
from pyqom import machines, release
from pyqom.answers.edge import edge
from pyqom.answers.expansion import TYPES, configured, expanded, props_of
from pyqom.answers.explanation import traced
from pyqom.answers.target import Target, model_name
from pyqom.answers.trace import StepTrace
from pyqom.catalog import registry
from pyqom.devices.cpu.x86.featurestring import parse_model

ONE_SET = settings(
    derandomize=True, deadline=None, max_examples=40, suppress_health_check=list(HealthCheck)
)
MANY = settings(ONE_SET, max_examples=150)


def questions() -> list[tuple[str, str, str]]:
    """(release, machine type, model) of everything there is to ask about."""
    found = []
    for each in release.releases():
        types = registry(each)
        models = sorted(model_name(types.get(name)) for name in types.list("x86_64-cpu"))
        for machine in machines.machines(each.name):
            found += [(each.name, machine.name, model) for model in models]
    return found


QUESTIONS = questions()
FEATURES = {
    each.name: sorted(registry(each).get("x86_64-cpu").facts.features.places)
    for each in release.releases()
}
LINKS = ("memory",)
NO_LBR_FORMAT = 0xFFFF_FFFF_FFFF_FFC0
LEVELS = ("level", "xlevel", "min-level", "min-xlevel", "xlevel2", "level-func7")


@st.composite
def asked(draw: Any) -> dict[str, Any]:
    """A model on a machine type, with some properties that any model takes."""
    name, machine, model = draw(st.sampled_from(QUESTIONS))
    switches = st.dictionaries(st.sampled_from(FEATURES[name]), st.booleans(), max_size=6)
    props: dict[str, Any] = draw(switches)
    level = st.integers(0, 0x8000_0021)
    props |= draw(st.dictionaries(st.sampled_from(LEVELS), level, max_size=2))
    return {"model": model, "machine": machine, "release": name, "props": props}


def expand(question: dict[str, Any], type: str = "full", **changes: Any) -> dict[str, Any]:
    """The properties of an expansion, or (tested where it is met) the text of the refusal."""
    try:
        return pyqom.expand(**{**question, **changes}, type=type)["model"]["props"]
    except pyqom.PyqomError as error:
        return {"error": str(error)}


@pytest.mark.parametrize("type", TYPES)
@MANY
@given(question=asked())
def test_setting_what_expansion_says_changes_nothing(type: str, question: dict[str, Any]) -> None:
    said = expand(question, type)
    if "error" not in said:
        assert expand(question, type, props=settable(said)) == said


def settable(said: dict[str, Any]) -> dict[str, Any]:
    """What can be set of an expansion.

    QEMU itself refuses the empty vendor that `base` has, and the mask that an unset LBR format is.
    """
    refused = {"vendor": "", "lbr-fmt": NO_LBR_FORMAT, "lbr_fmt": NO_LBR_FORMAT}
    return {
        name: value
        for name, value in said.items()
        if name not in LINKS and refused.get(name) != value
    }


def test_links_can_be_set_to_what_expansion_says() -> None:
    question = {"model": "SandyBridge", "machine": "pc-q35-11.1"}
    said = expand(question)
    props = {name: said[name] for name in LINKS}
    assert expand(question, props=props) == said


@MANY
@given(question=asked())
def test_static_is_a_fixed_point(question: dict[str, Any]) -> None:
    """`base` with what a static expansion says is that model, and its expansion says the same."""
    said = expand(question, "static")
    if "error" not in said:
        assert expand(question, "static", model="base", props=settable(said)) == said


@MANY
@given(question=asked())
def test_nothing_differs_from_itself(question: dict[str, Any]) -> None:
    if "error" not in expand(question):
        assert pyqom.diff(question, dict(question)) == []


@MANY
@given(a=asked(), b=asked())
def test_differences_are_what_differs(a: dict[str, Any], b: dict[str, Any]) -> None:
    left, right = expand(a), expand(b)
    if "error" in left or "error" in right:
        return
    found = {each.property: (each.a, each.b) for each in pyqom.diff(a, b)}
    back = {each.property: (each.b, each.a) for each in pyqom.diff(b, a)}
    assert found == back
    for name, values in found.items():
        assert values == (left.get(name), right.get(name))
        assert left.get(name, ...) != right.get(name, ...)
    if not found:
        assert left == right


@ONE_SET
@given(question=asked())
def test_the_last_step_is_the_value(question: dict[str, Any]) -> None:
    """For every property, the explanation ends with what the expansion says."""
    said = expand(question)
    if "error" in said:
        return
    target = Target(question["machine"], release=question["release"])
    model = parse_model(question["model"])
    names = edge(target.model(question["model"]), "full").names()
    assert sorted(names) == sorted(said)
    steps = traced(target, model, names, question["props"])
    assert {name: steps[name][-1].value for name in names} == said
    for name in names:
        assert steps[name][0].changed is False
        for before, after in zip(steps[name], steps[name][1:], strict=False):
            assert after.changed is (after.value != before.value)


@MANY
@given(question=asked(), data=st.data())
def test_explain_agrees_with_expand(question: dict[str, Any], data: Any) -> None:
    said = expand(question)
    if "error" in said:
        return
    name = data.draw(st.sampled_from(sorted(said)))
    told = pyqom.explain(question["model"], name, **without(question, "model"))
    assert (told.value, told.steps[-1].value) == (said[name], said[name])
    assert told.decided() in told.steps
    assert (told.machine, told.release) == (question["machine"], question["release"])


def without(question: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in question.items() if key != name}


@ONE_SET
@given(question=asked())
def test_being_watched_changes_nothing(question: dict[str, Any]) -> None:
    target = Target(question["machine"], release=question["release"])
    model, props = parse_model(question["model"]), question["props"]
    cls = target.model(question["model"])
    watch = StepTrace(cls, edge(cls, "full").names())
    alone = outcome(lambda: expanded(target, model, props))
    watched = outcome(lambda: configured(cls, target, model, props, watch))
    assert watched == alone


def outcome(make: Callable[[], Any]) -> Any:
    """All that is seen of a CPU: its expansions and what was filtered, or why there is none."""
    try:
        cpu = make()
    except pyqom.PyqomError as error:
        return error.__class__, str(error)
    return [props_of(cpu, type) for type in TYPES], cpu.filtered_words, cpu.user_words


@MANY
@given(question=asked())
def test_switches_in_the_model_string_are_properties(question: dict[str, Any]) -> None:
    """``+f`` and ``-f`` of ``-cpu`` act as the same features given by QMP."""
    switches = {name: on for name, on in question["props"].items() if isinstance(on, bool)}
    text = "".join(f",{'+' if on else '-'}{name}" for name, on in switches.items())
    string = expand(question, model=question["model"] + text, props=None)
    assert string == expand(question, props=switches)


@MANY
@given(question=asked())
def test_static_is_a_part_of_full(question: dict[str, Any]) -> None:
    full, static = expand(question), expand(question, "static")
    if "error" not in full:
        assert static.items() <= full.items()


@ONE_SET
@given(question=asked(), name=st.text(max_size=12))
def test_whatever_is_asked_is_answered_or_refused(question: dict[str, Any], name: str) -> None:
    """Names that nobody knows end in pyqom's own errors."""
    for changes in ({"model": name}, {"machine": name}, {"release": name}, {"props": {name: 1}}):
        answer = expand(question, **changes)
        assert answer
        if "error" in answer:
            assert answer["error"].strip()
