"""Objects that users make and delete."""

from __future__ import annotations

import pytest

from pyqom import errors
from pyqom.types import Object, Registry, Size, UserCreatable, make_root
from pyqom.types import user_creatable as objects

TYPES = Registry()
GONE: list[str] = []


class Backend(Object, UserCreatable, typename="backend", abstract=True, registry=TYPES):
    size = Size(0)
    busy = False

    def complete(self):
        if not self.size:
            raise errors.PropertyError("can't create backend with size 0")

    def can_be_deleted(self):
        return not self.busy

    def instance_finalize(self):
        GONE.append(self.typename)


class Ram(Backend, typename="ram"):
    pass


class Named(Object, typename="named", registry=TYPES, user_creatable=True):
    """User-creatable by name only: it has no hooks."""


class Device(Object, typename="device", registry=TYPES):
    pass


@pytest.fixture
def root():
    GONE.clear()
    return make_root()


def test_add_and_delete(root):
    ram = objects.add(root, TYPES, "ram", "m0", {"size": 4096})
    assert (ram.canonical_path(), ram.size) == ("/objects/m0", 4096)
    objects.delete(root, "m0")
    assert GONE == ["ram"]
    assert not root.property("objects").resolve(root).has_property("m0")


def test_texts(root):
    assert objects.add(root, TYPES, "ram", "m0", {"size": "4k"}, keyval=True).size == 4096


def test_without_id(root):
    ram = objects.add(root, TYPES, "ram", None, {"size": 1})
    assert ram.canonical_path() is None
    ram.unref()
    assert GONE == ["ram"]


def test_without_hooks(root):
    objects.add(root, TYPES, "named", "n", {})
    objects.delete(root, "n")


@pytest.mark.parametrize(
    ("typename", "identifier", "props", "text"),
    [
        ("ram", "0m", {"size": 1}, "Parameter 'id' expects an identifier"),
        ("ram", "", {"size": 1}, "Parameter 'id' expects an identifier"),
        ("ram", "mé", {"size": 1}, "Parameter 'id' expects an identifier"),
        ("nix", "m", {}, "invalid object type: nix"),
        ("device", "m", {}, "object type 'device' isn't supported by object-add"),
        ("backend", "m", {}, "object type 'backend' is abstract"),
        ("ram", "m", {"nix": 1}, "Property 'ram.nix' not found"),
        ("ram", "m", {"size": "x"}, "Parameter 'size' expects uint64"),
        ("ram", "m", {}, "can't create backend with size 0"),
        ("ram", "m0", {"size": 1},
         "attempt to add duplicate property 'm0' to object (type 'container')"),
    ],
)  # fmt: skip
def test_errors_leave_nothing(root, typename, identifier, props, text):
    objects.add(root, TYPES, "ram", "m0", {"size": 1})
    with pytest.raises(errors.PyqomError) as caught:
        objects.add(root, TYPES, typename, identifier, props)
    assert str(caught.value) == text
    assert [obj.path_component for obj in root.property("objects").resolve(root).children()] == [
        "m0"
    ]


def test_a_failed_object_is_finalized(root):
    with pytest.raises(errors.PropertyError):
        objects.add(root, TYPES, "ram", "m", {})
    assert GONE == ["ram"]


def test_delete_errors(root):
    with pytest.raises(errors.PyqomError, match=r"^object 'zz' not found$"):
        objects.delete(root, "zz")
    objects.add(root, TYPES, "ram", "m0", {"size": 1}).busy = True
    with pytest.raises(errors.ObjectInUse, match=r"^object 'm0' is in use, can not be deleted$"):
        objects.delete(root, "m0")
