"""Making and deleting objects: the order of checks, what is left behind, who is in use."""

from __future__ import annotations

import os
from contextlib import suppress

import pytest

from pyqom import errors
from pyqom.devices.backends import Surroundings
from pyqom.devices.context import Context, Override
from pyqom.types import Bool, Object, Registry, Struct, UInt64
from tests.devices.backends.conftest import World

MACHINES = Registry()


class Machine(Object, typename="machine", registry=MACHINES):
    """As much of a machine as a memory backend asks."""

    mem_merge = Bool(False)
    dump_guest_core = Bool(False)
    smp = Struct("SMPConfiguration", {"cpus": UInt64()}, default={"cpus": 3})


REFUSED = [
    ("iothread", "1a", {}, errors.InvalidParameterValue, "Parameter 'id' expects an identifier"),
    # the id is looked at before the type
    ("nope", "", {}, errors.InvalidParameterValue, "Parameter 'id' expects an identifier"),
    ("nope", "x", {}, errors.UnknownType, "invalid object type: nope"),
    ("object", "x", {}, errors.PathError, "object type 'object' isn't supported by object-add"),
    ("memory-backend", "x", {}, errors.AbstractType, "object type 'memory-backend' is abstract"),
    # properties are set before the object gets its place
    (
        "memory-backend-ram",
        "there",
        {"size": 0},
        errors.InvalidParameterValue,
        "property 'size' of memory-backend-ram doesn't take value '0'",
    ),
    (
        "memory-backend-ram",
        "there",
        {},
        errors.DuplicateProperty,
        "attempt to add duplicate property 'there' to object (type 'container')",
    ),
    ("memory-backend-ram", "x", {}, errors.ObjectRefused, "can't create backend with size 0"),
    ("iothread", "x", {"nope": 1}, errors.PropertyNotFound, "Property 'iothread.nope' not found"),
]


@pytest.mark.parametrize(("qom_type", "identifier", "props", "kind", "text"), REFUSED)
def test_refused_and_nothing_left(world: World, qom_type, identifier, props, kind, text) -> None:
    there = world.add("iothread", "there")
    with pytest.raises(kind) as caught:
        world.object_add({"qom-type": qom_type, "id": identifier, **props})
    assert str(caught.value) == text
    assert world.ids() == {"there"}
    assert world.find("/objects/there") is there


def test_texts(world: World) -> None:
    memory = world.object_add(
        {"qom-type": "memory-backend-ram", "id": "m", "size": "4k", "share": "on"}, keyval=True
    )
    assert (memory.size, memory.share) == (4096, True)
    with pytest.raises(errors.InvalidParameterValue, match="Parameter 'merge' expects 'on' or"):
        world.object_add({"qom-type": "memory-backend-ram", "id": "n", "merge": "x"}, keyval=True)


def test_the_order_of_properties_is_the_dictionary_s(world: World) -> None:
    # "limits" is in a bucket behind "x-iops-total", whatever comes first
    for first in ("limits", "x-iops-total"):
        props = {"limits": {"iops-total": 5}, "x-iops-total": 7}
        ordered = {first: props[first], **props}
        group = world.object_add({"qom-type": "throttle-group", "id": first, **ordered})
        assert group.x_iops_total == 5


def test_without_id_it_has_no_place(world: World) -> None:
    assert world.add("authz-list", None).canonical_path() is None
    assert world.ids() == set()


def test_deleted(world: World) -> None:
    world.add("iothread", "io")
    world.delete("io")
    with pytest.raises(errors.PathError, match=r"^object 'io' not found$"):
        world.delete("io")


IN_USE = [
    (
        "memory-backend-ram",
        {"size": 4096},
        lambda obj: setattr(obj, "is_mapped", True),
        "Cannot delete host memory backend 'x' which is mapped",
    ),
    (
        "cryptodev-backend-builtin",
        {},
        lambda obj: setattr(obj, "is_used", True),
        "Cannot delete cryptodev backend 'x' that is in use",
    ),
    (
        "throttle-group",
        {},
        lambda obj: obj.ref(),
        "Cannot delete throttle group 'x' with active references",
    ),
    ("main-loop", {}, lambda obj: None, "Deleting main loop 'x' is not supported"),
    ("can-bus", {}, lambda obj: None, "Deleting CAN bus device 'x' is not supported"),
]


@pytest.mark.parametrize(("qom_type", "props", "use", "text"), IN_USE, ids=[r[0] for r in IN_USE])
def test_in_use(qom_type, props, use, text) -> None:
    for release, expected in ("11.1", text), ("7.2", "object 'x' is in use, can not be deleted"):
        world = World(release)
        use(world.object_add({"qom-type": qom_type, "id": "x", **props}))
        with pytest.raises(errors.ObjectInUse) as caught:
            world.delete("x")
        assert str(caught.value) == expected
        assert world.ids() == {"x"}


def test_a_mapped_backend_is_free_again(world: World) -> None:
    memory = world.add("memory-backend-ram", "m", size=4096)
    memory.is_mapped = True
    memory.is_mapped = False
    world.delete("m")
    assert world.ids() == set()


def test_iommufd_with_users(new_world: World) -> None:
    new_world.add("iommufd", "i", fd="9").users = 1
    with pytest.raises(errors.ObjectInUse, match=r"^object 'i' is in use, can not be deleted$"):
        new_world.delete("i")


def test_the_current_monitor_stays(new_world: World) -> None:
    new_world.add_chardev("c")
    monitor = new_world.add("monitor-qmp", "mon", chardev="c")
    monitor.is_current = True
    with pytest.raises(errors.ObjectInUse, match=r"^Cannot delete the current QMP monitor$"):
        new_world.delete("mon")
    monitor.is_current = False
    new_world.delete("mon")


def test_what_the_machine_says(world: World) -> None:
    world.root.add_child("machine", Machine())
    memory = world.add("memory-backend-ram", "m", size=4096)
    assert (memory.merge, memory.dump, memory.prealloc_threads) == (False, False, 3)
    assert world.add("memory-backend-ram", "n", size=4096, merge=True).merge is True


def test_overrides(world: World) -> None:
    compat = Override(
        "memory-backend-memfd", "x-use-canonical-path-for-ramblock-id", "true", layer="machine"
    )
    world.surroundings = Surroundings(world.root, context=Context(None, overrides=[compat]))
    assert world.add("memory-backend-memfd", "m", size=4096).use_canonical_path
    assert not world.add("memory-backend-ram", "r", size=4096).use_canonical_path
    with pytest.raises(errors.ObjectRefused, match="backing store size 0x1388"):
        world.add("memory-backend-memfd", "n", size=5000)


def test_the_name_that_texts_have(new_world: World) -> None:
    for canonical, name in ((False, "n"), (True, "/objects/n")):
        with pytest.raises(errors.ObjectRefused) as caught:
            new_world.object_add(
                {
                    "qom-type": "memory-backend-ram",
                    "id": "n",
                    "size": 1 << 60,
                    "x-use-canonical-path-for-ramblock-id": canonical,
                }
            )
        expected = f"cannot set up guest memory '{name}': Cannot allocate memory"
        assert str(caught.value) == expected


def test_qtest_is_a_link_of_the_machine(world: World) -> None:
    machine = world.root.add_child("machine", Machine())
    world.add_chardev("c")
    test = world.add("qtest", "q", chardev="c")
    assert machine.get("qtest") == "/objects/q"
    assert machine.property("qtest").type == "link<qtest>"
    assert test.serving
    world.delete("q")
    assert not machine.has_property("qtest")
    world.add("qtest", "r", chardev="c")


def test_a_chardev_has_one_frontend(world: World) -> None:
    chardev = world.add_chardev("c")
    source = world.add("rng-egd", "r", chardev="c")
    assert chardev.frontend is source
    with pytest.raises(errors.ObjectRefused):
        world.add("rng-egd", "s", chardev="c")
    assert chardev.frontend is source
    world.delete("r")
    assert chardev.frontend is None


def test_threads_have_ids(world: World) -> None:
    assert world.add("iothread", "io").thread_id == 4711
    assert world.add("thread-context", "tc").get("thread-id") == 4711


def test_filters_know_their_backend(world: World) -> None:
    world.netdevs.update({"one": 1, "other": 1, "many": 4})
    world.add("filter-replay", "f", netdev="one")
    with pytest.raises(errors.ObjectRefused, match=r"^multiqueue is not supported$"):
        world.add("filter-replay", "g", netdev="many")
    with pytest.raises(errors.ObjectRefused, match=r"^filter 'f' belongs to a different netdev$"):
        world.add("filter-replay", "g", netdev="other", position="id=f")
    world.add("iothread", "io")
    with pytest.raises(errors.ObjectRefused, match=r"^filter 'io' not found$"):
        world.add("filter-replay", "g", netdev="one", position="id=io")


def test_a_dump_is_not_written(world: World, tmp_path) -> None:
    world.netdevs["n"] = 1
    world.add("filter-dump", "f", netdev="n", file=str(tmp_path / "pcap"))
    assert list(tmp_path.iterdir()) == []
    missing = tmp_path / "no" / "pcap"
    with pytest.raises(errors.ObjectRefused) as caught:
        world.add("filter-dump", "g", netdev="n", file=str(missing))
    assert str(caught.value) == f"net dump: can't open {missing}: No such file or directory"


def test_rules_from_a_file(world: World, tmp_path) -> None:
    rules = tmp_path / "rules"
    rules.write_text('{"policy": "allow", "rules": [{"match": "x", "policy": "deny"}]}')
    service = world.add("authz-list-file", "a", filename=str(rules))
    assert service.list.policy == "allow"
    assert service.list.get("rules") == [{"match": "x", "policy": "deny"}]
    for content, text in {
        "[1]": f"File '{rules}' must contain a JSON object",
        '{"polcy": "x"}': "Property 'authz-list.polcy' not found",
        '{"policy": "x"}': "Parameter 'policy' does not accept value 'x'",
    }.items():
        rules.write_text(content)
        with pytest.raises(errors.PyqomError) as caught:
            world.add("authz-list-file", "b", filename=str(rules))
        assert str(caught.value) == text


def test_dbus_vmstate_is_one(world: World) -> None:
    with pytest.raises(errors.MissingParameter, match=r"^Parameter 'addr' is missing$"):
        world.add("dbus-vmstate", "d")
    with pytest.raises(errors.ObjectRefused, match=r"'The given address is empty'$"):
        world.add("dbus-vmstate", "d", addr="")


def test_colo_compare(world: World) -> None:
    world.add("iothread", "io")

    def add(**props: str) -> str:
        with pytest.raises(errors.PyqomError) as caught:
            world.object_add({"qom-type": "colo-compare", "id": "c", **props})
        return str(caught.value)

    ends = {"primary_in": "a", "secondary_in": "b", "outdev": "c", "iothread": "io"}
    assert add() == (
        "colo compare needs 'primary_in' ,'secondary_in','outdev','iothread' property set"
    )
    assert add(**ends) == "Device 'a' not found"
    assert add(**{**ends, "outdev": "a"}) == (
        "'indev' and 'outdev' could not be same for compare module"
    )
    world.add_chardev("a")
    assert add(**ends) == 'chardev "a" is not reconnectable'
    timeout = {**ends, "compare_timeout": 0}
    assert add(**timeout) == "Property 'colo-compare.compare_timeout' requires a positive value"


def test_no_file_is_kept_open(world: World, tmp_path) -> None:
    memory = tmp_path / "memory"
    memory.write_bytes(bytes(4096))
    cases = [
        ("rng-random", {"filename": "/dev/null"}),
        ("rng-random", {"filename": str(tmp_path)}),
        ("secret", {"file": str(tmp_path)}),
        ("input-linux", {"evdev": "/dev/null"}),
        ("memory-backend-file", {"size": 4096, "mem-path": str(memory)}),
        ("memory-backend-file", {"size": 8192, "mem-path": str(memory)}),
        ("memory-backend-file", {"size": 4096, "mem-path": str(tmp_path)}),
        ("memory-backend-file", {"size": 4096, "mem-path": str(tmp_path / "new")}),
        ("memory-backend-file", {"size": 4096, "mem-path": "/dev/null"}),
    ]
    lowest = os.open("/dev/null", os.O_RDONLY)
    os.close(lowest)
    for number, (qom_type, props) in enumerate(cases):
        with suppress(errors.ObjectRefused):
            world.object_add({"qom-type": qom_type, "id": f"o{number}", **props})
        next_one = os.open("/dev/null", os.O_RDONLY)
        os.close(next_one)
        assert next_one == lowest, (qom_type, props)
    assert [path.name for path in tmp_path.iterdir()] == ["memory"]
