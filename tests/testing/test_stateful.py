"""Random walks over a machine, beside a simple model of what must be there.

No walk may crash the machine, show an error text of Python's, or leave the tree and the model
apart.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pyqom.errors import PyqomError
from pyqom.monitor.qapi_types import Alternate, Array, Enum, Object, Type
from pyqom.testing import MemorySession

SLOTS = 4
CLASSES = ("GenericError", "DeviceNotFound", "DeviceNotActive", "CommandNotFound")
CPU = "qemu64-x86_64-cpu"

PYTHONS_OWN = re.compile(
    r"Internal error|Traceback|<class|<pyqom|object has no attribute|NoneType|KeyError"
    r"|unexpected keyword|positional argument|not subscriptable|not iterable|__\w+__"
)

GOOD_IDS = ["a", "b-1", "c.d", "E_9"]
BAD_IDS = ["", "1", "a b", "a/b", "-", "ä"]
ids = st.sampled_from(GOOD_IDS * 3 + BAD_IDS)
KINDS = {
    "iothread": {"poll-max-ns": 7},
    "throttle-group": {},
    "memory-backend-ram": {"size": 4096},
    "rng-builtin": {},
    "can-bus": {},
}
FOREVER = {"can-bus"}
"""What cannot be deleted."""

IN_USE = {
    "7.2": "object '{}' is in use, can not be deleted",
    "11.1": "Cannot delete host memory backend '{}' which is mapped",
}

BAD_KINDS = ["container", "no-such-type", CPU, "memory-backend"]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "on", "auto", "4k", "/objects/a", "legacy"])
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ids, inner, max_size=3),
    max_leaves=4,
)
paths = st.sampled_from(
    ["", "/", "/machine", "/objects", "/machine/unattached/device[0]", "/machine/peripheral"]
    + [f"/objects/{name}" for name in GOOD_IDS]
    + [f"/machine/peripheral/{name}" for name in GOOD_IDS]
    + ["peripheral", "a", "/nowhere", "//machine//", "/machine/"]
)
words = paths | ids | st.sampled_from([*KINDS, *BAD_KINDS, "max", "none", "pc", "q35", "info cpus"])


def arguments(kind: Type, depth: int = 3) -> st.SearchStrategy[Any]:
    """Values of a QAPI type."""
    if isinstance(kind, Enum):
        return st.sampled_from(list(kind.values) or [""])
    if isinstance(kind, Array):
        return st.lists(arguments(kind.element, depth - 1), max_size=2)
    if isinstance(kind, Alternate):
        return st.one_of([arguments(choice, depth - 1) for choice in kind.alternatives])
    if isinstance(kind, Object):
        return records(kind, depth)
    if kind.name == "str":
        return words
    if kind.name == "bool":
        return st.booleans()
    if kind.name == "number":
        return st.floats(allow_nan=False, allow_infinity=False)
    if kind.name in ("any", "null"):
        return json_values
    return st.sampled_from([0, 1, 2, 3, 4096, 1 << 30]) | st.integers(-(1 << 63), (1 << 64) - 1)


def records(kind: Object, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    def members(of: Object) -> dict[bool, dict[str, Any]]:
        made: dict[bool, dict[str, Any]] = {False: {}, True: {}}
        for member in of.members:
            if depth > 0 or not member.optional:
                made[member.optional][member.name] = arguments(member.type, depth - 1)
        return made

    own = members(kind)
    fixed = st.fixed_dictionaries(own[False], optional=own[True])
    if kind.tag is None or depth <= 0:
        return fixed
    branches = [
        st.fixed_dictionaries(
            {**own[False], kind.tag: st.just(case), **more[False]},
            optional={**own[True], **more[True]},
        )
        for case, branch in kind.branches.items()
        for more in [members(branch)]
    ]
    return st.one_of([*branches, fixed])


class Walk(RuleBasedStateMachine):
    """A machine with room for CPUs; the model is which objects and CPUs it has."""

    release = "11.1"

    @initialize(machine=st.sampled_from(["pc", "q35"]))
    def start(self, machine: str) -> None:
        self.session = MemorySession(
            machine, smp={"cpus": 1, "maxcpus": SLOTS}, release=self.release, memory=1 << 27
        )
        self._learn()
        self.cpus: dict[int, str | None] = {0: None}
        self.ids: set[str] = set()
        self.status = "running"

    def ask(self, command: str, arguments: dict[str, Any]) -> tuple[Any, str | None]:
        """The result, or None and the error's text."""
        try:
            return self.session.execute(command, **arguments), None
        except PyqomError as error:
            told = error
        text = str(told)
        assert not PYTHONS_OWN.search(text), (command, arguments, text)
        assert told.qmp_class in CLASSES
        return None, text

    # --- objects ---

    @rule(identifier=ids, kind=st.sampled_from([*KINDS, *KINDS, *BAD_KINDS]))
    def add_object(self, identifier: str, kind: str) -> None:
        given = {"qom-type": kind, "id": identifier, **KINDS.get(kind, {})}
        _, error = self.ask("object-add", given)
        wanted = kind in KINDS and identifier in GOOD_IDS and identifier not in self.objects
        assert (error is None) is wanted, (given, error)
        if wanted:
            self.objects[identifier] = kind

    @rule(identifier=ids)
    def delete_object(self, identifier: str) -> None:
        _, error = self.ask("object-del", {"id": identifier})
        if identifier not in self.objects:
            assert error == f"object '{identifier}' not found"
        elif self.objects[identifier] not in FOREVER:
            assert error is None
            del self.objects[identifier]
        else:
            assert error is not None

    @rule()
    def delete_the_memory(self) -> None:
        """The machine uses it."""
        _, error = self.ask("object-del", {"id": "pc.ram"})
        assert error == IN_USE[self.release].format("pc.ram")

    # --- CPUs ---

    @rule(slot=st.integers(0, SLOTS), identifier=st.none() | ids)
    def add_cpu(self, slot: int, identifier: str | None) -> None:
        given = {"driver": CPU, "socket-id": 0, "core-id": slot, "thread-id": 0}
        if self.release == "7.2":
            given |= {"socket-id": slot, "core-id": 0}
        if identifier is not None:
            given["id"] = identifier
        places, _ = self.ask("query-hotpluggable-cpus", {})
        if slot < SLOTS:
            given |= places[SLOTS - 1 - slot]["props"]
        _, error = self.ask("device_add", given)
        free = slot < SLOTS and slot not in self.cpus and identifier not in self.ids
        wanted = free and (identifier is None or identifier in GOOD_IDS)
        assert (error is None) is wanted, (given, error)
        if wanted:
            self.cpus[slot] = identifier
            self.ids |= {identifier} - {None}

    @rule(identifier=ids)
    def delete_cpu(self, identifier: str) -> None:
        """It is asked to leave; as no guest lets it go it stays."""
        _, error = self.ask("device_del", {"id": identifier})
        if identifier not in self.ids or self.release == "7.2":
            assert error is not None  # 7.2's guest has to switch to a newer interface first
        else:
            assert error is None

    @rule()
    def delete_the_boot_cpu(self) -> None:
        path = "/machine/unattached/device[0]"
        assert self.ask("device_del", {"id": path})[1] is not None

    # --- properties and run state ---

    @rule(path=paths, name=st.sampled_from(["type", "realized", "poll-max-ns", "id", "size"]),
          value=json_values)  # fmt: skip
    def set_property(self, path: str, name: str, value: Any) -> None:
        before, unreadable = self.ask("qom-get", {"path": path, "property": name})
        _, error = self.ask("qom-set", {"path": path, "property": name, "value": value})
        after, _ = self.ask("qom-get", {"path": path, "property": name})
        if error is not None and not unreadable:
            assert after == before

    @rule(value=st.integers(0, (1 << 63) - 1), identifier=st.sampled_from(GOOD_IDS))
    def set_number(self, value: int, identifier: str) -> None:
        where = {"path": f"/objects/{identifier}", "property": "poll-max-ns"}
        _, error = self.ask("qom-set", {**where, "value": value})
        if error is None:
            assert self.ask("qom-get", where) == (value, None)

    @rule(command=st.sampled_from(["stop", "cont", "system_reset", "system_powerdown"]))
    def change_state(self, command: str) -> None:
        assert self.ask(command, {}) == ({}, None)
        if command == "cont" or (command == "stop" and self.status == "running"):
            self.status = {"stop": "paused", "cont": "running"}[command]
        elif command == "system_reset" and self.status != "running":
            self.status = "prelaunch"

    # --- anything ---

    @rule(data=st.data())
    def ask_anything(self, data: st.DataObject) -> None:
        monitor = self.session.vm.dispatcher
        command = data.draw(st.sampled_from([name for name in monitor.handlers if name != "quit"]))
        stated = monitor.schema.command(command)
        assert stated is not None
        self.ask(command, data.draw(arguments(stated.arguments)))
        self._learn()

    def _learn(self) -> None:
        """What anything may have changed."""
        vm = self.session.vm
        self.objects = {each.path_component: each.typename for each in vm.objects.children()}
        self.ids = {child.path_component for child in vm.peripheral.children()}
        self.status = vm.status
        assert not vm.exited
        self.cpus = {cpu.cpu_index: cpu.id for cpu in vm.cpus.present.values()}

    # --- what always holds ---

    @invariant()
    def agrees_with_the_model(self) -> None:
        if not hasattr(self, "session"):
            return
        listed, _ = self.ask("qom-list", {"path": "/objects"})
        assert {entry["name"] for entry in listed} - {"type"} == set(self.objects)
        places, _ = self.ask("query-hotpluggable-cpus", {})
        taken = {SLOTS - 1 - at for at, place in enumerate(places) if "qom-path" in place}
        assert taken == set(self.cpus)
        fast, _ = self.ask("query-cpus-fast", {})
        assert [cpu["cpu-index"] for cpu in fast] == list(self.cpus)
        assert self.ask("query-status", {})[0]["status"] == self.status
        named, _ = self.ask("qom-list", {"path": "/machine/peripheral"})
        assert {entry["name"] for entry in named} - {"type"} == self.ids

    @invariant()
    def is_a_tree(self) -> None:
        if not hasattr(self, "session"):
            return
        open_ = [("/", self.session.vm.root)]
        while open_:
            path, node = open_.pop()
            listed, error = self.ask("qom-list", {"path": path})
            assert error is None
            children = {child.path_component: child for child in node.children()}
            told = {each["name"]: each["type"] for each in listed if each["type"][:6] == "child<"}
            assert told == {name: f"child<{child.typename}>" for name, child in children.items()}
            for name, child in children.items():
                below = f"{path.rstrip('/')}/{name}"
                assert child.parent_object is node
                assert child.canonical_path() == below
                open_.append((below, child))

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.close()


@pytest.mark.parametrize("release", ["7.2", "11.1"])
def test_random_walks(release: str) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        type("WalkOf", (Walk,), {"release": release}),
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
