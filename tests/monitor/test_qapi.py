"""QMP's schema against what live QEMU says of its own."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pyqom import release as releases
from pyqom.errors import CommandNotFound, InvalidParameterValue, PyqomError
from pyqom.monitor import qapi
from pyqom.monitor.qapi import QmpSchema

DATA = Path(__file__).parents[1] / "data/qmp"
RELEASES = tuple(release.name for release in releases.releases())
OWN = {"x-query-cpu-model-expansion", "x-query-cpu-definitions", "x-explain-cpu-property"}


@cache
def recorded(release: str) -> Any:
    with lzma.open(DATA / f"{release}.json.xz") as file:
        return json.load(file)


def schema(release: str | None = None) -> QmpSchema:
    return qapi.schema(releases.get(release))


def served(release: str) -> tuple[str, ...]:
    """Whatever is stated and QEMU's."""
    known = schema(release)
    return tuple(name for name in known.commands + known.events if name not in OWN)


class Entries:
    """A `query-qmp-schema` to follow names in."""

    def __init__(self, entries: list[dict[str, Any]]) -> None:
        self.entries = entries
        self.named = {entry["name"]: entry for entry in entries}
        self._seen: dict[str, int] = {}

    def shape(self, name: str, seen: tuple[str, ...] = ()) -> Any:
        """A type without the numbers that name types; a type inside itself is a depth."""
        entry = self.named[name]
        if name in seen:
            return seen.index(name)
        seen = (*seen, name)
        shape = {key: value for key, value in entry.items() if key not in ("name", "values")}
        if entry["meta-type"] == "builtin":
            shape["name"] = name
        if "element-type" in entry:
            shape["element-type"] = self.shape(entry["element-type"], seen)
        for key in ("members", "variants"):
            if entry["meta-type"] != "enum" and key in entry:
                shape[key] = [self.short(member, seen) for member in entry[key]]
        return shape

    def short(self, member: dict[str, Any], seen: tuple[str, ...]) -> dict[str, Any]:
        """A member with its type's kind alone, which is compared in its own right."""
        kind = self.named[member["type"]]
        if kind["meta-type"] in ("builtin", "enum", "array"):
            return {**member, "type": self.shape(member["type"], seen)}
        return {**member, "type": kind["meta-type"]}

    def pairs(self, other: Entries, names: Iterator[str]) -> Iterator[tuple[str, str, str]]:
        """Types of both that stand in the same place, each pair once: (where, mine, other's)."""
        todo = [
            (name, self.named[name][key], other.named[name][key])
            for name in names
            for key in ("arg-type", "ret-type")
            if key in self.named[name]
        ]
        done = set()
        while todo:
            where, mine, others = todo.pop()
            if (mine, others) in done:
                continue
            done.add((mine, others))
            yield where, mine, others
            inside = zip(self.mentioned(mine), other.mentioned(others), strict=False)
            todo += [(where, a, b) for a, b in inside]

    def mentioned(self, name: str) -> list[str]:
        entry = self.named[name]
        found = [entry[key] for key in ("element-type",) if key in entry]
        if entry["meta-type"] != "enum":
            found += [m["type"] for k in ("members", "variants") for m in entry.get(k, ())]
        return found


@cache
def sides(release: str) -> tuple[Entries, Entries]:
    known = schema(release)
    ours = known.introspect(set(served(release)) & set(known.commands), known.events)
    return Entries(recorded(release)["query-qmp-schema"]), Entries(ours)


# --- introspection -----------------------------------------------------------


@pytest.mark.parametrize("release", RELEASES)
def test_commands_and_events_are_qemus_in_qemus_order(release: str) -> None:
    want, got = (
        [entry for entry in side.entries if entry["meta-type"] in ("command", "event")]
        for side in sides(release)
    )
    assert [entry["name"] for entry in got] == [entry["name"] for entry in want]
    types = {"arg-type", "ret-type"}
    for a, b in zip(want, got, strict=True):
        assert {k: v for k, v in b.items() if k not in types} == {
            k: v for k, v in a.items() if k not in types
        }


@pytest.mark.parametrize("release", RELEASES)
def test_types_are_qemus_with_members_values_and_branches_in_qemus_order(release: str) -> None:
    want, got = sides(release)
    compared = 0
    for where, a, b in want.pairs(got, iter(served(release))):
        assert got.shape(b) == want.shape(a), where
        compared += 1
    assert compared > 500


@pytest.mark.parametrize("release", RELEASES)
def test_entries_mention_only_entries_and_every_entry_is_mentioned(release: str) -> None:
    ours = sides(release)[1]
    roots = {n for n, e in ours.named.items() if e["meta-type"] in ("command", "event")}
    reached = set(roots)
    todo = [ours.named[n][k] for n in roots for k in ("arg-type", "ret-type") if k in ours.named[n]]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += ours.mentioned(name)
    assert len(ours.entries) == len(ours.named)
    assert reached == set(ours.named)


@pytest.mark.parametrize("release", RELEASES)
def test_values_of_an_enumeration_repeat_its_members(release: str) -> None:
    for entry in sides(release)[1].entries:
        if entry["meta-type"] == "enum":
            assert entry["values"] == [member["name"] for member in entry["members"]]


def test_only_what_is_served_is_told() -> None:
    entries = schema().introspect(["query-name", "no-such-command"], ["STOP"])
    assert entries == [
        {"arg-type": "0", "name": "STOP", "meta-type": "event"},
        {"arg-type": "0", "ret-type": "1", "name": "query-name", "meta-type": "command"},
        {"members": [], "name": "0", "meta-type": "object"},
        {
            "members": [{"name": "name", "type": "str", "default": None}],
            "name": "1",
            "meta-type": "object",
        },
        {"json-type": "string", "name": "str", "meta-type": "builtin"},
    ]


def test_introspection_is_repeatable() -> None:
    names = schema().commands, schema().events
    assert schema().introspect(*names) == QmpSchema(releases.get(None)).introspect(*names)


def test_pyqoms_own_commands_are_marked_and_start_with_x() -> None:
    own = {name for name in schema().commands if schema().command(name).pyqom}  # type: ignore[union-attr]
    assert own == OWN
    assert all(name.startswith("x-") for name in own)


def test_query_commands_has_the_last_of_the_schema_first() -> None:
    names = ["query-status", "qmp_capabilities", "device_add", "query-pci", "nonsense"]
    assert schema().query_commands(names) == [
        *("device_add", "query-pci", "qmp_capabilities", "query-status")
    ]


@pytest.mark.parametrize("release", RELEASES)
def test_lifetimes(release: str) -> None:
    known = schema(release)
    new = release == "11.1"
    assert ("qom-list-get" in known.commands) == new
    assert ("x-query-profile" in known.commands) != new
    assert ("GUEST_PVSHUTDOWN" in known.events) == new
    assert (known.command("query-accelerators") is not None) == new
    assert known.command("query-events") is None
    assert known.event("query-status") is None
    assert known.command("STOP") is None


# --- checking ----------------------------------------------------------------


ERRORS = json.loads((DATA / "errors.json").read_text(encoding="utf-8"))


def refusal(known: QmpSchema, command: str, arguments: Any) -> PyqomError | None:
    try:
        known.check(command, arguments)
    except PyqomError as error:
        return error
    return None


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("command", dict.fromkeys(row[0] for row in ERRORS))
def test_refused_arguments(command: str, release: str) -> None:
    known = schema(release)
    for name, arguments, text, *only in ERRORS:
        if name == command and (not only or only == [release]):
            error = refusal(known, command, arguments)
            assert (str(error), arguments) == (text, arguments)
            assert error.qmp_class == "GenericError"  # type: ignore[union-attr]


ACCEPTED = [
    ("query-status", None, {}),
    ("query-status", {}, {}),
    ("qom-set", {"value": [1, {"a": None}], "property": "b", "path": "/"}, None),
    ("qom-set", {"path": "/", "property": "b", "value": None}, None),
    ("object-add", {"id": "a", "qom-type": "can-bus"}, None),
    (
        "object-add",
        {"size": -1, "prealloc-threads": 4294967295, "id": "m", "qom-type": "memory-backend-ram"},
        {
            "qom-type": "memory-backend-ram",
            "id": "m",
            "prealloc-threads": 4294967295,
            "size": 18446744073709551615,
        },
    ),
    ("set-numa-node", {"type": "node", "cpus": [0, 65535]}, None),
    ("set-numa-node", {"type": "dist", "val": 10, "dst": 1, "src": 0}, None),
    ("query-qmp-schema", {}, {}),
    ("qmp_capabilities", {"enable": ["oob"]}, None),
    ("device_add", {"driver": 5, "x": []}, {"driver": 5, "x": []}),
    ("device_add", None, {}),
    ("blockdev-add", {"driver": "raw", "file": "n0"}, None),
    ("blockdev-add", {"driver": "raw", "file": {"driver": "null-co", "size": 5}}, None),
    ("netdev_add", {"type": "hubport", "id": "h", "hubid": -5}, None),
]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(("command", "arguments", "want"), ACCEPTED)
def test_accepted_arguments(release: str, command: str, arguments: Any, want: Any) -> None:
    before = json.dumps(arguments)
    got = schema(release).check(command, arguments)
    assert got == (arguments if want is None else want)
    assert got is not arguments
    assert json.dumps(arguments) == before


def test_members_come_in_the_order_of_the_schema() -> None:
    got = schema().check("qom-set", {"value": 1, "property": "b", "path": "/"})
    assert list(got) == ["path", "property", "value"]


@pytest.mark.parametrize("arguments", [[], "x", 1, True])
@pytest.mark.parametrize("command", ["query-status", "device_add"])
def test_arguments_that_are_no_object(command: str, arguments: Any) -> None:
    with pytest.raises(PyqomError, match=r"^QMP input member 'arguments' must be an object$"):
        schema().check(command, arguments)


@pytest.mark.parametrize("command", ["nope", "STOP", "", "qom-list-get"])
def test_unknown_command(command: str) -> None:
    with pytest.raises(CommandNotFound, match=f"^The command {command} has not been found$"):
        schema("7.2").check(command)


@pytest.mark.parametrize(
    ("type_name", "value", "name", "want"),
    [
        ("OnOffAuto", "yes", "smm", "Parameter 'smm' does not accept value 'yes'"),
        ("OnOffAuto", True, "smm", "Invalid parameter type for 'smm', expected: string"),
        ("SMPConfiguration", {"cpus": 1.5}, "smp", "Invalid parameter type for 'smp.cpus'"),
        ("ThrottleLimits", {"bogus": 1}, "limits", "Parameter 'limits.bogus' is unexpected"),
        ("BootConfiguration", {"menu": "on"}, "", "Invalid parameter type for 'menu', expected"),
    ],
)
def test_values_elsewhere(type_name: str, value: Any, name: str, want: str) -> None:
    with pytest.raises(PyqomError) as caught:
        schema().check_value(type_name, value, name)
    assert str(caught.value).startswith(want)


KEYVAL = [
    ("SMPConfiguration", {"cpus": "x"}, "smp", "Parameter 'smp.cpus' expects integer"),
    ("SMPConfiguration", {"foo": "1"}, "smp", "Parameter 'smp.foo' is unexpected"),
    (
        "SMPConfiguration",
        {"cores": "2", "foo": "1", "bar": "2", "threads": "1"},
        "smp",
        "Parameter 'smp.bar' is unexpected",
    ),
    ("SMPConfiguration", "2", "smp", "Invalid parameter type for 'smp', expected: object"),
    ("SMPConfiguration", {"cpus": {"x": "1"}}, "smp", "Parameters 'smp.cpus.*' are unexpected"),
    ("MemorySizeConfiguration", {"size": "q"}, "memory", "Parameter 'memory.size' expects size"),
    ("BootConfiguration", {"menu": "maybe"}, "boot", "Parameter 'boot.menu' expects 'on' or 'off'"),
    (
        "SgxEPCProperties",
        {"sgx-epc": [{"memdev": "m"}]},
        "",
        "Parameter 'sgx-epc.0.node' is missing",
    ),
]


@pytest.mark.parametrize(("type_name", "value", "name", "want"), KEYVAL)
def test_texts_of_key_value_options(type_name: str, value: Any, name: str, want: str) -> None:
    with pytest.raises(PyqomError) as caught:
        schema().check_value(type_name, value, name, keyval=True)
    assert str(caught.value) == want


def test_values_of_key_value_options() -> None:
    got = schema().check_value(
        "MemorySizeConfiguration", {"size": "1G", "slots": "0x10"}, "memory", keyval=True
    )
    assert got == {"size": 1 << 30, "slots": 16}
    got = schema().check_value("BootConfiguration", {"menu": "on", "order": "c"}, "", keyval=True)
    assert got == {"order": "c", "menu": True}


def test_unknown_type() -> None:
    with pytest.raises(KeyError):
        schema().check_value("NoSuchType", {}, "x")


# --- the rest ----------------------------------------------------------------


def test_only_the_module_of_a_command_is_read() -> None:
    from pyqom.monitor.qapi_types import module

    module.cache_clear()
    QmpSchema(releases.get(None)).check("query-status")
    assert module.cache_info().currsize == 2


@pytest.mark.parametrize("release", RELEASES)
def test_command_line_options(release: str) -> None:
    want = recorded(release)["query-command-line-options"]
    assert schema(release).command_line_options() == want
    for option in want:
        assert schema(release).command_line_options(option["option"]) == [option]


def test_unknown_command_line_option() -> None:
    with pytest.raises(InvalidParameterValue, match=r"^invalid option name: bogus$"):
        schema().command_line_options("bogus")


HELP = {
    "query-uuid": """\
query-uuid: The machine's UUID.
May come before the machine is built (-preconfig).

Returns: UuidInfo
  UUID  str""",
    "device_add": """\
device_add: Plug a device; members beside the stated are its properties.
Features: json-cli, json-cli-hotplug.

Arguments:
  driver  str
  [bus]   str
  [id]    str
  ...  more members, which the command itself checks""",
    "qom-list-types": """\
qom-list-types: The QOM types, by interface, abstract ones or all.
May come before the machine is built (-preconfig).

Arguments:
  [implements]  str
  [abstract]    bool

Returns: list of ObjectTypeInfo
  name        str
  [abstract]  bool
  [parent]    str""",
}


@pytest.mark.parametrize("command", HELP)
def test_help(command: str) -> None:
    assert schema().help(command) == HELP[command]


@pytest.mark.parametrize("release", RELEASES)
def test_every_command_has_help(release: str) -> None:
    for name in schema(release).commands:
        lines = schema(release).help(name).split("\n")
        assert lines[0].startswith(f"{name}: ")
        assert lines[0].endswith(".")


def test_help_on_an_unknown_command() -> None:
    with pytest.raises(CommandNotFound):
        schema().help("nope")
