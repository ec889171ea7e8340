"""Hand-written CPU types: what a class body says, in expansions and in explanations."""

from __future__ import annotations

from typing import Any

import pytest

import pyqom
from pyqom.errors import DuplicateType, InvalidParameterValue
from pyqom.types import Bool, Registry, Size, UInt8

ON = "pc-q35-11.1"


@pytest.fixture
def types() -> Registry:
    return pyqom.new_types()


def own(types: Registry, base: str = "x86_64-cpu", name: str = "Own", **body: Any) -> Any:
    """A class statement with this body."""
    parent: Any = types.get(base)
    return type(parent)(name, (parent,), body, typename=f"{name}-x86_64-cpu", registry=types)


def props(types: Registry, name: str = "Own", machine: Any = ON, **more: Any) -> dict[str, Any]:
    return pyqom.expand(name, machine=machine, types=types, **more)["model"]["props"]


def steps(types: Registry, name: str, prop: str) -> list[tuple[str, Any]]:
    told = pyqom.explain(name, prop, machine=ON, types=types)
    assert told.value == props(types, name)[prop]
    return [(step.source, step.value) for step in told.steps]


@pytest.mark.parametrize(
    ("attribute", "name", "value", "shown"),
    [
        ("avx2", "avx2", True, True),
        ("sse4_1", "sse4.1", True, True),
        ("_3dnow", "3dnow", True, True),
        ("hv_relaxed", "hv-relaxed", True, True),
        ("lmce", "lmce", True, True),
        ("stepping", "stepping", 9, 9),
        ("vendor", "vendor", "AuthenticAMD", "AuthenticAMD"),
        ("model_id", "model-id", "x" * 60, "x" * 48),
        ("tsc_frequency", "tsc-frequency", 1234567, 1234000),
    ],
)
@pytest.mark.parametrize("base", ["x86_64-cpu", "Conroe-x86_64-cpu", "max-x86_64-cpu"])
def test_a_class_body_overrides_a_value(
    types: Registry, base: str, attribute: str, name: str, value: Any, shown: Any
) -> None:
    own(types, base, **{attribute: value})
    assert props(types)[name] == shown
    assert props(types)[name] == shown  # from what the first one left behind
    assert ("Own-x86_64-cpu", shown) in steps(types, "Own", name)


def test_a_class_body_takes_a_feature_away_from_max(types: Registry) -> None:
    own(types, "max-x86_64-cpu", avx2=False)
    assert props(types, "max")["avx2"] is True
    assert props(types)["avx2"] is False
    own(types, "Own-x86_64-cpu", name="Below")
    assert props(types, "Below")["avx2"] is False


def test_every_class_on_the_way_is_a_step(types: Registry) -> None:
    own(types, name="A", stepping=1, avx=True, hv_time=True, size=Size(1 << 20))
    own(types, "A-x86_64-cpu", name="B", stepping=2, avx=False, hv_time=False, size=5)
    a, b = "A-x86_64-cpu", "B-x86_64-cpu"
    assert steps(types, "B", "stepping") == [("x86_64-cpu", 0), (a, 1), (b, 2)]
    assert steps(types, "B", "avx") == [("x86_64-cpu", False), (a, True), (b, False)]
    assert steps(types, "B", "hv-time") == [("x86_64-cpu", False), (a, True), (b, False)]
    assert steps(types, "B", "size") == [(a, 1 << 20), (b, 5)]


def test_an_own_property_is_one_like_others(types: Registry) -> None:
    own(types, "EPYC-x86_64-cpu", lanes=UInt8(4), turbo=Bool(False, description="boost"))
    assert props(types).keys() - props(types, "EPYC").keys() == {"lanes", "turbo"}
    assert props(types, props={"lanes": 7})["lanes"] == 7
    assert props(types, "Own,turbo=on,lanes=0x10")["lanes"] == 16
    told = pyqom.explain("Own", "turbo", machine=ON, types=types)
    assert (told.description, told.type, told.value) == ("boost", "bool", False)
    with pytest.raises(InvalidParameterValue, match="uint8_t"):
        props(types, props={"lanes": 256})


def test_an_own_instance_init_has_its_word_before_compat_entries(types: Registry) -> None:
    def instance_init(self: Any) -> None:
        self.avx2 = self.aes = True

    own(types, instance_init=instance_init)
    machine = pyqom.machines.find(ON).derive("lab", compat=[("Own-x86_64-cpu", "aes", "off")])
    found = props(types, machine=machine)
    assert (found["avx2"], found["aes"]) == (True, False)
    told = pyqom.explain("Own", "aes", machine=machine, types=types)
    assert [(step.layer, step.source, step.value) for step in told.steps] == [
        ("class", "x86_64-cpu", False),
        ("class", "Own-x86_64-cpu", True),
        ("machine", "lab", False),
    ]


def test_a_subclass_of_a_model_stands_for_itself(types: Registry) -> None:
    own(types, "SandyBridge-x86_64-cpu", avx2=True)
    found = {each["name"]: each for each in pyqom.definitions(machine=ON, types=types)}
    assert found["SandyBridge"]["alias-of"] == "SandyBridge-v1"
    assert "alias-of" not in found["Own"]
    assert types.ancestors("Own-x86_64-cpu")[0] == "SandyBridge-x86_64-cpu"


def test_compat_entries_of_the_model_are_for_its_subclasses_too(types: Registry) -> None:
    entry = ("SandyBridge-x86_64-cpu", "stepping", "5")
    machine = pyqom.machines.find(ON).derive("lab", compat=[entry])
    own(types, "SandyBridge-x86_64-cpu")
    pyqom.load_models({"models": [{"name": "Child", "parent": "SandyBridge"}]}, types=types)
    for name, stepping in {"Own": 5, "Child": 5, "SandyBridge-v1": 1}.items():
        assert props(types, name, machine)["stepping"] == stepping


def test_a_property_that_checks_and_stores_its_own_way(types: Registry) -> None:
    class Even(UInt8):
        def in_range(self, value: int, owner: Any) -> int:
            if value % 2:
                raise InvalidParameterValue(f"{value} is odd")
            return value

        def store(self, obj: Any, value: Any) -> None:
            super().store(obj, value // 2)

    def instance_init(self: Any) -> None:
        self.lanes = 8

    own(types, lanes=Even(2), instance_init=instance_init)
    assert props(types)["lanes"] == 4
    with pytest.raises(InvalidParameterValue, match="3 is odd"):
        props(types, props={"lanes": 3})


def test_what_a_class_body_may_not_say(types: Registry) -> None:
    with pytest.raises(InvalidParameterValue):
        own(types, family=999)
    with pytest.raises(TypeError, match="unavailable-features"):
        own(types, unavailable_features=[])
    with pytest.raises(DuplicateType):
        own(types, name="EPYC")
    assert "Own-x86_64-cpu" not in types
    assert "EPYC-x86_64-cpu" in pyqom.new_types()
