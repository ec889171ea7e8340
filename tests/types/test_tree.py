"""The composition tree: children, paths, links, references, containers."""

from __future__ import annotations

import pytest

from pyqom import errors
from pyqom.types import Alias, Link, Object, Registry, container_get, make_root
from pyqom.types import path as paths

TYPES = Registry()
CALLS: list[str] = []


class Dimm(Object, typename="dimm", registry=TYPES):
    tag = ""

    def instance_finalize(self):
        CALLS.append(f"finalize {self.tag}")

    def unparented(self):
        CALLS.append(f"unparent {self.tag}")


class Slot(Object, typename="slot", registry=TYPES):
    memdev = Link("dimm")
    weak = Link("object", strong=False)


@pytest.fixture
def root():
    CALLS.clear()
    return make_root()


def dimm(tag):
    obj = Dimm()
    obj.tag = tag
    return obj


def test_root_has_the_system_containers(root):
    assert [child.path_component for child in root.children()] == [
        "audiodevs", "chardevs", "objects", "backend",
    ]  # fmt: skip
    assert root.canonical_path() == "/"
    assert root.property("objects").type == "child<container>"
    assert root.get("objects") == "/objects"


def test_canonical_path(root):
    machine = container_get(root, "/machine/peripheral")
    assert container_get(root, "/machine/peripheral") is machine
    obj = machine.add_child("d0", dimm("a"))
    assert (obj.canonical_path(), obj.path_component) == ("/machine/peripheral/d0", "d0")
    assert obj.parent_object is machine
    assert machine.property("d0").type == "child<dimm>"
    assert machine.get("d0") == "/machine/peripheral/d0"
    assert obj.root() is root
    assert repr(obj) == "<dimm /machine/peripheral/d0>"


def test_detached_objects_have_no_path(root):
    obj, inner = dimm("a"), dimm("b")
    obj.add_child("inner", inner)
    assert obj.canonical_path() is None
    assert inner.canonical_path() is None
    assert inner.path_component == "inner"
    assert obj.root() is None


def test_numbering(root):
    names = [root.add_child("device[*]", dimm(str(i))).path_component for i in range(3)]
    assert names == ["device[0]", "device[1]", "device[2]"]
    paths.resolve(root, "/device[1]").unparent()
    assert root.add_child("device[*]", dimm("x")).path_component == "device[1]"


def test_one_parent_one_name(root):
    obj = root.add_child("d", dimm("a"))
    with pytest.raises(ValueError, match=r"has a parent already"):
        root.add_child("e", obj)
    text = r"^attempt to add duplicate property 'd' to object \(type 'container'\)$"
    with pytest.raises(errors.DuplicateProperty, match=text):
        root.add_child("d", dimm("b"))
    with pytest.raises(errors.PropertyNotWritable, match=r"'container.d' is not writable"):
        root.set("d", "x")


def test_unparent_finalizes_from_the_top(root):
    outer = root.add_child("outer", dimm("outer"))
    outer.add_child("inner", dimm("inner"))
    outer.unparent()
    assert CALLS == ["unparent outer", "unparent inner", "finalize inner", "finalize outer"]
    assert not root.has_property("outer")
    outer.unparent()
    assert len(CALLS) == 4


def test_a_strong_link_holds_its_object(root):
    slot = root.add_child("slot", Slot())
    obj = root.add_child("d", dimm("d"))
    slot.memdev = obj
    obj.unparent()
    assert CALLS == ["unparent d"]
    assert slot.memdev is obj
    assert slot.get("memdev") == ""
    slot.memdev = None
    assert CALLS == ["unparent d", "finalize d"]


def test_the_end_of_the_holder_lets_go(root):
    slot = root.add_child("slot", Slot())
    slot.memdev = obj = root.add_child("d", dimm("d"))
    obj.unparent()
    slot.unparent()
    assert CALLS == ["unparent d", "finalize d"]


def test_a_weak_link_does_not_hold(root):
    slot = root.add_child("slot", Slot())
    slot.weak = root.add_child("d", dimm("d"))
    slot.weak.unparent()
    assert CALLS == ["unparent d", "finalize d"]


def test_links_by_path(root):
    slot = root.add_child("slot", Slot())
    obj = root.add_child("d", dimm("d"))
    for path in ("/d", "d"):
        slot.set("memdev", path)
        assert (slot.memdev, slot.get("memdev"), slot.print("memdev")) == (obj, "/d", "/d")
        slot.set("memdev", "")
        assert (slot.memdev, slot.get("memdev")) == (None, "")
    slot.parse("memdev", "/d")
    assert slot.memdev is obj
    assert Slot.find("memdev").type == "link<dimm>"
    assert paths.resolve(root, "/slot/memdev") is obj


def test_link_errors(root):
    slot = root.add_child("slot", Slot())
    for name in ("one", "two"):
        container_get(root, f"/{name}").add_child("d", dimm(name))
    for value, error, text in (
        ("/nix", errors.DeviceNotFound, "Device '/nix' not found"),
        ("/objects", errors.InvalidParameterType,
         "Invalid parameter type for 'memdev', expected: dimm"),
        ("d", errors.PathError, "Path 'd' does not uniquely identify an object"),
        (3, errors.InvalidParameterType, "Invalid parameter type for 'p', expected: string"),
        (root, errors.InvalidParameterType, "Invalid parameter type for 'memdev', expected: dimm"),
    ):  # fmt: skip
        with pytest.raises(error) as caught:
            slot.set("memdev", value, "p")
        assert str(caught.value) == text


def test_links_before_realize_only(root):
    slot = root.add_child("slot", Slot())
    slot.id = "s"
    slot._realized = True
    text = "Attempt to set link property 'memdev' on device 's' (type 'slot') after it was realized"
    with pytest.raises(errors.SetAfterRealize) as caught:
        slot.set("memdev", "")
    assert str(caught.value) == text
    # QEMU looks for the target first
    with pytest.raises(errors.DeviceNotFound):
        slot.set("memdev", "nix")


def test_a_detached_object_finds_links_in_its_home(root):
    obj, slot = root.add_child("d", dimm("d")), Slot()
    with pytest.raises(errors.DeviceNotFound):
        slot.set("memdev", "/d")
    slot.settle(root)
    slot.set("memdev", "/d")
    assert slot.memdev is obj


@pytest.fixture
def plant(root):
    """/machine/{unattached,peripheral}, with d0 in both and d1 in one."""
    for where, name in (("unattached", "d0"), ("peripheral", "d0"), ("peripheral", "d1")):
        container_get(root, f"/machine/{where}").add_child(name, dimm(f"{where}.{name}"))
    return root


@pytest.mark.parametrize(
    ("path", "typename", "found"),
    [
        ("/", None, "/"),
        ("/machine", None, "/machine"),
        ("/machine/", None, "/machine"),
        ("//machine//peripheral/d1", None, "/machine/peripheral/d1"),
        ("/machine/peripheral/d1", "dimm", "/machine/peripheral/d1"),
        ("/machine/peripheral/d1", "container", None),
        ("/machine/d1", None, None),
        ("d1", None, "/machine/peripheral/d1"),
        ("peripheral/d0", None, "/machine/peripheral/d0"),
        ("peripheral", "container", "/machine/peripheral"),
        ("nix", None, None),
        ("machine/type", None, None),
    ],
)
def test_lookup(plant, path, typename, found):
    obj = paths.lookup(plant, path, typename)
    assert (obj.canonical_path() if obj is not None else None) == found


@pytest.mark.parametrize("path", ["d0", ""])
def test_ambiguous(plant, path):
    with pytest.raises(errors.PathError, match=rf"^Path '{path}' is ambiguous$"):
        paths.resolve(plant, path)


def test_not_found_names_the_path(plant):
    with pytest.raises(errors.DeviceNotFound, match=r"^Device 'nix/x' not found$") as caught:
        paths.resolve(plant, "nix/x")
    assert caught.value.qmp_class == "DeviceNotFound"


def test_resolve_at(plant):
    machine = paths.resolve(plant, "/machine")
    assert paths.resolve_at(plant, machine, "peripheral/d1").tag == "peripheral.d1"
    assert paths.resolve_at(plant, machine, "/machine") is machine
    assert paths.resolve_at(plant, machine, "d1") is None


def test_resolve_type(plant):
    slot = plant.add_child("slot", Slot())
    assert paths.resolve_type(plant, "slot") is slot
    with pytest.raises(errors.PathError, match=r"^More than one object of type dimm$"):
        paths.resolve_type(plant, "dimm")
    with pytest.raises(errors.PathError, match=r"^No object found of type nosuch$"):
        paths.resolve_type(plant, "nosuch")


def test_alias_of_a_child_is_a_link(plant):
    machine = paths.resolve(plant, "/machine")
    machine.add_property(Alias("peripheral", target_object=machine), "extra")
    assert machine.property("extra").type == "link<container>"
    assert machine.get("extra") == "/machine/peripheral"
    assert paths.resolve(plant, "/machine/extra/d1").tag == "peripheral.d1"
    # a link or alias is no child: partial paths do not go through it
    assert paths.resolve(plant, "d1").tag == "peripheral.d1"


def test_descendants(plant):
    found = [obj.canonical_path() for obj in paths.resolve(plant, "/machine").descendants()]
    assert found == [
        "/machine/unattached", "/machine/unattached/d0",
        "/machine/peripheral", "/machine/peripheral/d0", "/machine/peripheral/d1",
    ]  # fmt: skip
