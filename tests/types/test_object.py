"""Classes and objects: inheritance, hooks in order, properties of one instance."""

from __future__ import annotations

import pytest

from pyqom import errors
from pyqom.types import Alias, Bool, Interface, Object, Registry, Str, UInt32, UserCreatable


@pytest.fixture
def types():
    return Registry()


def test_facts_of_a_class(types):
    class Nmi(Interface, typename="nmi", registry=types):
        pass

    class Base(Object, typename="base", abstract=True, registry=types):
        level = UInt32(1)

    class Leaf(Base, Nmi, typename="leaf", interfaces=("user-creatable",)):
        name_text = Str()

    assert Leaf.typename == "leaf"
    assert (Base.abstract, Leaf.abstract) == (True, False)
    assert (Leaf.parent, Base.parent, Object.parent) == (Base, Object, None)
    assert Leaf.own_interfaces == ("nmi", "user-creatable")
    assert Leaf.interfaces() == ("nmi", "user-creatable")
    assert Leaf.registry is types
    assert list(Leaf.properties()) == ["type", "level", "name-text"]
    assert Leaf.implements("nmi")
    assert Leaf.implements("base")
    assert not Base.implements("nmi")
    assert types.names()[-3:] == ("nmi", "base", "leaf")


def test_interface_first_or_last_makes_no_difference(types):
    class First(UserCreatable, Object, typename="first", registry=types):
        pass

    class Last(Object, UserCreatable, typename="last", registry=types):
        pass

    class Below(Last, typename="below"):
        pass

    for cls in (First, Last):
        assert cls.parent is Object
        assert cls.own_interfaces == ("user-creatable",)
    assert Below.own_interfaces == ()
    assert types.list(implements="user-creatable") == ("below", "first", "last")


def test_the_table_of_properties_is_read_only(types):
    class Thing(Object, typename="thing", registry=types):
        pass

    with pytest.raises(TypeError):
        Thing.properties()["x"] = None


def test_find_suggests(types):
    class Thing(Object, typename="thing", registry=types):
        min_level = UInt32(0)

    with pytest.raises(
        errors.PropertyNotFound, match=r"^Property 'thing.min-levle' not found$"
    ) as e:
        Thing.find("min-levle")
    assert e.value.suggestions == ("min-level",)
    assert e.value.name == "min-levle"


def test_hooks_run_in_qemus_order(types):
    calls = []

    class A(Object, typename="a", registry=types):
        @classmethod
        def class_init(cls):
            calls.append(("class", cls.typename))

        def instance_init(self):
            calls.append("init a")

        def instance_post_init(self):
            calls.append("post a")

        def instance_finalize(self):
            calls.append("finalize a")

    class B(A, typename="b"):
        """Defines no hook at all."""

    class C(B, typename="c"):
        @classmethod
        def class_init(cls):
            calls.append(("class", cls.typename))

        def instance_init(self):
            calls.append("init c")

        def instance_post_init(self):
            calls.append("post c")

        def instance_finalize(self):
            calls.append("finalize c")

    assert calls == [("class", "a"), ("class", "c")]
    calls.clear()
    obj = C()
    assert calls == ["init a", "init c", "post a", "post c"]
    calls.clear()
    obj.ref()
    obj.unref()
    assert calls == ["finalize c", "finalize a"]
    obj.finalize()
    assert len(calls) == 2


def test_a_failed_class_init_registers_nothing(types):
    with pytest.raises(RuntimeError):

        class Bad(Object, typename="bad", registry=types):
            @classmethod
            def class_init(cls):
                raise RuntimeError

    assert "bad" not in types


def test_abstract(types):
    class Base(Object, typename="base", abstract=True, registry=types):
        pass

    with pytest.raises(errors.AbstractType, match=r"^object type 'base' is abstract$"):
        Base()
    with pytest.raises(errors.AbstractType, match=r"^object type 'base' is abstract$"):
        types.new("base")
    with pytest.raises(errors.AbstractType):
        Object()


def test_a_python_class_without_typename_is_the_same_type(types):
    class Thing(Object, typename="thing", registry=types):
        level = UInt32(1)

    class Helper(Thing):
        level = 2
        extra = Bool(False)

    assert Helper.typename == "thing"
    assert Helper().level == 2
    assert "extra" in Helper.properties()
    assert "extra" not in Thing.properties()
    assert types.get("thing") is Thing


def test_type_property():
    registry = Registry()

    class Thing(Object, typename="thing", registry=registry):
        pass

    assert Thing().get("type") == "thing"
    assert Thing().type == "thing"
    assert Thing.find("type").type == "string"


class TestDynamicProperties:
    @pytest.fixture
    def thing(self, types):
        class Thing(Object, typename="thing", registry=types):
            level = UInt32(1)

        return Thing()

    def test_only_one_instance_has_it(self, thing):
        thing.add_property(UInt32(5, name="extra"))
        assert thing.get("extra") == 5
        thing.set("extra", 6)
        thing.parse("extra", "0x10")
        assert thing.get("extra") == 16
        assert not type(thing)().has_property("extra")
        assert [prop.name for prop in thing.property_list()] == ["extra", "type", "level"]

    def test_two_instances_do_not_share(self, thing):
        other = type(thing)()
        for obj, value in ((thing, 1), (other, 2)):
            obj.add_property(UInt32(0), "extra")
            obj.set("extra", value)
        assert (thing.get("extra"), other.get("extra")) == (1, 2)

    def test_numbering(self, thing):
        names = [thing.add_property(Bool(False), "irq[*]").name for _ in range(3)]
        assert names == ["irq[0]", "irq[1]", "irq[2]"]
        thing.del_property("irq[1]")
        assert thing.add_property(Bool(False), "irq[*]").name == "irq[1]"

    @pytest.mark.parametrize("name", ["level", "extra"])
    def test_duplicates(self, thing, name):
        thing.add_property(UInt32(0), "extra")
        text = rf"^attempt to add duplicate property '{name}' to object \(type 'thing'\)$"
        with pytest.raises(errors.DuplicateProperty, match=text):
            thing.add_property(UInt32(0), name)

    def test_delete(self, thing):
        thing.add_property(UInt32(0), "extra")
        thing.del_property("extra")
        for name in ("extra", "level"):
            with pytest.raises(errors.PropertyNotFound):
                thing.del_property(name)

    def test_errors_name_it(self, thing):
        thing.add_property(UInt32(0), "extra-level")
        with pytest.raises(
            errors.ParameterError, match=r"^Parameter 'extra-level' expects uint32_t$"
        ):
            thing.set("extra-level", 1 << 32)


class TestAlias:
    @pytest.fixture
    def cls(self, types):
        class Thing(Object, typename="thing", registry=types):
            level = UInt32(1, description="the level")
            tier = Alias("level")

        return Thing

    def test_is_the_target(self, cls):
        prop = cls.find("tier")
        assert (prop.type, prop.description, prop.default) == ("uint32", "the level", 1)
        thing = cls(level=5)
        assert (thing.tier, thing.get("tier"), thing.print("tier")) == (5, 5, "5")
        thing.tier = 6
        thing.parse("tier", "0x7")
        assert thing.level == 7

    def test_errors(self, cls):
        thing = cls()
        with pytest.raises(errors.ParameterError, match=r"^Parameter 'p.tier' expects uint64$"):
            thing.set("tier", "x", "p.tier")
        # the range check knows the target only
        with pytest.raises(errors.ParameterError, match=r"^Parameter 'level' expects uint32_t$"):
            thing.set("tier", 1 << 32, "p.tier")

    def test_default_in_a_body(self, cls):
        class Sub(cls, typename="sub"):
            tier = 9

        assert Sub().level == 9

    def test_of_another_object(self, cls):
        inner, outer = cls(level=3), cls()
        outer.add_child("inner", inner)
        outer.add_property(Alias("level", "inner"), "inner-level")
        outer.add_property(Alias("level", target_object=inner), "also")
        outer.set("inner-level", 4)
        assert inner.level == outer.get("also") == 4
        assert outer.property("also").type == "uint32"
        outer.add_property(Alias("level", "gone"), "none")
        with pytest.raises(errors.DeviceNotFound):
            outer.get("none")
