"""The declared types, beside what live QEMU answers about all of its types."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from pyqom import release as releases
from pyqom.answers.property_list import qom_list_properties
from pyqom.catalog import build, registry
from pyqom.devices import catalog, models
from pyqom.devices.device import Device
from pyqom.errors import PyqomError
from pyqom.system import help as helps
from pyqom.vm import VirtualMachine
from tests.devices.recordings import DIED, QUERIES, SHARED, recorded, sources

RECORDED = list(sources())
RELEASES = [each.name for each in releases.releases()]


def ask(vm: VirtualMachine, command: str, **arguments: Any) -> Any:
    """The reply as it was recorded."""
    try:
        return vm.qmp(command, **arguments)
    except PyqomError as error:
        return {"class": error.qmp_class, "desc": str(error)}


@pytest.mark.parametrize(("release", "source"), RECORDED)
def test_parents(release: str, source: str) -> None:
    want = recorded(release, source)["types"]
    listed = {
        entry["name"]: entry
        for entry in VirtualMachine("none", release=release).qmp("qom-list-types", abstract=True)
    }
    if source == "shared":
        assert set(listed) == set(want)
    for name, facts in want.items():
        entry = listed[name]
        got = entry.get("parent"), entry.get("abstract", False)
        assert (name, *got) == (name, facts["parent"], facts["abstract"])


@pytest.mark.parametrize(("release", "source"), RECORDED)
def test_who_implements_what(release: str, source: str) -> None:
    vm = VirtualMachine("none", release=release)
    for name, want in recorded(release, source)["implements"].items():
        listed = vm.qmp("qom-list-types", implements=name, abstract=True)
        assert {entry["name"] for entry in listed} == set(want), name


@pytest.mark.parametrize(("release", "source"), RECORDED)
def test_properties_in_order(release: str, source: str) -> None:
    """Every list to the letter; a server that dies takes with it which modules were loaded."""
    vm = VirtualMachine("none", release=release)
    vm.qmp("qom-list-types")
    for name, facts in sorted(recorded(release, source)["types"].items()):
        for query in QUERIES:
            want = facts.get(query, DIED)
            if want != DIED:
                assert ask(vm, query, typename=name) == want, (query, name)
        if DIED in facts.values():
            vm = VirtualMachine("none", release=release)


@pytest.mark.parametrize("release", RELEASES)
def test_device_help(release: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert helps.device_help(releases.get(release), "help", ())
    assert capsys.readouterr().out == recorded(release, "kept")["help"]


@pytest.mark.parametrize(("release", "default"), [("7.2", '"288"'), ("11.1", "288")])
def test_help_on_one_device(release: str, default: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert helps.device_help(releases.get(release), "isa-fdc", ("help",))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "isa-fdc options:"
    (fallback,) = (line for line in lines if line.startswith("  fallback="))
    assert fallback.endswith(f"(default: {default})")


def test_the_whole_recording_is_at_hand() -> None:
    if not SHARED.is_dir():
        pytest.skip("only the kept part of the recordings is here")
    assert {source for _, source in RECORDED} == {"kept", "shared"}


# --- laws of the declarations ------------------------------------------------------------------


@pytest.mark.parametrize("release", RELEASES)
def test_instances_have_what_was_listed(release: str) -> None:
    """Children, aliases and links: a new object has the properties told without one."""
    types = registry(releases.get(release))
    made = 0
    for name in catalog.records(releases.get(release)):
        if types.implements(name, "object") and not types.abstract(name):
            found = types.get(name)()
            want = Counter(info["name"] for info in qom_list_properties(name, types=types))
            assert Counter(prop.name for prop in found.property_list()) == want, name
            made += 1
    assert made > 300


@pytest.mark.parametrize("release", RELEASES)
def test_every_declared_default_is_a_value_of_its_kind(release: str) -> None:
    types = registry(releases.get(release))
    for name in catalog.records(releases.get(release)):
        cls = types.get(name)
        for prop in cls.__dict__.get("_own", ()) if types.implements(name, "object") else ():
            if prop.has_default:
                value = prop.wire(prop.default)
                assert prop.wire(prop.check(value, prop.name, cls)) == value, (name, prop.name)


def test_parents_come_first_and_names_once() -> None:
    seen: set[str] = set()
    for file in catalog.FILES:
        for record in catalog.load(file)["types"]:
            key = record["type"]
            assert key not in seen, key
            seen.add(key)
    for release in releases.releases():
        types = registry(release)
        known = set(types.names()) - set(catalog.records(release))
        for name in catalog.records(release):
            assert types.parent(name) in known, name
            known.add(name)


@pytest.mark.parametrize("release", RELEASES)
def test_no_property_twice(release: str) -> None:
    which = releases.get(release)
    for name, record in catalog.records(which).items():
        names = [line["name"] for line in catalog.flat(record.get("properties", ()), which)]
        assert len(names) == len(set(names)), name


def test_every_group_is_used() -> None:
    files = [catalog.load(name) for name in ("groups", *catalog.FILES)]
    lines = [
        line
        for file in files
        for lines in (
            *file.get("groups", {}).values(),
            *(record.get("properties", ()) for record in file["types"]),
        )
        for line in lines
    ]
    assert {line["group"] for line in lines if "group" in line} == set(catalog.groups())
    assert sum(len(file.get("groups", {})) for file in files) == len(catalog.groups())


def test_all_files_are_read() -> None:
    from pathlib import Path

    names = {path.stem for path in Path(catalog.FOLDER).glob("*.json")}
    assert names == {*catalog.FILES, "groups", "kinds"}


# --- behaviour ---------------------------------------------------------------------------------


def test_a_type_says_whether_there_is_a_model() -> None:
    types = registry(releases.get("11.1"))
    edu = types.get("edu")
    assert not edu.has_model
    assert "no model behind it" in edu.__doc__
    assert types.get("pc-dimm").has_model
    vm = VirtualMachine("pc")
    vm.qmp("device_add", driver="edu", id="e")  # it is there, has its properties and its place
    assert vm.qmp("qom-get", path="/machine/peripheral/e", property="dma_mask") == (1 << 28) - 1


class Balloon(Device):
    """A model of a balloon."""

    def instance_init(self) -> None:
        self.seen = self.get("iothread"), self.property("virtio-backend").resolve(self)


def test_a_model_joins_its_declaration(monkeypatch: pytest.MonkeyPatch) -> None:
    """The class has the declared properties and the model's hooks, which find the parts there."""
    name = "virtio-balloon-pci"
    monkeypatch.setattr(catalog, "model", lambda each: Balloon if each == name else None)
    types = build(releases.get("11.1"))
    found = types.get(name)()
    assert found.seen[0] == ""
    assert found.seen[1].typename == "virtio-balloon-device"
    assert isinstance(found, Balloon)
    assert found.has_model
    assert type(found).__doc__ == Balloon.__doc__
    assert found.get("addr") == -1  # of pci-device, which has no model
    assert not types.get("pci-device").has_model
    assert qom_list_properties(name, types=types) == qom_list_properties(name, release="11.1")


def test_a_model_is_found_by_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    assert models.model("edu") is None
    assert models.model("usb-hub").__name__ == "Hub"
    monkeypatch.setitem(models.MODELS, "edu", "device.Device")
    assert models.model("edu") is Device


@pytest.mark.parametrize(
    ("driver", "text"),
    [
        ("no-such", "'no-such' is not a valid device model name"),
        ("memory-region", "'memory-region' is not a valid device model name"),
        ("pci-device", "Parameter 'driver' expects a non-abstract device type"),
        ("mch", "Parameter 'driver' expects a pluggable device type"),
        ("virtio-blk", "Bus 'pcie.0' does not support hotplugging"),
        ("virtio-gpu-gl", "'virtio-gpu-gl' is not a valid device model name"),
    ],
)
def test_device_add(driver: str, text: str) -> None:
    assert ask(VirtualMachine("q35"), "device_add", driver=driver)["desc"] == text


@pytest.mark.parametrize(
    "driver", ["VGA", "ich9-usb-ehci1", "ich9-usb-uhci3", "piix3-ide", "virtio-iommu-pci", "pxb"]
)
def test_what_no_running_machine_takes(driver: str) -> None:
    """Live QEMU 11.1.3 says so on a running pc."""
    reply = ask(VirtualMachine("pc"), "device_add", driver=driver)
    assert reply["desc"] == f"Device '{driver}' does not support hotplugging"


def test_older_releases_plug_only_what_may_be_hot() -> None:
    reply = ask(VirtualMachine("q35", release="7.2"), "device_add", driver="VGA")
    assert reply["desc"] == "Parameter 'driver' expects a pluggable device type"


def test_globals_may_name_any_device() -> None:
    vm = VirtualMachine("q35", globals=[("edu", "no-such", "1"), ("edv", "x", "1")])
    assert vm.warnings == ["global edv.x has invalid class name"]


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ([("edu", "romsize", "7")], "ROM size 7 is not a power of two"),
        (
            [("edu", "dma_mask", "x")],
            "can't apply global edu.dma_mask=x: Parameter 'dma_mask' expects uint64",
        ),
        (
            [("edu", "no-such", "1")],
            "can't apply global edu.no-such=1: Property 'edu.no-such' not found",
        ),
    ],
)
def test_globals_reach_what_instances_have(entries: list[tuple[str, str, str]], text: str) -> None:
    with pytest.raises(PyqomError) as caught:
        VirtualMachine("q35", globals=entries, devices=[{"driver": "edu"}])
    assert str(caught.value) == text


def test_globals_of_children_and_of_their_aliases() -> None:
    entries = [("virtio-rng-device", "max-bytes", "9"), ("virtio-pci", "event_idx", "off")]
    vm = VirtualMachine("q35", globals=entries)
    for name in ("virtio-rng-pci-non-transitional", "virtio-rng-pci-transitional", "virtio-9p-pci"):
        found = vm.types.get(name)(vm.context)
        child = found.property("virtio-backend").resolve(found)
        assert (found.get("event_idx"), child.get("event_idx")) == (False, False)
        if child.typename == "virtio-rng-device":
            assert found.get("max-bytes") == 9
