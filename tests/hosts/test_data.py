"""The data about KVM and Linux against its schemas, and against itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pyqom import schema
from pyqom.hosts.flags import shown_bits, source_bits
from pyqom.hosts.names import FOLDER, capability_name, load, msr_name

FILES = sorted(path.stem for path in Path(FOLDER).glob("*.json"))


def passes() -> Any:
    return load("kvm-passes.json", "registers", "implied", "capabilities")


@pytest.mark.parametrize("name", FILES)
def test_each_file_has_its_shape(name: str) -> None:
    assert schema.faults(load(f"{name}.json"), name) == []


def test_every_feature_that_kvm_passes_is_one_of_its_register() -> None:
    """AMD repeats the flags of leaf 1 in leaf 80000001h, at the same bits."""
    bits = source_bits()
    wrong = {
        name
        for record in passes()["registers"]
        for name in (*record["passed"], *record.get("added", ()))
        if (bits[name].leaf, bits[name].subleaf) != (int(record["leaf"], 16), record["subleaf"])
        and not (record["leaf"] == "0x80000001" and bits[name].leaf == 1)
    }
    assert wrong == set()


def test_every_other_name_is_known() -> None:
    named = {name for rule in passes()["implied"] for name in (*rule["if"], *rule["adds"])}
    assert named <= source_bits().keys()
    known = set(load("kvm-names.json", "capabilities")["capabilities"].values())
    assert passes()["capabilities"].keys() <= known


@pytest.mark.parametrize(
    ("vendor", "flag", "bits"),
    [
        ("GenuineIntel", "fpu", {(1, 0, 3, 0)}),
        ("GenuineIntel", "pni", {(1, 0, 2, 0)}),
        ("GenuineIntel", "avx512_bf16", {(7, 1, 0, 5)}),
        ("GenuineIntel", "ibrs", {(7, 0, 3, 26)}),
        ("AuthenticAMD", "ibrs", {(0x80000008, 0, 1, 14)}),
        ("AuthenticAMD", "nonstop_tsc", {(0x80000007, 0, 3, 8)}),
        ("AuthenticAMD", "mba", {(0x10, 0, 1, 3), (0x80000008, 0, 1, 6)}),
        ("AuthenticAMD", "rep_good", set()),
    ],
)
def test_a_flag_stands_for_bits(vendor: str, flag: str, bits: set[Any]) -> None:
    assert set(shown_bits(vendor)[flag]) == bits


def test_flags_that_are_hidden_are_not_shown() -> None:
    assert "osxsave" in source_bits()
    assert "osxsave" not in shown_bits("GenuineIntel")


def test_names() -> None:
    assert (capability_name(0), capability_name(9999)) == ("KVM_CAP_IRQCHIP", None)
    assert (msr_name(0x10A), msr_name(0x1)) == ("IA32_ARCH_CAPABILITIES", None)
