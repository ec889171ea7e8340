"""Reading and writing pyqom's own format of a host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyqom import schema
from pyqom.errors import BadData
from pyqom.hosts import Host, load_host
from pyqom.hosts.reading import host_of, read_host
from pyqom.hosts.record import record_of
from tests.hosts.samples import DATA, RECORDED, WHY_NOT, genoa, tried

REGISTERS = "00000001 00000002 00000003 00000004"


def entry(**changes: Any) -> Any:
    return {"function": "00000007", "index": 0, "flags": 1, "regs": REGISTERS} | changes


def test_the_sample() -> None:
    host = load_host(DATA / "genoa.json")
    assert (host.name, host.kernel, host.api_version) == ("genoa", "6.18.0", 12)
    assert host.cpuid(0) == (0x1C, 0x68747541, 0x444D4163, 0x69746E65)
    assert host.kvm_cpuid(7) == (1, 0x01800002, 0x104, 0x20000000)
    assert host.msr(0x10A) == 0x400000000C000069
    assert (host.extension(9), host.vm_extension(9), host.extension(500)) == (2, 2, 0)
    assert (host.mce_cap, host.xcomp_guest_supp) == (0x1000100, 0xE7)
    assert host.hyperv is None
    assert host.missing == {"hv_cpuid": "EINVAL"}
    assert host.assumed == ()


@pytest.mark.skipif(not RECORDED, reason=WHY_NOT)
@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recordings_load_as_they_are(path: Path) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    assert schema.faults(content, "host") == []
    host = load_host(path)
    assert host.name == path.stem
    assert len(host.supported) == len(content["supported_cpuid"])
    assert len(host.hardware) == len(content["host_cpuid"])
    assert host.tsc_khz == content["tsc_khz"]


def test_written_and_read_it_is_the_same() -> None:
    content = genoa()
    host = host_of(content, "x")
    record = record_of(host)
    assert record == content
    assert host_of(record, "y") == host


def test_a_host_that_lacks_parts() -> None:
    host = host_of({"format": "kvm-host/1", "host_cpuid": {}}, "bare")
    assert (host.name, host.cpuid(1), host.kvm_cpuid(1), host.msr(1)) == (
        "bare",
        (0,) * 4,
        (0,) * 4,
        0,
    )
    assert (host.hyperv, host.mce_cap, host.tsc_khz, host.kernel) == (None,) * 4
    said = {"missing": {"host_cpuid": "no"}, "assumed": ["much"], "unplaced": ["nopl"]}
    host = host_of({"format": "kvm-host/1", "host_cpuid": {}, **said}, "bare")
    assert (host.missing, host.assumed, host.unplaced) == (
        {"host_cpuid": "no"},
        ("much",),
        ("nopl",),
    )
    assert {**record_of(host), **said} == record_of(host)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("supported_cpuid", ()),
        ("emulated_cpuid", ()),
        ("hv_cpuid", None),
        ("extensions", {}),
        ("msr_index_list", ()),
        ("msr_features", {}),
        ("mce_cap", None),
        ("xcomp_guest_supp", None),
        ("tsc_khz", None),
        ("kernel", None),
        ("kvm_api_version", None),
    ],
)
def test_a_part_that_could_not_be_read(part: str, value: Any) -> None:
    attribute = {
        "supported_cpuid": "supported",
        "emulated_cpuid": "emulated",
        "hv_cpuid": "hyperv",
        "msr_index_list": "msr_indices",
        "kvm_api_version": "api_version",
    }.get(part, part)
    for content in (genoa(**{part: ...}), genoa(**{part: None})):
        assert getattr(host_of(content, "x"), attribute) == value
    host = host_of(genoa(**{part: {"errno": "EPERM"}}), "x")
    assert getattr(host, attribute) == value
    assert host.missing[part] == "EPERM"
    assert host_of(record_of(host), "x").missing == host.missing


# --- faults ----------------------------------------------------------------------------------

CPUID = "host_cpuid"
FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"format": "kvm-host/2"}, "format", '"kvm-host/2" is not "kvm-host/1"'),
    ({"format": ...}, "", "member 'format' is missing"),
    ({CPUID: ...}, "", "member 'host_cpuid' is missing"),
    ({CPUID: []}, CPUID, "expected object, not [] (an array)"),
    ({"kernl": "6"}, "kernl", "unknown member, did you mean 'kernel'?"),
    ({CPUID: {"1.0": REGISTERS}}, 'host_cpuid["1.0"]', "not a name that can stand here"),
    (
        {CPUID: {"00000001.0": "1 2 3"}},
        'host_cpuid["00000001.0"]',
        "3 registers, 4 needed",
    ),
    (
        {CPUID: {"00000001.0": "100000000 00000000 00000000 00000000"}},
        'host_cpuid["00000001.0"]',
        "100000000 has more than 32 bits",
    ),
    (
        {CPUID: {"00000001.0": "zz"}},
        'host_cpuid["00000001.0"]',
        '"zz" does not fit: four registers, EAX to EDX, of 8 hexadecimal digits each',
    ),
    (
        {CPUID: {"0000000A.0": REGISTERS, "0000000a.0": REGISTERS}},
        'host_cpuid["0000000a.0"]',
        "the leaf stands twice",
    ),
    (
        {CPUID: {"00000000.0": "0000001c ffffffff ffffffff 00ff00ff"}},
        'host_cpuid["00000000.0"]',
        "the vendor is no text of 12 characters of ASCII",
    ),
    (
        {CPUID: {"00000000.0": "ffffffff 00000000 00000000 00000000"}},
        'host_cpuid["00000000.0"]',
        "the highest leaf 0xffffffff is out of range, at most 0x3fffffff",
    ),
    (
        {CPUID: {"80000008.0": "000030ff 00000000 00000000 00000000"}},
        'host_cpuid["80000008.0"]',
        "255 bits of physical address, at most 52",
    ),
    (
        {"supported_cpuid": [entry(), entry(regs="00000000 00000000 00000000 00000000")]},
        "supported_cpuid[1]",
        "contradicts an entry before it, of leaf 00000007.0 too",
    ),
    ({"supported_cpuid": [entry(flags=8)]}, "supported_cpuid[0].flags", "8 is more than 7"),
    ({"supported_cpuid": [entry(index=-1)]}, "supported_cpuid[0].index", "-1 is less than 0"),
    (
        {"supported_cpuid": [entry(function="123456789")]},
        "supported_cpuid[0].function",
        "123456789 has more than 32 bits",
    ),
    (
        {"supported_cpuid": [entry(more=1)]},
        "supported_cpuid[0].more",
        "unknown member, known are 'function', 'index', 'flags', 'regs'",
    ),
    ({"supported_cpuid": [7]}, "supported_cpuid[0]", "expected object, not 7 (an integer)"),
    (
        {"supported_cpuid": [entry(function="80000000", regs="8fffffff" + REGISTERS[8:])]},
        "supported_cpuid[0].regs",
        "the highest leaf 0x8fffffff is out of range, at most 0x8000ffff",
    ),
    ({"tsc_khz": 0}, "tsc_khz", "0 is less than 1"),
    ({"tsc_khz": True}, "tsc_khz", "expected integer, not true (a boolean)"),
    ({"tsc_khz": 1e6}, "tsc_khz", "expected integer, not 1000000.0 (a number)"),
    ({"tsc_khz": 10**30}, "tsc_khz", "the number has more than 64 bits"),
    ({"tsc_khz": float("nan")}, "tsc_khz", "NaN is no JSON number"),
    ({"mce_cap": "0" * 17}, "mce_cap", "0" * 17 + " has more than 64 bits"),
    ({"mce_cap": "00000000000000ff"}, "mce_cap", "255 banks of machine checks, at most 32"),
    (
        {"extensions": {"9": {"kvm": 5, "vm": 1}, "66": {"kvm": 4, "vm": 4}}},
        "extensions.9.kvm",
        "5 contradicts capability 66, which is 4",
    ),
    ({"extensions": {"x": {"kvm": 5, "vm": 1}}}, "extensions.x", "not a name that can stand here"),
    ({"extensions": {"9": {"kvm": 5}}}, "extensions.9", "member 'vm' is missing"),
    ({"msr_features": {"10a": "0" * 16}}, "msr_features.10a", "not a name that can stand here"),
    (
        {"msr_features": {"0000010a": {"value": "0" * 20}}},
        "msr_features.0000010a.value",
        "0" * 20 + " has more than 64 bits",
    ),
    (
        {"name": "\0"},
        "name",
        '"\\u0000" does not fit: text of 1 to 1000 printable characters',
    ),
    ({"name": "\ud800"}, "name", '"\\ud800" is not Unicode text'),
    ({"kernel": 6}, "kernel", "expected string, not 6 (an integer)"),
    ({"missing": {"A": "x"}}, "missing.A", "not a name that can stand here"),
]


@pytest.mark.parametrize(("changes", "path", "text"), FAULTS)
def test_what_is_wrong_is_told(changes: dict[str, Any], path: str, text: str) -> None:
    with pytest.raises(BadData) as caught:
        host_of(genoa(**changes), "x", "FILE")
    assert caught.value.faults[0] == (path, text)
    assert len(caught.value.faults) == 1
    assert str(caught.value) == ": ".join(filter(None, ("FILE", path, text)))


def test_all_faults_are_told_in_order() -> None:
    content = genoa(tsc_khz=-1, mce_cap="x", supported_cpuid=[entry(regs="1"), 5], name=7)
    with pytest.raises(BadData) as caught:
        host_of(content, "x")
    assert [path for path, _ in caught.value.faults] == [
        "name",
        "supported_cpuid[0].regs",
        "supported_cpuid[1]",
        "mce_cap",
        "tsc_khz",
    ]


TEXTS = [
    ("", ("", "the file is empty")),
    (" \n", ("", "the file is empty")),
    ("{", ("1:2", "the file ends in the middle: it is truncated")),
    ('{"format": "kvm-host/1",}', (None, None)),
    (
        '{"format": "kvm-host/1", "host_cpuid": {}, "name": "a", "name": "b"}',
        ("name", "the member stands twice"),
    ),
    ("[" * 100_000, ("", "nested too deep")),
    ('{"host_cpuid": {}, "format":' + "[" * 60 + "]" * 60 + "}", (None, "nested too deep")),
    ("\0\0\0", ("", "is none of the formats of a host")),
    ("hello", ("", "is none of the formats of a host")),
    ('"kvm-host/1"', ("", "is none of the formats of a host")),
    ("[]", ("", "expected object, not [] (an array)")),
    ("{}", ("", "member 'format' is missing")),
]


@pytest.mark.parametrize(("text", "fault"), TEXTS, ids=range(len(TEXTS)))
def test_texts_that_are_no_record(text: str, fault: tuple[str | None, str | None]) -> None:
    with pytest.raises(BadData) as caught:
        read_host(text, "x")
    assert any(
        fault[0] in (None, path) and fault[1] in (None, said) for path, said in caught.value.faults
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "No such file or directory"),
        (b"\xff\xfe{}", "byte 0xff is not UTF-8"),
        (b"{" + b" " * (1 << 24), "the file has more than 16 MiB"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes | None, text: str) -> None:
    path = tmp_path / "host.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadData, match=text):
        load_host(path)


def test_names_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="Is a directory"):
        load_host(tmp_path)
    with pytest.raises(BadData, match="null"):
        load_host("a\0b")


# --- any change of a good record -------------------------------------------------------------

SMALL: dict[str, Any] = {
    "format": "kvm-host/1",
    "name": "small",
    "kernel": "6.1",
    "missing": {"emulated_cpuid": "EPERM"},
    "assumed": ["nothing"],
    "host_cpuid": {"00000000.0": REGISTERS, "80000008.0": "00003030" + REGISTERS[8:]},
    "supported_cpuid": [entry(), entry(index=1)],
    "hv_cpuid": {"errno": "EINVAL"},
    "extensions": {"9": {"name": None, "kvm": 2, "vm": 2}, "66": {"kvm": 4, "vm": 4}},
    "msr_index_list": ["00000010"],
    "msr_features": {"0000010a": {"name": "x", "value": "0" * 16}, "0000008b": "1" * 16},
    "mce_cap": "0000000001000100",
    "tsc_khz": 1000,
}

LEAF_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.from_regex("[0-9a-fA-F ]{0,40}", fullmatch=True),
    st.sampled_from([REGISTERS, "ffffffff" + REGISTERS[8:], "0" * 8, "0" * 16, "f" * 16]),
)
VALUES = st.recursive(
    LEAF_VALUES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=8) | st.sampled_from(["errno", "9", "regs"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where a value stands in a content."""
    items: Any = ()
    if isinstance(content, dict):
        items = content.items()
    elif isinstance(content, list):
        items = enumerate(content)
    return [path, *(each for key, value in items for each in places(value, (*path, key)))]


def changed(content: Any, path: tuple[Any, ...], act: str, value: Any, name: str) -> Any:
    """The content with something done at a place."""
    if not path:
        return value if act == "replace" else content
    key, *rest = path
    copied = dict(content) if isinstance(content, dict) else list(content)
    if rest:
        copied[key] = changed(content[key], tuple(rest), act, value, name)
    elif act == "replace":
        copied[key] = value
    elif act == "delete":
        del copied[key]
    elif isinstance(copied, dict):
        copied[name] = copied.pop(key) if act == "rename" else value
    else:
        copied.insert(key, copied[key] if act == "rename" else value)
    return copied


@st.composite
def mutations(draw: st.DrawFn) -> Any:
    content = SMALL
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(content)))
        act = draw(st.sampled_from(["replace", "delete", "rename", "add"]))
        content = changed(content, path, act, draw(VALUES), draw(st.text(max_size=10)))
    return content


@settings(max_examples=300, deadline=None)
@given(mutations())
def test_any_change_gives_a_host_or_says_why_not(content: Any) -> None:
    """And what is read without the schema is what the schema and the other checks allow."""
    host = tried(host_of, content, "x")
    if isinstance(host, Host):
        assert host_of(record_of(host), "x") == host
        assert "cpuid" in content or schema.faults(content, "host") == []


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_change_of_the_text(data: st.DataObject) -> None:
    text = json.dumps(SMALL)
    at = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(at, min(at + 20, len(text))))
    middle = data.draw(st.text(max_size=5))
    rest = "" if data.draw(st.booleans()) else text[end:]
    assert isinstance(tried(read_host, text[:at] + middle + rest, "x"), (Host, BadData))
