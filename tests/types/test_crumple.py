"""Flat keys made nested."""

from __future__ import annotations

from typing import Any

import pytest

from pyqom.errors import ParameterError
from pyqom.types.crumple import crumple

GOOD: list[tuple[dict[str, str], Any]] = [
    ({}, {}),
    ({"a": "1", "b.c": "2", "b.d.e": "3"}, {"a": "1", "b": {"c": "2", "d": {"e": "3"}}}),
    ({"a.1": "y", "a.0": "x"}, {"a": ["x", "y"]}),
    ({"0": "x"}, ["x"]),
    ({"a..b": "1", "c...d": "2"}, {"a.b": "1", "c.": {"d": "2"}}),
    ({"a.": "1"}, {"a": {"": "1"}}),
    ({".": "1"}, {"": {"": "1"}}),
]
BAD = [
    ({"a": "1", "a.b": "2"}, "Cannot mix scalar and non-scalar keys"),
    ({"a.0": "1", "a.b": "2"}, "Cannot mix list and non-list keys"),
    ({"1": "a"}, "List indices are not contiguous, saw 1 elements but 1 largest index"),
    ({"-1": "a"}, "List indices are not contiguous, saw 1 elements but -1 largest index"),
    ({"01": "a", "0": "b"}, "Missing list index 1"),
]


@pytest.mark.parametrize(("flat", "nested"), GOOD)
def test_nested(flat: dict[str, str], nested: Any) -> None:
    assert crumple(flat) == nested


@pytest.mark.parametrize(("flat", "text"), BAD)
def test_contradiction(flat: dict[str, str], text: str) -> None:
    with pytest.raises(ParameterError) as error:
        crumple(flat)
    assert str(error.value) == text
