"""Lists, arrays and structs."""

from __future__ import annotations

import pytest

from pyqom import errors
from pyqom.types import (
    Array,
    ArrayLength,
    Int64List,
    Object,
    Registry,
    Str,
    StrList,
    Struct,
    UInt16,
    UInt16List,
    UInt32,
    UInt64,
)

TYPES = Registry()


class Thing(Object, typename="thing", registry=TYPES):
    nodes = UInt16List()
    offsets = Int64List()
    names = StrList(["a"])
    ports = Array(Str())
    ids = Array(UInt16())
    range = Struct("Range", {"low": UInt64(), "high": UInt16()}, optional=("high",))
    anything = Struct("any")
    len_lanes = ArrayLength(lambda: UInt32(4), "lanes")


@pytest.mark.parametrize(
    ("name", "type_", "default"),
    [
        ("nodes", "uint16List", ()),
        ("offsets", "int64List", ()),
        ("names", "strList", ("a",)),
        ("ports", "list", ()),
        ("range", "Range", None),
        ("len-lanes", "uint32", 0),
    ],
)
def test_introspection(name, type_, default):
    assert Thing.find(name).type == type_
    assert Thing.find(name).default_of(Thing) == default


def test_an_array_shows_its_empty_default():
    assert Thing.find("ports").has_default
    assert Thing.find("ports").default == []
    assert not Thing.find("nodes").has_default


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("nodes", [1, 2], [1, 2]),
        ("names", ["x", "y"], ["x", "y"]),
        ("ports", ["p"], ["p"]),
        ("range", {"low": 1}, {"low": 1}),
        ("range", {"low": 1, "high": 2}, {"low": 1, "high": 2}),
        ("anything", {"deep": [1]}, {"deep": [1]}),
    ],
)
def test_set_and_get(name, value, stored):
    thing = Thing()
    thing.set(name, value)
    assert thing.get(name) == stored


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("nodes", "1", "Invalid parameter type for 'p.nodes', expected: array"),
        ("nodes", [1, "a"], "Parameter 'p.nodes[1]' expects uint64"),
        ("nodes", [1, 70000], "Parameter 'null' expects uint16_t"),
        ("names", [1], "Invalid parameter type for 'p.names[0]', expected: string"),
        ("ids", [70000], "Parameter 'null' expects uint16_t"),
        ("range", [], "Invalid parameter type for 'p.range', expected: object"),
        ("range", {}, "Parameter 'p.range.low' is missing"),
        ("range", {"low": "x"}, "Parameter 'p.range.low' expects uint64"),
        ("range", {"low": 1, "high": 1 << 16}, "Parameter 'high' expects uint16_t"),
        ("range", {"low": 1, "nix": 2}, "Parameter 'p.range.nix' is unexpected"),
    ],
)
def test_wrong_values(name, value, text):
    with pytest.raises(errors.ParameterError) as caught:
        Thing().set(name, value, f"p.{name}")
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("name", "text", "stored"),
    [("nodes", "0-2,7", [0, 1, 2, 7]), ("nodes", "", []), ("offsets", "-1-1", [-1, 0, 1])],
)
def test_lists_of_integers_from_text(name, text, stored):
    thing = Thing()
    thing.parse(name, text)
    assert thing.get(name) == stored


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("nodes", "x", "Parameter 'null' expects list of uint64 values or ranges"),
        ("nodes", "70000", "Parameter 'null' expects uint16_t"),
        ("names", "a,b", "Invalid parameter type for 'names', expected: array"),
        ("range", "x", "Invalid parameter type for 'range', expected: object"),
    ],
)
def test_wrong_texts(name, text, error):
    with pytest.raises(errors.ParameterError) as caught:
        Thing().parse(name, text)
    assert str(caught.value) == error


def test_key_value_input():
    thing = Thing()
    thing.set_keyval("nodes", ["1", "0x2"])
    thing.set_keyval("range", {"low": "5"})
    assert (thing.get("nodes"), thing.get("range")) == ([1, 2], {"low": 5})
    for name, value, text in (
        ("nodes", "1", "Invalid parameter type for 'nodes', expected: array"),
        ("nodes", ["x"], "Parameter 'nodes.0' expects integer"),
        ("range", {"low": {"x": "1"}}, "Parameters 'range.low.*' are unexpected"),
    ):
        with pytest.raises(errors.ParameterError) as caught:
            thing.set_keyval(name, value)
        assert str(caught.value) == text


def test_print():
    thing = Thing(nodes=[0, 1, 2, 9], names=["x", "y"])
    assert thing.print("nodes") == "0-2,9"
    assert thing.print("nodes", human=True) == "0-2,9 (0x0-0x2,0x9)"
    assert thing.print("names") == "x, y"


def test_a_shared_default_cannot_be_changed():
    assert Thing().names == ("a",)
    got = Thing().get("names")
    got.append("b")
    assert Thing().get("names") == ["a"]


def test_defaults_in_a_body():
    class Sub(Thing, typename="sub"):
        names = ["b", "c"]

    assert Sub().get("names") == ["b", "c"]


def test_an_array_is_set_once():
    thing = Thing()
    thing.set("ports", [])
    thing.set("ports", ["a"])
    with pytest.raises(errors.PropertyError) as caught:
        thing.set("ports", ["b"])
    assert str(caught.value) == "array size property ports may not be set more than once"


class TestOlderArrays:
    def test_length_makes_the_elements(self):
        thing = Thing()
        thing.set("len-lanes", 2)
        assert thing.property("lanes[1]").type == "uint32"
        assert (thing.get("lanes[0]"), thing._lanes) == (4, (4, 4))
        thing.parse("lanes[1]", "0x10")
        assert thing._lanes == (4, 16)
        assert not thing.has_property("lanes[2]")
        assert not Thing().has_property("lanes[0]")

    def test_checks(self):
        thing = Thing()
        thing.set("len-lanes", 1)
        with pytest.raises(
            errors.ParameterError, match=r"^Parameter 'lanes\[0\]' expects uint32_t$"
        ):
            thing.set("lanes[0]", 1 << 32)

    def test_once(self):
        thing = Thing()
        thing.set("len-lanes", 1)
        text = "^array size property len-lanes may not be set more than once$"
        with pytest.raises(errors.PropertyError, match=text):
            thing.set("len-lanes", 2)
