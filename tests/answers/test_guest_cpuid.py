"""What is asked about CPUID: differences, places of features, fields in words, Linux's view."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import pyqom
from pyqom import cpuid_diff, guest_cpu, release
from pyqom.answers.guest_cpuid import answered
from pyqom.answers.linux_cpuinfo import cpuinfo
from pyqom.devices.cpu.x86.cpuid.decoding import decode, known_leaf
from pyqom.devices.cpu.x86.features import features
from pyqom.errors import PropertyNotFound, PyqomError

DATA = Path(pyqom.__file__).parent / "devices/cpu/x86/data"
MASK = 0xFFFFFFFF


# --- fields ----------------------------------------------------------------------------------


@pytest.mark.parametrize("known", release.releases(), ids=lambda each: each.name)
def test_every_feature_of_cpuid_has_a_name_in_words(known: release.Release) -> None:
    missing = []
    for word in features(known).words:
        if word.leaf is None or word.leaf == 0x40000001:
            continue
        leaf = known_leaf(word.leaf, word.subleaf or 0)
        assert leaf is not None, word
        named = {(field.register, field.low) for field in leaf.read((0, 0, 0, 0))}
        missing += [name for bit, name in word.bits.items() if (word.register, bit) not in named]
    assert missing == []


def test_no_two_fields_share_a_bit_or_a_name() -> None:
    for leaf in json.loads((DATA / "cpuid-fields.json").read_text("utf-8"))["leaves"]:
        taken: set[tuple[str, int]] = set()
        for register, bits, *_ in leaf["fields"]:
            if bits == "text":
                continue
            high, _, low = bits.partition("-")
            own = {(register, bit) for bit in range(int(low or high), int(high) + 1)}
            assert own
            assert not own & taken, (leaf, register, bits)
            taken |= own


@pytest.mark.parametrize("model", ["max", "EPYC-Genoa", "GraniteRapids", "YongFeng", "486"])
def test_the_fields_tell_all_that_the_registers_do(model: str) -> None:
    """Putting the fields together again gives the registers."""
    for leaf, subleaf, *registers in answered(pyqom.cpuid(model, machine="pc-q35-11.1")):
        known = known_leaf(leaf, subleaf)
        names = ("EAX", "EBX", "ECX", "EDX")
        found = dict.fromkeys(names, 0)
        for field in decode(leaf, subleaf, registers):
            if isinstance(field.value, str):
                parts = field.register.split("+")
                raw = field.value.encode("latin-1").ljust(4 * len(parts), b"\0")
                for number, part in enumerate(parts):
                    found[part] = int.from_bytes(raw[4 * number : 4 * number + 4], "little")
                continue
            add = _add(known, field.name)
            found[field.register] |= (int(field.value) - add) << field.low & MASK
        assert list(found.values()) == registers, f"{leaf:08x}.{subleaf:x}"


def _add(known: Any, name: str) -> int:
    """What a field's value is more than its bits: its value where all bits are zero."""
    if known is None:
        return 0
    zero = {field.name: field.value for field in known.read((0, 0, 0, 0))}
    return int(zero.get(name) or 0)


def test_bits_without_a_name_are_told() -> None:
    fields = decode(6, 0, (0x80000004, 0x7, 0, 0))
    told = [(field.register, field.bits, field.value) for field in fields if field.value]
    assert told == [("EAX", "2", True), ("EAX", "31", True), ("EBX", "2:0", 7)]
    assert [str(field) for field in decode(0x12345, 0, (0, 5, 0, 0))] == ["0x5 (5)"]


@pytest.mark.parametrize(
    ("leaf", "registers", "name", "text"),
    [
        (4, (0x04000121, 0x1C0003F, 0x3F, 1), "cache type", "data cache (1)"),
        (4, (0x04000121, 0x1C0003F, 0x3F, 1), "number of sets", "0x40 (64)"),
        (0, (13, 0x756E6547, 0x6C65746E, 0x49656E69), "vendor", '"GenuineIntel"'),
        (0x80000006, (0, 0x42004200, 0x02008140, 0), "L2 cache: ways", "16 (8)"),
        (1, (0, 0, 1, 0), "SSE3 instructions", "true"),
    ],
)
def test_a_field_in_words(leaf: int, registers: tuple[int, ...], name: str, text: str) -> None:
    assert {field.name: str(field) for field in decode(leaf, 0, registers)}[name] == text


# --- differences -----------------------------------------------------------------------------


def test_one_feature_is_one_bit() -> None:
    a = guest_cpu("Haswell", machine="pc-q35-11.1")
    b = guest_cpu("Haswell,-avx2", machine="pc-q35-11.1")
    (leaf,) = cpuid_diff(a, b)
    assert (leaf.leaf, leaf.subleaf) == (7, 0)
    assert leaf.a is not None
    assert leaf.b is not None
    assert [left ^ right for left, right in zip(leaf.a, leaf.b, strict=True)] == [0, 1 << 5, 0, 0]
    (field,) = leaf.fields
    assert (field.register, field.bits, field.feature) == ("EBX", "5", "avx2")
    assert (field.a, field.b) == (True, False)
    assert cpuid_diff(a, a) == []


def test_a_leaf_that_one_side_lacks() -> None:
    a = guest_cpu("qemu64,level=7", machine="pc-q35-11.1")
    b = guest_cpu("qemu64,level=0xd", machine="pc-q35-11.1")
    found = {(each.leaf, each.subleaf): each for each in cpuid_diff(a, b)}
    assert [field.name for field in found[0, 0].fields] == ["highest basic leaf"]
    assert found[0xB, 0].a is None
    assert found[0xB, 0].b is not None
    assert all(field.a is None for field in found[0xB, 0].fields)


# --- places ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "property"),
    [
        ("CPUID.7.0:EBX[5]", "avx2"),
        ("cpuid.07h:ebx[5]", "avx2"),
        ("CPUID.0x80000001:ECX[22]", "topoext"),
        ("CPUID.D.1:EAX[1]", "xsavec"),
        ("avx2", "avx2"),
    ],
)
def test_a_place_in_cpuid_names_a_feature(text: str, property: str) -> None:
    explained = pyqom.explain("EPYC", text, machine="pc-q35-11.1")
    assert explained == pyqom.explain("EPYC", property, machine="pc-q35-11.1")
    assert explained.property == property
    assert [str(place).upper() for place in explained.places] != []


def test_places_of_features() -> None:
    def shown(name: str) -> list[str]:
        return [str(place) for place in pyqom.explain("EPYC", name).places]

    assert shown("avx2") == ["CPUID.7.0:EBX[5]"]
    assert shown("kvmclock") == ["CPUID.40000001:EAX[0]", "CPUID.40000001:EAX[3]"]
    assert shown("rdctl-no") == ["MSR.10A[0]"]
    assert shown("sse4-1") == ["CPUID.1:ECX[19]"]
    assert shown("level") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("CPUID.1:EBX[25]", "it is part of 'initial local APIC id'"),
        ("CPUID.8:EAX[0]", "is no feature that"),
        ("CPUID.7.0:EBX[32]", "is no feature that"),
        ("CPUID.7.0:EBX", "not found"),
        ("CPUID.x:EBX[1]", "not found"),
    ],
)
def test_a_place_that_is_no_feature(text: str, why: str) -> None:
    with pytest.raises(PropertyNotFound, match=why):
        pyqom.explain("EPYC", text)


# --- Linux -----------------------------------------------------------------------------------


def linux(model: str, smp: str = "1", machine: str = "pc-q35-11.1") -> list[dict[str, Any]]:
    count = int(smp.partition(",")[0])
    cpus = [guest_cpu(model, machine=machine, smp=smp, vcpu=vcpu) for vcpu in range(count)]
    return cpuinfo(cpus)


def test_what_linux_finds() -> None:
    found = linux("EPYC-Milan", "8,sockets=2,cores=2,threads=2")
    assert [each["physical id"] for each in found] == [0, 0, 0, 0, 1, 1, 1, 1]
    assert [each["core id"] for each in found] == [0, 0, 1, 1, 0, 0, 1, 1]
    assert {each["siblings"] for each in found} == {4}
    assert {each["cpu cores"] for each in found} == {2}
    assert [each["apicid"] for each in found] == list(range(8))
    first = found[0]
    assert (first["cpu family"], first["model"]) == (25, 1)
    assert first["cache size"] == 512
    assert first["TLB size"] == 1024
    assert first["microcode"] == 0x1000065
    assert first["address sizes"] == [40, 48]
    flags = first["flags"]
    assert flags.index("fpu") < flags.index("syscall") < flags.index("rep_good")
    assert flags.index("rep_good") < flags.index("pni") < flags.index("svm") < flags.index("avx2")
    assert {"ht", "ospke", "vmmcall", "extd_apicid", "sse4_1", "pni"} <= set(flags)
    assert not {"osxsave", "sse3", "sse4.1", "vme", "topoext"} & set(flags)


def test_what_linux_makes_up_depends_on_the_vendor() -> None:
    (intel,) = linux("Skylake-Server")
    assert "constant_tsc" in intel["flags"]
    assert not {"vmmcall", "extd_apicid"} & set(intel["flags"])
    assert intel["cache size"] == 16384
    assert intel["microcode"] == 1
    assert "TLB size" not in intel
    assert "syscall" in intel["flags"]  # in long mode TCG shows it


def test_a_package_counts_only_the_vcpus_that_are_there() -> None:
    found = linux("EPYC", "3,maxcpus=8,sockets=2,cores=2,threads=2")
    assert [each["siblings"] for each in found] == [3, 3, 3]
    assert [each["cpu cores"] for each in found] == [2, 2, 2]


def test_linux_for_64_bits_needs_long_mode() -> None:
    with pytest.raises(PyqomError, match="no long mode"):
        linux("qemu32")
