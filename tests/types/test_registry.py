"""The registry: names, parents, interfaces, lazy types, copies and releases."""

from __future__ import annotations

import pytest

from pyqom import errors, release
from pyqom.types import Bool, Interface, Object, Registry, UInt8, UInt32, builtin

OLD, NEW = release.get("7.2"), release.get("11.1")


def thing(registry, name, parent=Object, **options):
    return type(parent)(name.title(), (parent,), {}, typename=name, registry=registry, **options)


@pytest.fixture
def types():
    """A small tree, declared only: nothing may be made by asking."""
    registry = Registry()

    def never():
        raise AssertionError("a question made a class")

    class Slow(Interface, typename="slow", registry=registry):
        pass

    class Slower(Slow, typename="slower"):
        pass

    class Other(Interface, typename="other", registry=registry):
        pass

    registry.declare("device", "object", never, abstract=True, interfaces=("slow",))
    registry.declare("cpu", "device", never, abstract=True)
    registry.declare("x-cpu", "cpu", never, interfaces=("slow", "other"))
    registry.declare("y-cpu", "cpu", never, interfaces=("slower",))
    return registry


@pytest.mark.parametrize(
    ("implements", "abstract", "names"),
    [
        (None, False, ("container", "x-cpu", "y-cpu")),
        ("device", False, ("x-cpu", "y-cpu")),
        ("device", True, ("cpu", "device", "x-cpu", "y-cpu")),
        ("x-cpu", True, ("x-cpu",)),
        ("object", False, ("container", "x-cpu", "y-cpu")),
        ("nosuch", True, ()),
        ("other", True, ("other", "x-cpu")),
        ("slower", True, ("slower", "y-cpu")),
        # y-cpu has slow twice, from its parent and through slower: ambiguous for QEMU
        ("slow", True, ("cpu", "device", "slow", "slower", "x-cpu")),
        ("interface", True, ("cpu", "device", "interface", "other", "slow", "slower",
                             "user-creatable")),
    ],
)  # fmt: skip
def test_list(types, implements, abstract, names):
    assert types.list(implements=implements, abstract=abstract) == names


def test_parents_make_no_class(types):
    assert types.parent("x-cpu") == "cpu"
    assert types.parent("object") is None
    assert types.ancestors("x-cpu") == ("cpu", "device", "object")
    assert types.interfaces("x-cpu") == ("slow", "other")
    assert types.interfaces("y-cpu") == ("slow", "slower")
    assert types.children("cpu") == ("x-cpu", "y-cpu")
    assert types.abstract("cpu")
    types.check()


def test_lazy_types_are_made_once():
    registry, made = Registry(), []

    def make():
        made.append(1)
        return thing(registry, "lazy")

    registry.declare("lazy", "object", make)
    twin = registry.copy()
    cls = registry.get("lazy")
    assert registry.get("lazy") is cls is twin.get("lazy")
    assert made == [1]
    assert isinstance(registry.new("lazy"), cls)


def test_lazy_type_with_another_parent_than_declared():
    registry = Registry()
    base = thing(registry, "base")
    registry.declare("lazy", "object", lambda: thing(registry, "lazy", base))
    with pytest.raises(errors.MissingParent, match=r"declared with parent 'object', not 'base'"):
        registry.get("lazy")


def test_unknown_type_suggests(types):
    with pytest.raises(errors.UnknownType, match=r"^unknown type 'x-cpi'$") as caught:
        types.get("x-cpi")
    assert caught.value.suggestions[0] == "x-cpu"
    for question in (types.parent, types.ancestors, types.children, types.new):
        with pytest.raises(errors.UnknownType):
            question("nosuch")


def test_duplicates(types):
    for enter in (
        lambda: types.declare("cpu", "device", list),
        lambda: thing(types, "cpu"),
    ):
        with pytest.raises(errors.DuplicateType, match=r"^Registering 'cpu' which already exists$"):
            enter()


def test_unknown_parent():
    registry = Registry()
    registry.declare("orphan", "nosuch", list)
    text = "^Type 'orphan' is missing its parent 'nosuch'$"
    for question in (registry.get, registry.ancestors, registry.interfaces):
        with pytest.raises(errors.MissingParent, match=text):
            question("orphan")
    with pytest.raises(errors.MissingParent, match=text):
        registry.check()


def test_unknown_parent_of_a_class():
    base = thing(Registry(), "base")
    with pytest.raises(errors.MissingParent):
        thing(Registry(), "leaf", base)


@pytest.mark.parametrize("interface", ["nosuch", "container"])
def test_missing_interface(interface):
    registry = Registry()
    text = f"^missing interface '{interface}' for object 'leaf'$"
    with pytest.raises(errors.MissingInterface, match=text):
        thing(registry, "leaf", interfaces=(interface,))
    registry.declare("leaf", "object", list, interfaces=(interface,))
    with pytest.raises(errors.MissingInterface, match=text):
        registry.check()


@pytest.mark.parametrize("ring", [("a",), ("a", "b"), ("a", "b", "c")])
def test_cycles(ring):
    registry = Registry()
    for name, parent in zip(ring, (*ring[1:], ring[0]), strict=True):
        registry.declare(name, parent, lambda: None)
    for question in (registry.get, registry.ancestors, registry.interfaces):
        with pytest.raises(errors.TypeCycle, match=r"^Type 'a' is its own ancestor$"):
            question("a")
    with pytest.raises(errors.TypeCycle):
        registry.check()


def test_a_type_that_needs_itself_to_be_made():
    registry = Registry()
    registry.declare("a", "object", lambda: registry.get("a"))
    with pytest.raises(errors.TypeCycle):
        registry.get("a")


def test_copies_hide_their_types():
    registry = Registry()
    base = thing(registry, "base")
    twin = registry.copy()
    thing(twin, "prototype", base)
    assert twin.ancestors("prototype") == ("base", "object")
    assert "prototype" not in registry
    assert twin.get("base") is base
    assert "base" not in builtin


class TestAdopt:
    @pytest.fixture
    def templates(self):
        registry = Registry()

        class Base(Object, typename="base", abstract=True, registry=registry):
            level = UInt32(1)
            old = Bool(False, until="11.1")
            new = Bool(False, since="11.1")
            narrow = UInt8(0, name="width", until="11.1")
            wide = UInt32(0, name="width", since="11.1")

            def instance_init(self):
                self.count = getattr(self, "count", 0) + 1

        class Leaf(Base, typename="leaf"):
            level = 2
            late = Bool(True, since="11.1")

        return registry

    @pytest.mark.parametrize(
        ("release_", "names"),
        [
            (OLD, ["type", "level", "old", "width"]),
            (NEW, ["type", "level", "new", "width", "late"]),
        ],
    )
    def test_lifetimes(self, templates, release_, names):
        registry = Registry(release_)
        base, leaf = (registry.adopt(templates.get(name)) for name in ("base", "leaf"))
        assert list(leaf.properties()) == names
        obj = registry.new("leaf")
        assert (leaf.parent, obj.level, obj.count) == (base, 2, 1)
        assert isinstance(obj, base)
        assert registry.ancestors("leaf") == ("base", "object")
        for name in {"old", "new", "late"} - set(names):
            assert not hasattr(obj, name)
            with pytest.raises(AttributeError, match=r"in this release"):
                setattr(obj, name, True)
            with pytest.raises(errors.PropertyNotFound):
                leaf.find(name)
        assert obj.property("width").type == ("uint8" if release_ is OLD else "uint32")
        obj.narrow = obj.wide = 7
        assert obj.get("width") == 7

    def test_without_release_everything_is_there(self, templates):
        registry = Registry()
        registry.adopt(templates.get("base"))
        assert {"old", "new"} <= set(registry.get("base").properties())

    def test_twice_is_once(self, templates):
        registry = Registry(NEW)
        assert registry.adopt(templates.get("base")) is registry.adopt(templates.get("base"))

    def test_parent_first(self, templates):
        with pytest.raises(errors.UnknownType):
            Registry(NEW).adopt(templates.get("leaf"))

    def test_new_types_below(self, templates):
        registry = Registry(OLD)
        base = registry.adopt(templates.get("base"))

        class Own(base, typename="own"):
            level = 9

        assert registry.parent("own") == "base"
        assert "new" not in Own.properties()
        assert not hasattr(Own(), "new")
        assert "own" not in templates

    def test_subclasses_share_the_table(self, templates):
        registry = Registry(NEW)
        base = registry.adopt(templates.get("base"))
        plain = thing(templates, "plain", templates.get("base"))
        assert registry.adopt(plain).properties() is base.properties()
