"""key=value,... texts, both of QEMU's ways."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyqom.errors import ParameterError
from pyqom.types.keyval import parse_keyval, parse_keyval_help, parse_opts


@pytest.mark.parametrize(
    ("text", "implied", "pairs"),
    [
        ("", None, []),
        ("a=1,b=2", None, [("a", "1"), ("b", "2")]),
        ("edu,id=e", "driver", [("driver", "edu"), ("id", "e")]),
        ("driver=edu", "driver", [("driver", "edu")]),
        ("a,noflag,b=", None, [("a", "on"), ("flag", "off"), ("b", "")]),
        ("a=1,,2,b=,,", None, [("a", "1,2"), ("b", ",")]),
        ("a=1,", None, [("a", "1")]),
        ("a=x=y", None, [("a", "x=y")]),
        ("a.b=1,a[0]=2,a=3,a=4", None, [("a.b", "1"), ("a[0]", "2"), ("a", "3"), ("a", "4")]),
    ],
)
def test_opts(text, implied, pairs):
    assert parse_opts(text, implied) == pairs


@pytest.mark.parametrize(
    ("text", "implied", "tree"),
    [
        ("", None, {}),
        ("a=1,b=2", None, {"a": "1", "b": "2"}),
        ("ram,id=m", "qom-type", {"qom-type": "ram", "id": "m"}),
        ("a=1,a=2", None, {"a": "2"}),
        ("a.b=1,a.c=2", None, {"a": {"b": "1", "c": "2"}}),
        ("a.1=y,a.0=x", None, {"a": ["x", "y"]}),
        ("a.0.b=1", None, {"a": [{"b": "1"}]}),
        ("a=1,,2", None, {"a": "1,2"}),
        ("a=1,", None, {"a": "1"}),
        ("__com.redhat_x=1", None, {"__com.redhat_x": "1"}),
        ("a.00=x", None, {"a": ["x"]}),
    ],
)
def test_keyval(text, implied, tree):
    assert parse_keyval(text, implied) == tree


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a", "Expected '=' after parameter 'a'"),
        ("=1", "Invalid parameter ''"),
        ("5=1", "Invalid parameter '5'"),
        ("a..b=1", "Invalid parameter 'a..b'"),
        ("a.b!=1", "Invalid parameter 'a.b!'"),
        ("a b=1", "Invalid parameter 'a b'"),
        ("_x=1", "Invalid parameter '_x'"),
        ("a.b=1,a=2", "Parameters 'a.*' used inconsistently"),
        ("a=2,a.b=1", "Parameters 'a.*' used inconsistently"),
        ("a.0=1,a.b=2", "Parameters 'a.*' used inconsistently"),
        ("a.1=x", "Parameter 'a.0' missing"),
        ("a.0=x,a.5=y", "Parameter 'a.1' missing"),
        ("x" * 128 + "=1", f"Parameter '{'x' * 128}' is too long"),
        ("a." + "x" * 128 + "=1", f"Parameter fragment '{'x' * 128}' is too long"),
        ("help", "Help is not available for this option"),
        ("a=1,?", "Help is not available for this option"),
    ],
)
def test_keyval_errors(text, error):
    with pytest.raises(ParameterError) as caught:
        parse_keyval(text)
    assert str(caught.value) == error


def test_help():
    assert parse_keyval_help("ram,help,a=1", "qom-type") == ({"qom-type": "ram", "a": "1"}, True)
    assert parse_keyval_help("a=1") == ({"a": "1"}, False)


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9_-]{0,5}", fullmatch=True), st.text()))
def test_commas_survive(values):
    text = ",".join(f"{key}={value.replace(',', ',,')}" for key, value in values.items())
    assert parse_keyval(text) == values
    assert dict(parse_opts(text)) == values


@given(st.text(alphabet="ab01.,=?!_-", max_size=16))
def test_any_text_is_a_tree_or_an_error(text):
    with contextlib.suppress(ParameterError):
        parse_keyval(text)
    parse_opts(text)
