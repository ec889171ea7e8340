"""Global properties."""

from __future__ import annotations

import pytest

from pyqom import errors
from pyqom.types import Bool, Object, Registry, UInt32
from pyqom.types.globals import GlobalProperty, apply

TYPES = Registry()


class Base(Object, typename="base", registry=TYPES):
    level = UInt32(0)


class Leaf(Base, typename="leaf"):
    flag = Bool(False)


def test_in_order_for_the_type_and_its_children():
    entries = [
        GlobalProperty("base", "level", "1"),
        GlobalProperty("leaf", "level", "0x2"),
        GlobalProperty("leaf", "flag", "on"),
        GlobalProperty("nosuch", "level", "7"),
    ]
    base, leaf = Base(), Leaf()
    apply(base, entries)
    assert [entry.used for entry in entries] == [True, False, False, False]
    apply(leaf, entries)
    assert (base.level, leaf.level, leaf.flag) == (1, 2, True)
    assert [entry.used for entry in entries] == [True, True, True, False]


def test_optional_entries_need_no_property():
    entry = GlobalProperty("base", "flag", "on", optional=True)
    apply(Base(), [entry])
    assert not entry.used
    leaf = Leaf()
    apply(leaf, [entry])
    assert leaf.flag


@pytest.mark.parametrize(
    ("entry", "cause"),
    [
        (("base", "level", "x"), "Parameter 'level' expects uint64"),
        (("base", "nix", "1"), "Property 'leaf.nix' not found"),
        (("leaf", "flag", "maybe"), "Parameter 'flag' expects 'on' or 'off'"),
    ],
)
def test_errors(entry, cause):
    driver, name, value = entry
    text = f"can't apply global {driver}.{name}={value}: {cause}"
    entries = [GlobalProperty(*entry), GlobalProperty("base", "level", "5")]
    with pytest.raises(errors.GlobalNotApplied) as caught:
        apply(Leaf(), entries)
    assert str(caught.value) == text
    assert str(caught.value.cause) == cause
    leaf, warnings = Leaf(), []
    apply(leaf, entries, warn=warnings.append)
    assert [str(each) for each in warnings] == [text]
    assert leaf.level == 5
