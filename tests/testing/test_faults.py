"""Which message a fault hits."""

from __future__ import annotations

from typing import Any
from unittest.mock import ANY

import pytest

from pyqom.testing import Crash, Disconnect, Drop, Error, Late, Split
from pyqom.testing.faults import GREETING, Fault, Plan, contains


def hits(fault: Fault, *names: str) -> list[int]:
    """The positions of the commands that the fault hits."""
    plan = Plan([fault])
    return [at for at, name in enumerate(names) if plan.match(name) is fault]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Drop("a"), [0]),
        (Drop("b"), [1]),
        (Drop("a", nth=2), [2]),
        (Drop("a", nth=2, times=2), [2, 3]),
        (Drop("a", times=None), [0, 2, 3]),
        (Drop("a", nth=3, times=None), [3]),
        (Drop(), [0]),
        (Drop(nth=4), [3]),
        (Drop("c"), []),
    ],
)
def test_by_name_and_count(fault: Fault, expected: list[int]) -> None:
    assert hits(fault, "a", "b", "a", "a") == expected


def test_any_command_is_no_event_and_no_greeting() -> None:
    plan = Plan([Drop(times=None)])
    assert plan.match(GREETING, is_command=False) is None
    assert plan.match("STOP", is_command=False) is None
    assert plan.match("stop") is not None


def test_by_arguments() -> None:
    plan = Plan([Drop("object-add", arguments={"id": "b"})])
    assert plan.match("object-add", {"id": "a", "qom-type": "iothread"}) is None
    assert plan.match("object-add", {"id": "b", "qom-type": "iothread"}) is not None


def test_the_first_of_several_is_taken_and_all_count() -> None:
    first, second = Drop("a", nth=2), Error("a", times=2)
    plan = Plan([first, second])
    assert [plan.match("a") for _ in range(3)] == [second, first, None]


def test_later_faults_count_from_then_on() -> None:
    plan = Plan()
    assert plan.match("a") is None
    plan.add(Drop("a"))
    assert plan.match("a") is not None
    plan.clear()
    assert plan.match("a") is None
    assert len(plan) == 0


def test_what_never_happened_is_told() -> None:
    used, misspelt = Drop("a"), Crash("qeury-status")
    plan = Plan([used, misspelt])
    plan.match("a")
    assert plan.unused == [misspelt]
    assert list(plan) == [used, misspelt]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Drop("a", nth=0), "'nth' must be >= 1: 0"),
        (lambda: Drop("a", times=0), "'times' must be >= 1: 0"),
        (lambda: Split("a", size=0), "'size' must be >= 1: 0"),
        (lambda: Late("a", after=-1), "'after' must be >= 0: -1"),
        (lambda: Plan([Error("STOP")]), "only a command can be answered with an error, not STOP"),
        (lambda: Plan([Error(GREETING)]), "only a command can be answered with an error, not "),
    ],
)
def test_what_cannot_be_is_refused(make: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make()


def test_faults_are_records() -> None:
    assert Disconnect("a", when="run") == Disconnect("a", when="run") != Disconnect("a")
    assert repr(Late("a")) == "Late(name='a', nth=1, times=1, arguments=None, after=0)"


@pytest.mark.parametrize(
    ("whole", "part", "expected"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": {"x": 1, "y": 2}}, {"a": {"y": 2}}, True),
        ({"a": [1, 2]}, {"a": [1]}, False),
        ({"a": True}, {"a": 1}, False),
        ({"a": 1}, {"a": True}, False),
        ({"a": True}, {"a": True}, True),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": True}, {"a": ANY}, True),
        (None, {}, False),
    ],
)
def test_contains(whole: Any, part: Any, expected: bool) -> None:
    assert contains(whole, part) is expected
