"""pyqom cpuid and cpuinfo, and the parts of diff and explain that reach down to CPUID."""

from __future__ import annotations

import re

import pytest

import pyqom as library

LINE = re.compile(
    r"   0x[0-9a-f]{8} 0x[0-9a-f]{2}: eax=0x[0-9a-f]{8} ebx=0x[0-9a-f]{8}"
    r" ecx=0x[0-9a-f]{8} edx=0x[0-9a-f]{8}"
)


@pytest.mark.parametrize(
    "argv",
    [
        ("cpuid", "EPYC"),
        ("cpuid", "EPYC", "qemu64,+avx2", "-M", "q35"),
        ("cpuid", "max", "--release", "7.2"),
        ("cpuid", "EPYC-Genoa", "-M", "q35", "--smp", "8,cores=4,threads=2", "--vcpu", "3"),
        ("cpuinfo", "EPYC", "-M", "q35"),
        ("cpuinfo", "Haswell", "-M", "q35", "--smp", "2", "--vcpu", "1"),
        ("diff", "EPYC", "EPYC", "--cpuid"),
        ("explain", "EPYC", "CPUID.7.0:EBX[5]"),
    ],
    ids=" ".join,
)
def test_good(pyqom, argv):
    for more in ((), ("--json",)):
        answer = pyqom(*argv, *more)
        assert (answer.status, answer.err) == (0, "")
        assert answer.out
    assert answer.json is not None


def test_raw_is_what_the_cpuid_tool_writes(pyqom):
    first, *lines = pyqom("cpuid", "EPYC", "-M", "q35", "--raw").out.splitlines()
    assert first == "CPU 0:"
    assert all(map(LINE.fullmatch, lines))
    table = {row[:2]: row[2:] for row in library.cpuid("EPYC", machine="q35")}
    for line in lines:
        leaf, subleaf, *registers = (int(each, 16) for each in re.findall(r"0x(\w+)", line))
        assert table[leaf, subleaf] == tuple(registers)
    assert "0x80000002" in str(lines)


def test_raw_can_be_read_as_a_host(pyqom, tmp_path):
    from pyqom.hosts.reading import load_host

    file = tmp_path / "dump"
    file.write_text(pyqom("cpuid", "Skylake-Client", "-M", "q35", "--raw").out)
    host = load_host(str(file))
    cpu = library.guest_cpu("Skylake-Client", machine="q35")
    for leaf in (0, 1, 7, 0x80000001, 0x80000008):
        assert host.cpuid(leaf) == cpu.cpuid(leaf)


def test_every_field_has_a_line(pyqom):
    answer = pyqom("cpuid", "EPYC-Genoa", "-M", "q35", "--smp", "4", "--vcpu", "2")
    lines = answer.out.splitlines()
    assert lines[0] == "CPU 2: EPYC-Genoa on pc-q35-11.1 (QEMU 11.1, tcg)"
    told = dict(line.strip().split(" = ") for line in lines if " = " in line)
    told = {name.strip(): value for name, value in told.items()}
    assert told["vendor"] == '"AuthenticAMD"'
    assert told["initial local APIC id"] == "0x2 (2)"
    assert told["AVX2 instructions"] == "true"
    assert told["1 GB pages"] == "true"
    assert "   cache parameters (4): all zero" in lines


def test_json_has_registers_and_fields(pyqom):
    answer = pyqom("cpuid", "Haswell", "-M", "q35", "--json").json
    assert (answer["model"], answer["machine"], answer["vcpu"]) == ("Haswell", "pc-q35-11.1", 0)
    leaf = next(each for each in answer["leaves"] if each["leaf"] == 7)
    assert leaf["ebx"] == library.guest_cpu("Haswell", machine="q35").cpuid(7)[1]
    field = next(each for each in leaf["fields"] if each.get("feature") == "avx2")
    assert field == {
        "register": "EBX",
        "bits": "5",
        "name": "AVX2 instructions",
        "value": True,
        "feature": "avx2",
    }
    both = pyqom("cpuid", "Haswell", "EPYC", "--json").json
    assert [each["model"] for each in both] == ["Haswell", "EPYC"]


def test_cpuinfo_looks_like_the_kernels(pyqom):
    text = pyqom("cpuinfo", "Haswell", "-M", "q35", "--smp", "2,threads=2").out
    blocks = text.split("\n\n")
    assert [block.splitlines()[0] for block in blocks if block] == [
        "processor\t: 0",
        "processor\t: 1",
    ]
    lines = blocks[0].splitlines()
    assert "model name\t: Intel Core Processor (Haswell)" in lines
    assert "cache size\t: 16384 KB" in lines
    assert "address sizes\t: 40 bits physical, 48 bits virtual" in lines
    assert "power management:" in lines
    assert "siblings\t: 2" in lines
    assert any(line.startswith("flags\t\t: fpu de pse tsc") for line in lines)


def test_diff_goes_down_to_the_bits(pyqom):
    answer = pyqom("diff", "Haswell", "Haswell,-avx2", "-M", "q35", "--cpuid")
    assert answer.status == 1
    assert answer.row("00000007.0")[1] == "EBX"
    assert answer.row("EBX[5]")[1:] == ["AVX2", "instructions", "avx2", "true", "false"]
    found = pyqom("diff", "Haswell", "Haswell,-avx2", "-M", "q35", "--cpuid", "--json").json
    (leaf,) = found["cpuid"]
    assert (leaf["leaf"], leaf["a"]["ebx"] ^ leaf["b"]["ebx"]) == (7, 1 << 5)
    assert [field["feature"] for field in leaf["fields"]] == ["avx2"]


def test_diff_of_topologies(pyqom):
    argv = ("diff", "Haswell", "-M", "q35", "--cpuid", "--smp", "1", "--smp", "4,threads=2")
    assert pyqom(*argv, "--vcpu", "0").status == 1
    assert pyqom("diff", "Haswell", "Haswell", "-M", "q35", "--cpuid", "--smp", "4").status == 0


def test_explain_names_word_and_bit(pyqom):
    answer = pyqom("explain", "Haswell", "avx2", "-M", "q35")
    assert "CPUID.7.0:EBX[5] (word 7.0.EBX, FEAT_7_0_EBX): AVX2 instructions" in answer.out
    by_place = pyqom("explain", "Haswell", "CPUID.7.0:EBX[5]", "-M", "q35")
    assert by_place.out == answer.out
    (place,) = pyqom("explain", "Haswell", "vmx-ept", "--json").json["places"]
    assert (place["msr"], place["bit"]) == (0x48B, 1)


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (("cpuid", "EPYC", "-M", "q35", "--vcpu", "1"), "there is no vCPU 1, they are 0 to 0"),
        (("cpuid", "EPYC", "--vcpu", "one"), "argument --vcpu: 'one' is no number"),
        (("cpuid", "EPYC", "--vcpu", "-1"), "'-1' is no number"),
        (("cpuid", "EPYC", "--raw", "--json"), "two forms of one answer"),
        (("cpuid", "EPYX"), "CPU model 'EPYX' not found"),
        (("cpuid", "EPYC", "-M", "q35", "--smp", "3,sockets=2"), "product of the hierarchy"),
        (("cpuid", "EPYC", "--smp", "2"), "max CPUs supported by machine 'none' is 1"),
        (("cpuinfo", "EPYC", "--vcpu", "3"), "there is no vCPU 3"),
        (("cpuinfo", "qemu32"), "no long mode"),
        (("diff", "EPYC", "qemu64", "--smp", "2"), "--smp and --vcpu go with --cpuid"),
        (("diff", "EPYC", "--along", "pc-q35", "--cpuid"), "tells of properties"),
        (("explain", "EPYC", "CPUID.1:EAX[0]"), "it is part of 'stepping'"),
    ],
)
def test_mistakes(pyqom, argv, text):
    answer = pyqom(*argv)
    assert answer.status == 2
    assert text in answer.err
    assert answer.out == ""
