"""Hosts of other formats: what is read, what is assumed of KVM, what is wrong with a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyqom.errors import BadData
from pyqom.hosts import Host, cpudata, dump, load_host
from pyqom.hosts.passes import ASSUMED, HARDWARE_MSRS, NO_MSRS
from pyqom.hosts.reading import host_of, read_host
from pyqom.hosts.record import record_of
from pyqom.hosts.writing import FORMATS, dropped, write_host
from tests.hosts.samples import DATA, INTEL, LEAVES, WHY_NOT, genoa, tried

DUMP = (DATA / "genoa.cpuid-r.txt").read_text(encoding="utf-8")
CPUINFO = (DATA / "genoa.cpuinfo.txt").read_text(encoding="utf-8")
CPUDATA = """<cpudata arch='x86'>
  <cpuid eax_in='0x00000000' ecx_in='0x00'
         eax='0x16' ebx='0x756e6547' ecx='0x6c65746e' edx='0x49656e69'/>
  <cpuid eax_in='7' eax='0' ebx='0x20' ecx='0' edx='0x20000000'/>
  <msr index='0x10a' eax='0x2b' edx='0x1'/>
</cpudata>
"""


def sample() -> Host:
    return load_host(DATA / "genoa.json")


def leaves(*more: list[int], **members: Any) -> Any:
    return {"name": "intel", "cpuid": [*INTEL, *more], **members}


# --- cpuid -r --------------------------------------------------------------------------------


def test_dump_of_several_cpus() -> None:
    host = read_host(DUMP, "dump")
    own = sample()
    shared = host.hardware.keys() & own.hardware.keys()
    assert len(shared) > 60
    assert {
        place: host.hardware[place] for place in shared - {(0xB, 2), (0xB, 1), (0xB, 0), (1, 0)}
    } == {place: own.hardware[place] for place in shared - {(0xB, 2), (0xB, 1), (0xB, 0), (1, 0)}}
    assert host.source == "cpuid -r"
    assert host.assumed == ("all 2 CPUs are as the first", *ASSUMED, NO_MSRS)


def test_dump_whose_cpus_differ() -> None:
    second = DUMP.rindex("CPU 1")
    other = DUMP[:second] + DUMP[second:].replace("edx=0x178bfbff", "edx=0x178bfbfe")
    assert read_host(other, "dump").assumed[0] == (
        "all CPUs are as the first, though these differ from it: 1"
    )
    assert read_host(other, "dump") == read_host(DUMP, "dump")


def test_dump_of_one_cpu() -> None:
    one = DUMP[: DUMP.index("CPU 1")].replace("CPU 0:", "CPU:")
    host = read_host(one, "dump")
    assert host.assumed == (*ASSUMED, NO_MSRS)
    assert host == read_host(one.partition("\n")[2], "dump")  # without the heading, too
    assert host == read_host(DUMP, "dump")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("eax=0x0000001c", "eax=0x10000001c", ("line 2", "0x10000001c has more than 32 bits")),
        ("eax=0x0000001c", "eax=0xzz", ("line 2", "0xzz is no hexadecimal number")),
        ("ebx=0x68747541 ", "", ("line 2", "neither a CPU nor a leaf")),
        ("CPU 1:", "", ("line 87", "contradicts a line before it, of leaf 00000001.0 too")),
        (
            "eax=0x80000021",
            "eax=0xffffffff",
            ("line", "the highest leaf 0xffffffff is out of range"),
        ),
    ],
)
def test_dump_with_a_fault(old: str, new: str, fault: tuple[str, str]) -> None:
    with pytest.raises(BadData) as caught:
        read_host(DUMP.replace(old, new), "dump")
    places = [place for place, text in caught.value.faults if text.startswith(fault[1])]
    assert places
    assert places[0].startswith(fault[0].split()[0])


def test_dump_without_a_leaf() -> None:
    with pytest.raises(BadData, match="no CPU in it"):
        read_host("CPU 0:\nCPU 1:\n", "dump")


# --- <cpudata> -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [CPUDATA, f"<?xml version='1.0'?><!-- x --><host>{CPUDATA}</host>"]
)
def test_cpudata(text: str) -> None:
    host = read_host(text, "data")
    assert host.hardware == {
        (0, 0): (0x16, 0x756E6547, 0x6C65746E, 0x49656E69),
        (7, 0): (0, 0x20, 0, 0x20000000),
    }
    assert host.msr_features == {0x10A: 0x1_0000_002B}
    assert host.assumed == (*ASSUMED, HARDWARE_MSRS)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("</cpudata>", "", "not XML: no element found"),
        ("<cpuid eax_in='7'", "<cpuid", "<cpuid> without eax_in"),
        ("eax='0' ebx", "eax='0x1ffffffff' ebx", "eax 0x1ffffffff does not fit 32 bits"),
        ("eax='0' ebx", "eax='-1' ebx", "eax -1 does not fit 32 bits"),
        ("eax='0' ebx", "eax='x' ebx", "eax 'x' is no number"),
        ("eax_in='7'", "eax_in='0'", "contradicts an element before it, of leaf 00000000.0 too"),
        ("arch='x86'", "arch='ppc64'", "a CPU of architecture 'ppc64', not x86"),
        ("<cpudata", "<!DOCTYPE a [<!ENTITY b 'c'>]><cpudata", "an entity is declared: b"),
        ("<cpudata arch='x86'>", "<cpudata>" + "<a>" * 100, "nested too deep"),
        ("cpudata", "other", "no <cpuid> in a <cpudata> in it"),
        ("0x2b", "\0", "not XML: not well-formed (invalid token)"),
    ],
)
def test_cpudata_with_a_fault(old: str, new: str, text: str) -> None:
    with pytest.raises(BadData) as caught:
        read_host(CPUDATA.replace(old, new), "data")
    assert text in [each for _, each in caught.value.faults]


# --- /proc/cpuinfo ---------------------------------------------------------------------------


def test_cpuinfo() -> None:
    """The bits that it shows are those of the CPU; nothing is there that the CPU lacks."""
    host, own = read_host(CPUINFO, "info"), sample()
    assert host.cpuid(1)[0] == own.cpuid(1)[0]
    assert host.cpuid(0) == own.cpuid(0)
    for place in ((1, 0), (7, 0), (7, 1), (0xD, 1), (0x80000001, 0), (0x80000008, 0)):
        for register in range(4):
            if (place[0], register) in {(1, 1), (0xD, 1), (0x80000001, 1), (7, 0)}:
                continue  # no features
            found, real = host.cpuid(*place)[register], own.cpuid(*place)[register]
            if place == (0x80000008, 0) and register == 0:
                real &= 0xFFFF
            assert found & ~real == 0, (place, register, hex(found), hex(real))
    assert host.cpuid(7)[1] == own.cpuid(7)[1]
    assert host.cpuid(1)[2] | 1 << 27 == own.cpuid(1)[2]  # OSXSAVE has no flag
    assert [host.cpuid(leaf) for leaf in (0x80000002, 0x80000003)] == [
        own.cpuid(leaf) for leaf in (0x80000002, 0x80000003)
    ]
    assert "only what /proc/cpuinfo shows" in host.assumed[0]


def test_no_flag_is_dropped() -> None:
    host = read_host(CPUINFO.replace("rep_good", "rep_good brand_new", 1), "info")
    assert {"rep_good", "brand_new", "constant_tsc"} <= set(host.unplaced)
    assert "fpu" not in host.unplaced
    again = host_of(record_of(host), "x")
    assert (again.unplaced, again.assumed, again.source) == (
        host.unplaced,
        host.assumed,
        "/proc/cpuinfo",
    )


def test_flags_of_intel() -> None:
    text = "processor : 0\nvendor_id : GenuineIntel\ncpu family : 6\nmodel : 85\nstepping : 4\n"
    host = read_host(text + "flags : fpu ibrs ibpb stibp ssbd vmx ept xsave avx avx512f pku\n", "x")
    assert host.cpuid(1)[0] == 0x00050654
    assert host.cpuid(7)[3] == 1 << 26 | 1 << 27 | 1 << 31
    assert host.cpuid(0xD)[0] == 0x2E7
    assert host.unplaced == ("ept",)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("flags", "nothing", ("flags", "there are none")),
        ("cpu family\t: 25", "cpu family\t: x", ("cpu family", "'x' is no number")),
        ("cpu family\t: 25", "cpu family\t: 271", ("cpu family", "271 is more than 270")),
        ("cpu family", "family", ("cpu family", "is missing")),
        ("fpu vme", "fpu \x1b", ("flags", "'\\x1b' is no flag")),
        ("AuthenticAMD", "Authentic\x7f", ("vendor_id", "'Authentic\\x7f' is no vendor")),
        (
            "48 bits physical",
            "99 bits physical",
            ("address sizes", "'99 bits physical, 48 bits virtual' are none"),
        ),
    ],
)
def test_cpuinfo_with_a_fault(old: str, new: str, fault: tuple[str, str]) -> None:
    with pytest.raises(BadData) as caught:
        read_host(CPUINFO.replace(old, new), "info")
    assert caught.value.faults == (fault,)


# --- a list of leaves ------------------------------------------------------------------------


def test_what_kvm_passes_of_a_cpu() -> None:
    host = host_of(leaves(), "x")
    assert host.assumed == (*ASSUMED, NO_MSRS)
    assert host.kvm_cpuid(0) == host.cpuid(0)
    # dtes64, monitor, ds-cpl, smx, est, tm2, xtpr, osxsave go; x2apic and vmx stay
    assert host.kvm_cpuid(1)[2] == 0x7FFAFBBF & ~(
        1 << 2 | 1 << 3 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 8
    ) & ~(1 << 11 | 1 << 14 | 1 << 24 | 1 << 27)
    assert host.kvm_cpuid(7)[1] >> 1 & 1  # tsc-adjust is emulated
    assert not host.kvm_cpuid(7)[1] >> 25 & 1  # intel-pt is not passed
    assert host.kvm_cpuid(7)[2] >> 2 & 1  # umip is emulated where there is VMX
    assert host.kvm_cpuid(7)[3] >> 26 == 0b101111 & ~(1 << 4) | 0b001000  # and arch-capabilities
    assert host.kvm_cpuid(0xD) == (0x1F, 0x440, 0x440, 0)
    assert host.kvm_cpuid(0xD, 4) == (0x40, 0x400, 0, 0)
    assert host.kvm_cpuid(0x80000007) == (0, 0, 0, 0x100)
    assert host.kvm_cpuid(0x80000008)[1] == 1 << 12 | 1 << 14 | 1 << 15 | 1 << 24  # from spec-ctrl
    assert host.kvm_cpuid(0x40000001)[0] == 0x1007EFB
    assert host.kvm_cpuid(6) == (4, 0, 0, 0)
    assert (host.extension(31), host.extension(9)) == (32, 1024)


def test_hyperv_is_kvms_own() -> None:
    """Leaf 40000004h recommends the enlightened VMCS where there is VMX."""
    intel, amd = host_of(leaves(), "x"), read_host(DUMP, "x")
    for host, vmcs in ((intel, 1), (amd, 0)):
        assert host.hyperv is not None
        listed = {each.leaf: each.registers for each in host.hyperv}
        assert listed[0x40000001][0].to_bytes(4, "little") == b"Hv#1"
        assert listed[0x40000004][0] == 0xE2C | vmcs << 14
        assert listed[0x4000000A][0] & 0xFFFF == vmcs * 0x101
        assert (host.extension(44), host.extension(163)) == (1, vmcs)


def test_what_kvm_emulates_needs_the_leaf() -> None:
    host = host_of({"cpuid": [[0, 0, 1, 0x756E6547, 0, 0], [1, 0, 0x633, 0, 0, 0x183FBFF]]}, "old")
    assert (7, 0) not in {(each.leaf, each.subleaf) for each in host.supported}
    assert host.kvm_cpuid(1)[2] == 1 << 21


SAID = {"on": ["fpu", "vmx", "vmx-ept", "lm", "i64", "check"], "off": ["sse2", "avx", "svm", "aes"]}


def test_what_a_qemu_said_counts() -> None:
    values = {"min-level": 13, "min-xlevel": 0x80000008}
    host = host_of(leaves(qemu={"host": {**SAID, "values": values}}, msrs=[[0x10A, 2, 1]]), "x")
    base = host_of(leaves(), "x")
    assert host.kvm_cpuid(1)[3] == base.kvm_cpuid(1)[3] & ~(1 << 26)
    assert host.kvm_cpuid(1)[2] == base.kvm_cpuid(1)[2] & ~(1 << 28 | 1 << 25)
    assert host.kvm_cpuid(0x80000001)[3] >> 29 & 1
    assert host.kvm_cpuid(0)[0] == 13
    assert host.msr_features == {0x10A: 0x1_0000_0002, 0x48B: 1 << 33}
    assert host.unplaced == ("check",)
    assert host.hardware == base.hardware
    assert len(host.assumed) == 3


def test_what_qemu_does_not_switch_on_by_itself_counts_as_for_the_leaves() -> None:
    host = host_of(leaves(qemu={"host": {"on": [], "off": ["invtsc", "topoext"]}}), "x")
    assert host.kvm_cpuid(0x80000007)[3] == 0x100


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ({"cpuid": []}, ("cpuid", "0 entries, at least 1 needed")),
        ({"cpuid": {}}, ("cpuid", "expected array, not {} (an object)")),
        ({"cpuid": [[0, 0, 0]]}, ("cpuid[0]", "3 entries, at least 6 needed")),
        (leaves([1 << 32, 0, 0, 0, 0, 0]), ("cpuid[12][0]", "4294967296 is more than 4294967295")),
        (
            leaves([1, 0, 0, 0, 0, 0]),
            ("cpuid[12]", "contradicts an entry before it, of the same place"),
        ),
        (
            leaves(msrs=[[1, 2, 3], [1, 2, 4]]),
            ("msrs[1]", "contradicts an entry before it, of the same place"),
        ),
        (
            leaves([0x40000000, 0, 0x7FFFFFFF, 0, 0, 0]),
            ("cpuid[12]", "the highest leaf 0x7fffffff is out of range, at most 0x4000ffff"),
        ),
        (leaves(qemu={"host": {}}), ("qemu.host", "member 'on' is missing")),
        (
            leaves(qemu={"host": {"on": [1]}}),
            ("qemu.host.on[0]", "expected string, not 1 (an integer)"),
        ),
        (
            leaves(name="\x1f"),
            ("name", '"\\u001f" does not fit: text of 1 to 1000 printable characters'),
        ),
    ],
)
def test_leaves_with_a_fault(content: Any, fault: tuple[str, str]) -> None:
    with pytest.raises(BadData) as caught:
        host_of(content, "x")
    assert caught.value.faults == (fault,)


@pytest.mark.skipif(not LEAVES, reason=WHY_NOT)
@pytest.mark.parametrize("path", LEAVES, ids=lambda path: path.stem)
def test_real_hosts(path: Path) -> None:
    """They load; and of what QEMU had on, nearly all is what KVM is thought to pass anyway."""
    from pyqom.hosts.leaves import _feature_bits

    content = json.loads(path.read_text(encoding="utf-8"))
    host = load_host(path)
    assert host.name == path.stem
    assert len(host.hardware) == len(content["cpuid"])
    said = content.get("qemu", {}).get("host", {"on": []})["on"]
    alone = host_of({"cpuid": content["cpuid"]}, "x")
    for name in said:
        for place, bit in _feature_bits().get(name, ()):
            if not isinstance(place, int):
                leaf, subleaf, register = place
                assert host.kvm_cpuid(leaf, subleaf)[register] >> bit & 1, name
                if name not in LATER and (leaf, subleaf) in host.hardware:
                    assert alone.kvm_cpuid(leaf, subleaf)[register] >> bit & 1, name


LATER = frozenset(
    {
        *(
            "kvm-hint-dedicated",
            "hypervisor",
            "tsc-deadline",
            "tsc_adjust",
            "cpuid-0xb",
            "md-clear",
            "spec-ctrl",
            "ssbd",
        ),
        *("stibp", "arch-capabilities", "mtrr", "mca", "mce", "pat"),
        *("ibpb", "virt-ssbd", "amd-ssbd", "amd-stibp", "amd-no-ssb", "xsaves", "rdpid", "umip"),
        *("core-capability", "kvm_pv_unhalt", "kvm-pv-unhalt", "kvm-pv-eoi", "intel-pt", "ht"),
    }
)
"""What QEMU adds by itself, or newer microcode has than that of the leaves."""


# --- writing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_what_a_format_holds_comes_back(form: str) -> None:
    own = sample()
    back = read_host(write_host(own, form), "back")
    assert back.hardware == own.hardware
    if form != "cpuid-r":
        assert back.msr_features == own.msr_features
    if form == "kvm-host":
        assert back == own
        assert dropped(own, form) == []
    else:
        assert "KVM_GET_SUPPORTED_CPUID" in dropped(own, form)
        assert write_host(back, form) == write_host(own, form)


def test_what_has_nothing_more_drops_nothing() -> None:
    bare = Host("x", {(0, 0): (1, 2, 3, 4)})
    assert dropped(bare, "cpuid-r") == dropped(bare, "cpudata") == []
    assert read_host(dump.written(bare), "x").hardware == bare.hardware
    assert read_host(cpudata.written(bare), "x").hardware == bare.hardware


# --- signature -------------------------------------------------------------------------------


def test_hosts_are_equal_by_what_decides() -> None:
    own = sample()
    other = host_of(genoa(name="b", kernel="5", recorded="now"), "x")
    assert own == other
    assert hash(own) == hash(other)
    assert own.signature() == other.signature()
    assert len(own.signature()) == 64
    assert own != host_of(genoa(tsc_khz=1), "x")
    assert own != "genoa"


@pytest.mark.parametrize(
    ("key", "value", "same"),
    [
        ("00000001.0", "00a10f11 ff020800 fffa3203 178bfbff", True),  # the APIC id
        ("00000001.0", "00a10f11 00020801 fffa3203 178bfbff", False),
        ("0000000b.0", "00000000 00000001 00000100 00000007", True),  # the x2APIC id
        ("00000123.0", "00000000 00000000 00000000 00000000", True),
        ("00000123.0", "00000000 00000000 00000000 00000001", False),
    ],
)
def test_what_depends_on_the_cpu_does_not_decide(key: str, value: str, same: bool) -> None:
    content = genoa()
    content["host_cpuid"][key] = value
    assert (host_of(content, "x") == sample()) is same


def test_the_order_of_a_record_does_not_decide() -> None:
    content = genoa()
    content["msr_index_list"].reverse()
    content["host_cpuid"] = dict(reversed(content["host_cpuid"].items()))
    content["extensions"] = dict(reversed(content["extensions"].items()))
    assert host_of(content, "x") == sample()


# --- anything --------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        [DUMP[:1200], CPUINFO[:2000], CPUDATA, json.dumps(leaves(qemu={"host": SAID}))]
    ),
    st.data(),
)
def test_any_change_gives_a_host_or_says_why_not(text: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(at, min(at + 30, len(text))))
        middle = data.draw(
            st.text(max_size=6) | st.sampled_from(["-1", "ffffffffff", "0x", ": ", "\n"])
        )
        text = text[:at] + middle + text[end:]
    host = tried(read_host, text, "x")
    assert isinstance(host, BadData) or host_of(json.loads(write_host(host)), "x") == host


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["cpuid", "msrs", "qemu", "name", "host", "on", "values"]), JSON)
def test_any_list_of_leaves(member: str, value: Any) -> None:
    content = leaves(qemu={"host": dict(SAID)}, msrs=[[1, 2, 3]])
    place = content if member in ("cpuid", "msrs", "qemu", "name") else content["qemu"]
    (place["host"] if member in ("on", "values") else place)[member] = value
    host = tried(host_of, content, "x")
    assert isinstance(host, BadData) or host_of(json.loads(write_host(host)), "x") == host
