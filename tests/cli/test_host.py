"""``pyqom host``: capture, show and convert."""

from __future__ import annotations

import json

import pytest

from pyqom.hosts import capture, load_host
from tests.hosts.samples import DATA, INTEL

GENOA = str(DATA / "genoa.json")
CPUINFO = str(DATA / "genoa.cpuinfo.txt")


@pytest.fixture
def machine(monkeypatch):
    """A machine without KVM whose CPU is known."""
    monkeypatch.setattr(capture, "DEVICE", "/dev/no-such-kvm")
    monkeypatch.setattr(capture, "_hardware", lambda: {(0, 0): (1, 2, 3, 4)})


def test_capture_without_kvm(pyqom, machine, tmp_path):
    answer = pyqom("host", "capture", "--name", "mine")
    assert answer.status == 1
    assert answer.json["name"] == "mine"
    assert answer.json["host_cpuid"] == {"00000000.0": "00000001 00000002 00000003 00000004"}
    reason = "Could not access KVM kernel module: No such file or directory"
    assert f"pyqom: not read: supported_cpuid: {reason}\n" in answer.err
    file = tmp_path / "host.json"
    for argv in (("capture", str(file)), ("capture", "-o", str(file))):
        file.unlink(missing_ok=True)
        answer = pyqom("host", *argv)
        assert (answer.status, answer.out) == (1, "")
        assert load_host(file).missing["supported_cpuid"] == reason


def test_capture_of_a_whole_machine(pyqom, monkeypatch):
    monkeypatch.setattr(capture, "capture_host", lambda *_, **__: load_host(GENOA))
    answer = pyqom("host", "capture")
    assert (answer.status, answer.err) == (0, "pyqom: not read: hv_cpuid: EINVAL\n")
    assert len(answer.json["recorded"]) == len("2026-11-23")


def test_show(pyqom):
    answer = pyqom("host", "show", GENOA)
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.startswith("genoa: AMD EPYC\n")
    assert " ".join(answer.row("CPU")[1:]) == "AuthenticAMD, family 25, model 17, stepping 1"
    assert answer.row("microcode") == ["microcode", "0x1000065"]
    assert " ".join(answer.row("addresses")[1:]) == "48 bits physical, 48 bits linear"
    assert answer.row("TSC") == ["TSC", "2596.152", "MHz"]
    assert answer.row("7.0.ECX") == ["7.0.ECX", "umip", "gfni"]
    assert "nr-vcpus=2" in answer.row("have")
    assert answer.row("hv_cpuid:") == ["hv_cpuid:", "EINVAL"]
    assert "assumed" not in answer.out


def test_show_json(pyqom):
    facts = pyqom("host", "show", GENOA, "--json").json
    assert (facts["name"], facts["family"], facts["physical-bits"]) == ("genoa", 25, 48)
    assert facts["signature"] == load_host(GENOA).signature()
    assert "avx" in facts["features"]["cpu"]
    assert "avx" in facts["features"]["kvm-lacks"]
    assert "avx" not in facts["features"]["kvm"]
    assert facts["virtualization"] == {"cpu": None, "nested": None, "nested-features": []}
    assert facts["capabilities"]["KVM_CAP_NR_VCPUS"] == 2
    assert facts["missing"] == {"hv_cpuid": "EINVAL"}


def test_show_what_is_assumed(pyqom):
    answer = pyqom("host", "show", CPUINFO)
    assert answer.status == 0
    assert "assumed\n  the CPU: only what /proc/cpuinfo shows" in answer.out
    assert "rep_good" in answer.out.splitlines()[-1].split()


def test_show_virtualization(pyqom, tmp_path):
    file = tmp_path / "intel.json"
    msrs = [[0x48B, 0, 2], [0x48C, 0, 0]]
    file.write_text(json.dumps({"cpuid": INTEL, "msrs": msrs}))
    answer = pyqom("host", "show", str(file))
    assert " ".join(answer.row("virtualization")[1:]) == "vmx, nested with vmx-ept"
    nested = pyqom("host", "show", str(file), "--json").json["virtualization"]
    assert nested == {"cpu": "vmx", "nested": "vmx", "nested-features": ["vmx-ept"]}


def test_show_a_host_of_nothing(pyqom, tmp_path):
    file = tmp_path / "bare.json"
    file.write_text('{"format": "kvm-host/1", "host_cpuid": {}}')
    answer = pyqom("host", "show", str(file))
    assert answer.out.startswith("bare: a CPU that is not known\n")
    assert pyqom("host", "show", str(file), "--json").json["family"] is None


@pytest.mark.parametrize("form", ["kvm-host", "cpuid-r", "cpudata"])
def test_convert(pyqom, tmp_path, form):
    out = tmp_path / "out"
    answer = pyqom("host", "convert", GENOA, "--to", form, "-o", str(out))
    assert (answer.status, answer.out) == (0, "")
    assert load_host(out).hardware == load_host(GENOA).hardware
    assert pyqom("host", "convert", GENOA, "--to", form).out == out.read_text()
    lost = [line.partition("cannot hold: ")[2] for line in answer.err.splitlines()]
    assert ("KVM_GET_SUPPORTED_CPUID" in lost) is (form != "kvm-host")


def test_convert_keeps_what_was_assumed(pyqom):
    record = pyqom("host", "convert", CPUINFO, "--name", "other").json
    assert (record["name"], record["source"]) == ("other", "/proc/cpuinfo")
    assert record["assumed"]
    assert "rep_good" in record["unplaced"]


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (("sho", GENOA), "'sho' is none of capture, show, convert; did you mean show?"),
        (("show",), "'show' needs a FILE"),
        (("convert",), "'convert' needs a FILE"),
        (("show", GENOA, "--to", "cpudata"), "'show' does not take --to"),
        (("capture", "--json"), "'capture' does not take --json"),
        (("capture", "a", "-o", "b"), "FILE and --output are both where to write to"),
        (("convert", GENOA, "--to", "cpudta"), "no format 'cpudta', there are kvm-host, cpuid-r, "),
        (("show", "/nowhere"), "/nowhere: No such file or directory"),
        ((), "the following arguments are required"),
    ],
)
def test_mistakes(pyqom, argv, text):
    answer = pyqom("host", *argv)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith("pyqom: ")
    assert text in answer.err


def test_all_faults_are_told_with_their_file(pyqom, tmp_path):
    file = tmp_path / "bad.json"
    file.write_text('{"format": "kvm-host/1", "host_cpuid": {}, "tsc_khz": 0, "mce_cap": 1}')
    answer = pyqom("host", "show", str(file))
    assert answer.status == 2
    assert answer.err == (
        f"pyqom: {file}: tsc_khz: 0 is less than 1\n"
        f"pyqom: {file}: mce_cap: expected string, not 1 (an integer)\n"
    )


def test_help(pyqom):
    answer = pyqom("host", "--help")
    assert answer.status == 0
    for word in ("capture [FILE]", "show FILE", "convert FILE", "--to FORMAT", "exit status"):
        assert word in answer.out
