"""Values that device properties take and refuse, with the texts that live QEMU 11.1.3 answered."""

from __future__ import annotations

from typing import Any

import pytest

from pyqom import release as releases
from pyqom.catalog import registry
from pyqom.errors import PyqomError

REFUSED = [
    ("edu", "addr", "zz", "Property 'edu.addr' doesn't take value 'zz'"),
    ("edu", "addr", "20", "Property 'edu.addr' doesn't take value '20'"),
    ("edu", "addr", "1.8", "Property 'edu.addr' doesn't take value '1.8'"),
    ("edu", "addr", 300, "Parameter 'addr' expects a value between -1 and 255"),
    ("edu", "addr", -2, "Parameter 'addr' expects a value between -1 and 255"),
    ("edu", "addr", True, "Invalid parameter type for 'addr', expected int or str"),
    ("edu", "multifunction", "x", "Invalid parameter type for 'multifunction', expected: boolean"),
    ("edu", "dma_mask", "x", "Parameter 'dma_mask' expects uint64"),
    ("edu", "busnr", 3, "Property 'edu.busnr' is not writable"),
    ("e1000", "mac", "52:54", "Property 'e1000.mac' doesn't take value '52:54'"),
    (
        *("e1000", "mac", "52:54:00:12:34:zz"),
        "Property 'e1000.mac' doesn't take value '52:54:00:12:34:zz'",
    ),
    (
        *("virtio-blk-pci", "logical_block_size", 1000),
        "parameter logical_block_size must be a power of 2 between 512 and 2097152",
    ),
    (
        *("virtio-blk-pci", "physical_block_size", "4k"),
        "Parameter 'physical_block_size' expects uint64",
    ),
    ("virtio-blk-pci", "werror", "no", "Parameter 'werror' does not accept value 'no'"),
    (
        *("virtio-net-pci", "disable-legacy", "maybe"),
        "Parameter 'disable-legacy' does not accept value 'maybe'",
    ),
    ("virtio-net-pci", "no-such", 1, "Property 'virtio-net-pci.no-such' not found"),
    ("pcie-root-port", "x-speed", "7", "Parameter 'x-speed' does not accept value '7'"),
    ("rocker", "ports", [1], "Invalid parameter type for 'ports[0]', expected: string"),
    ("virtio-rng-pci", "rng", "nope", "Device 'nope' not found"),
    (
        *("virtio-rng-pci", "virtio-backend", "nope"),
        "Property 'virtio-rng-pci.virtio-backend' is not writable",
    ),
]

TAKEN = [
    ("edu", "addr", "06.1", 0x31),
    ("edu", "addr", "1f", 0xF8),
    ("edu", "addr", 8, 8),
    ("edu", "addr", -1, -1),
    ("e1000", "mac", "52-54-00-12-34-5A", "52:54:00:12:34:5a"),
    ("virtio-blk-pci", "logical_block_size", 4096, 4096),
    ("virtio-blk-pci", "logical_block_size", 0, 0),
    ("virtio-blk-pci", "werror", "stop", "stop"),
    ("vmgenid", "guid", "auto", "auto"),
    (
        *("vmgenid", "guid", "324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87"),
        "324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87",
    ),
    ("rocker", "ports", ["a", "b"], ["a", "b"]),
]


def device(name: str) -> Any:
    return registry(releases.get("11.1")).get(name)()


@pytest.mark.parametrize(("typename", "name", "value", "text"), REFUSED)
def test_refused(typename: str, name: str, value: Any, text: str) -> None:
    found = device(typename)
    before = found.get(name) if found.has_property(name) and name != "busnr" else None
    with pytest.raises(PyqomError) as caught:
        found.set(name, value)
    assert str(caught.value) == text
    if before is not None:
        assert found.get(name) == before


@pytest.mark.parametrize(("typename", "name", "value", "shown"), TAKEN)
def test_taken(typename: str, name: str, value: Any, shown: Any) -> None:
    found = device(typename)
    found.set(name, value)
    assert found.get(name) == shown


def test_an_alias_is_its_target() -> None:
    found = device("virtio-rng-pci")
    found.set("period", 7)
    assert found.property("virtio-backend").resolve(found).get("period") == 7


def test_an_older_length_makes_items() -> None:
    found = registry(releases.get("7.2")).get("rocker")()
    found.set("len-ports", 2)
    found.set("ports[1]", "p")
    assert (found.get("ports[0]"), found.get("ports[1]")) == ("", "p")


def test_links_and_places_have_an_older_text() -> None:
    found = registry(releases.get("7.2")).get("nvme")()
    assert found.get("legacy-addr") == "<unset>"
    found.set("addr", 0x31)
    assert found.get("legacy-addr") == "06.1"
    with pytest.raises(PyqomError, match="not readable"):
        found.get("legacy-subsys")
