"""Whatever objects are given: no exception of Python's, and nothing left of what was refused."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyqom.devices.backends.declaration import TYPES
from pyqom.errors import PyqomError
from tests.devices.backends.conftest import World

WORLDS = {release: World(release) for release in ("7.2", "11.1")}
KINDS = [
    (release, row.name)
    for release, world in WORLDS.items()
    for row in TYPES
    if world.types.knows(row) and not row.abstract
    if world.types.implements(row.name, "user-creatable")
]

words = st.sampled_from(
    ["", "x", "io", "on", "off", "id=io", "YWJj", "/nonexistent/x", "/dev/null", "12", "-1", "c"]
)
texts = words | st.text(max_size=6)
numbers = st.integers(-(2**64), 2**65) | st.sampled_from([0, 1, 2, 4096, 2**31, 2**63, 2**64 - 1])
scalars = st.none() | st.booleans() | numbers | st.floats() | texts
values = scalars | st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["match", "policy", "format", "iops-total", "type"]), inner
        )
    ),
    max_leaves=4,
)
fitting = {
    "bool": st.booleans(),
    "int": numbers | st.lists(st.integers(0, 130), max_size=3),
    "string": texts,
    "uint32": numbers,
    "uint64": numbers,
}


def given_props(draw: Any, cls: Any) -> dict[str, Any]:
    names = sorted(cls.properties())
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=6))
    return {name: draw(fitting.get(cls.find(name).type, values) | values) for name in chosen}


@pytest.mark.parametrize(("release", "qom_type"), KINDS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_never_breaks(release: str, qom_type: str, data: st.DataObject) -> None:
    world = WORLDS[release]
    world.netdevs["x"] = 1
    before = world.ids()
    cls = world.types.get(qom_type)
    props, later = given_props(data.draw, cls), given_props(data.draw, cls)
    try:
        obj = world.object_add({"qom-type": qom_type, "id": "new", **props})
    except PyqomError:
        assert world.ids() == before
        return
    assert world.ids() == {*before, "new"}
    for name, value in later.items():
        with suppress(PyqomError):
            obj.set(name, value)
    for prop in obj.property_list():
        with suppress(PyqomError):
            prop.get(obj)
            prop.print(obj, True)
    obj.unparent()
    assert world.ids() == before
