"""Machines as QOM objects: their properties, and what setting them does, as live QEMU has it."""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pyqom import release
from pyqom.answers.property_list import qom_list_properties
from pyqom.catalog import registry
from pyqom.errors import AbstractType, PyqomError
from pyqom.machines import options
from pyqom.types import Container, Object, Registry, container_get, make_root
from pyqom.types.keyval import parse_keyval

DATA = Path(__file__).parents[1] / "data" / "machines"
SHARED = Path(__file__).parents[3] / "shared" / "oracle" / "devices"
RELEASES = {"7.2": "7.2.22", "11.1": "11.1.3"}


def load(name: str) -> list[dict[str, Any]]:
    return json.loads((DATA / name).read_text())


def rows(name: str) -> list[Any]:
    """The rows of a file, each once for every release that it holds for."""
    return [
        pytest.param(which, row["machine"].format(release=which), row, id=f"{which}-{index}")
        for index, row in enumerate(load(name))
        for which in row["releases"]
    ]


def machine(name: str, which: str | None = None) -> Any:
    """A machine in a tree of its own that keeps its warnings."""
    made = registry(release.get(which)).get(f"{name}-machine")()
    make_root().add_child("machine", made)
    made.warnings = []
    return made


def same(value: Any, which: str) -> Any:
    """A recorded value as it is in a release."""
    return json.loads(json.dumps(value).replace("{release}", which))


def outcome(do: Any) -> Any:
    try:
        return do()
    except PyqomError as error:
        return f"!{error}"


# --- which properties there are --------------------------------------------------------------


def shown(name: str, which: str) -> set[tuple[str, ...]]:
    """Without what a machine has as children."""
    whole = qom_list_properties(name, release=which)
    listed = [each for each in whole if "child<" not in each["type"]]
    assert all(set(each) <= {"name", "type", "description"} for each in listed)
    return {tuple(each.values()) for each in listed}


@pytest.mark.parametrize(
    ("which", "name", "parent", "adds"),
    [
        pytest.param(
            row["release"], name, row["parent"], row["adds"], id=f"{row['release']}-{name}"
        )
        for row in load("property-lists.json")
        for name in row["types"]
    ],
)
def test_property_lists(which: str, name: str, parent: str, adds: list[list[str]]) -> None:
    inherited = set() if parent == "object" else shown(parent, which)
    assert shown(name, which) - inherited == {tuple(each) for each in adds} - inherited
    assert inherited <= shown(name, which)


@pytest.mark.parametrize("which", RELEASES)
def test_property_lists_are_the_whole_recording(which: str) -> None:
    path = SHARED / f"types-{RELEASES[which]}.json.xz"
    if not path.exists():
        pytest.skip("the whole recording is not at hand")
    types = json.loads(lzma.decompress(path.read_bytes()))["types"]
    recorded = {
        name: facts["qom-list-properties"]
        for name, facts in types.items()
        if (name == "machine" or name.endswith("-machine"))
        and isinstance(facts["qom-list-properties"], list)
    }
    assert {name: qom_list_properties(name, release=which) for name in recorded} == recorded


# --- setting ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("which", "name", "row"), rows("property-settings.json"))
def test_qom_set(which: str, name: str, row: Mapping[str, Any]) -> None:
    made = machine(name, which)
    made.settle()
    reply = outcome(lambda: made.set(row["property"], row["value"]))
    assert (reply if reply is not None else {}) == same(row["reply"], which)
    assert outcome(lambda: made.get(row["property"])) == same(row["after"], which)
    assert made.warnings == row.get("warnings", [])


def merge(into: dict[str, Any], other: Mapping[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


@pytest.mark.parametrize(("which", "name", "row"), rows("machine-options.json"))
def test_machine_options(which: str, name: str, row: Mapping[str, Any]) -> None:
    made = machine(name, which)
    said, value = [], None

    def start() -> None:
        tree: dict[str, Any] = {}
        for text in row["options"]:
            merge(tree, parse_keyval(text, "type"))
        own, _ = options.pass_on(tree)
        options.apply_options(made, options.default_options(made.machine_type))
        options.apply_options(made, own)
        made.settle()

    refused = outcome(start)
    if refused is None:
        value = outcome(lambda: made.get(row["property"]))
    said = [f"warning: {text}" for text in made.warnings] + ([refused[1:]] if refused else [])
    assert "\n".join(said) == same(row["stderr"], which)
    assert value == same(row["after"], which)


def test_default_options() -> None:
    old = machine("pc-i440fx-2.2", "7.2")
    options.apply_options(old, options.default_options(old.machine_type))
    assert (old.firmware, old.suppress_vmdesc) == ("bios-256k.bin", True)
    assert options.default_options(machine("none").machine_type) == {}


# --- one option, and what is passed on -------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("smp.cpus", "4", 4),
        ("max_ram_below_4g", "1G", 1 << 30),
        ("append", "a,b=c", "a,b=c"),
        ("boot.order", "n", {"order": "n"}),
    ],
)
def test_set_option(key: str, text: str, value: Any) -> None:
    made = machine("pc-q35-11.1")
    others = options.set_option(made, key, text)
    name = key.partition(".")[0].replace("_", "-")
    got = made.get(name)
    assert (got["cpus"] if name == "smp" else got) == value
    assert (others.accel, others.globals, others.memory_backend) == (None, [], None)


@pytest.mark.parametrize(
    ("key", "text", "drivers"),
    [
        ("kernel-irqchip", "split", ["kvm-accel", "whpx-accel"]),
        ("kernel_irqchip", "off", ["kvm-accel", "whpx-accel"]),
        ("kvm-shadow-mem", "1", ["kvm-accel"]),
        ("igd-passthru", "on", ["xen-accel"]),
    ],
)
def test_options_of_accelerators(key: str, text: str, drivers: list[str]) -> None:
    others = options.set_option(machine("pc-q35-11.1"), key, text)
    name = key.replace("_", "-")
    assert [(g.driver, g.property, g.value) for g in others.globals] == [
        (driver, name, text) for driver in drivers
    ]


def test_other_options_that_are_passed_on() -> None:
    own, others = options.pass_on(
        parse_keyval("usb=on,accel=tcg,memory-backend=m0,memory.size=1G,hpet=off")
    )
    assert own == {"usb": "on", "memory": {"size": "1G"}, "hpet": "off"}
    assert (others.accel, others.memory_backend, others.has_memory_size) == ("tcg", "m0", True)


# --- objects ---------------------------------------------------------------------------------


def test_abstract_types_have_no_instances() -> None:
    for name in ("machine", "x86-machine", "generic-pc-machine"):
        with pytest.raises(AbstractType):
            registry(release.get()).get(name)()


def test_machines_share_nothing() -> None:
    one, other = machine("pc-q35-11.1"), machine("pc-q35-11.1")
    one.set("smp", {"cpus": 4})
    one.set("boot", {"order": "n"})
    one.set("hmat", True)
    one.set("smp-cache", [{"cache": "l2", "topology": "core"}])
    assert (other.smp_config.cpus, other.boot_config) == (1, {"order": "cad"})
    assert not other.numa.hmat_enabled
    assert set(other.smp_caches.values()) == {"default"}
    assert other.smp_caches is not one.smp_caches


def test_a_release_lacks_what_it_does_not_know() -> None:
    old = machine("pc-q35-7.2", "7.2")
    assert not old.has_property("wdat")
    with pytest.raises(AttributeError):
        old.wdat  # noqa: B018
    assert machine("pc-q35-7.2", "11.1").wdat is False


def test_flash_goes_when_there_is_no_drive() -> None:
    made = machine("pc-q35-11.1")
    assert made.get("pflash0") == ""
    made.settle()
    assert not made.has_property("pflash0")
    assert "pflash0" not in {prop.name for prop in made.property_list()}
    assert machine("pc-q35-11.1").has_property("pflash0")
    with pytest.raises(PyqomError, match="pflash0' not found"):
        made.del_property("pflash0")


@pytest.mark.parametrize(
    ("name", "given", "after"),
    [
        ("pc-q35-11.1", {}, ("on", True, 4 << 30)),
        ("pc-i440fx-11.1", {}, ("on", True, 0xE0000000)),
        ("isapc", {}, ("on", False, 0xE0000000)),
        ("pc-q35-11.1", {"i8042": False}, ("off", True, 4 << 30)),
        ("pc-q35-11.1", {"vmport": "off", "max-ram-below-4g": 1 << 30}, ("off", True, 1 << 30)),
    ],
)
def test_settle(name: str, given: dict[str, Any], after: tuple[Any, ...]) -> None:
    made = machine(name)
    for key, value in given.items():
        made.set(key, value)
    assert made.vmport == given.get("vmport", "auto")
    made.settle()
    assert (made.vmport, made.hpet, made.max_ram_below_4g) == after


PLACES = {"l1d": "core", "l1i": "core", "l2": "core", "l3": "die"}


def test_caches_that_were_given_settle_where_the_cpu_has_the_others() -> None:
    made = machine("pc-q35-11.1")
    made.set_keyval("smp-cache", [{"cache": "l1d", "topology": "core"}])
    made.settle(PLACES)
    assert {each["cache"]: each["topology"] for each in made.get("smp-cache")} == PLACES
    plain = machine("pc-q35-11.1")
    plain.settle(PLACES)
    assert set(plain.smp_caches.values()) == {"default"}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"l1d": "socket"}, "L2 cache topology level shouldn't be lower than L1 cache"),
        ({"l2": "socket"}, "L3 cache topology level shouldn't be lower than L2 cache"),
    ],
)
def test_caches_out_of_order(given: dict[str, str], text: str) -> None:
    made = machine("pc-q35-11.1")
    made.set("smp-cache", [{"cache": key, "topology": at} for key, at in given.items()])
    with pytest.raises(PyqomError, match=f"Invalid smp cache topology. {text}"):
        made.settle(PLACES)


def test_cpu_types_that_isapc_takes_for_compatibility() -> None:
    made = machine("isapc")
    for model in ("486", "pentium3", "EPYC"):
        made.check_cpu_type(f"{model}-x86_64-cpu")
    assert made.warnings == ["cpu type EPYC-x86_64-cpu is deprecated for isapc machine"]


def test_links_find_their_objects() -> None:
    types = Registry()

    class Backend(Object, typename="memory-backend", registry=types):
        pass

    made = machine("pc-q35-11.1")
    objects = container_get(made.root(), "/objects")
    objects.add_child("m0", Backend())
    objects.add_child("c0", Container())
    made.set("memory-backend", "/objects/m0")
    assert made.get("memory-backend") == "/objects/m0"
    with pytest.raises(PyqomError, match="expected: memory-backend"):
        made.set("memory-backend", "/objects/c0")
    with pytest.raises(PyqomError, match="expected: confidential-guest-support"):
        made.set("memory-encryption", "c0")
