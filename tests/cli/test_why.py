"""``pyqom why``, and ``--host`` of the other verbs."""

from __future__ import annotations

from pathlib import Path

import pytest

GENOA = str(Path(__file__).parents[1] / "data" / "hosts" / "genoa.json")


def test_one_model(pyqom):
    answer = pyqom("why", "EPYC-Genoa,+vmx", "--host", GENOA, "--machine", "q35")
    assert answer.status == 1
    assert answer.out.startswith("EPYC-Genoa,+vmx on pc-q35-11.1 (QEMU 11.1, kvm) on host genoa\n")
    assert answer.row("vmx")[:3] == ["vmx", "cpu", "the"]
    assert answer.row("vmx")[-5:] == ["CPUID", "1h", "ECX", "bit", "5"]
    assert "what is off without harm" in answer.out


def test_a_model_that_runs(pyqom):
    answer = pyqom("why", "host", "--host", GENOA)
    assert answer.status == 0
    assert "It runs with all that it asks for." in answer.out


def test_all_models(pyqom):
    answer = pyqom("why", "--host", GENOA, "-M", "q35", "--release", "7.2")
    assert answer.status == 1
    assert answer.row("max")[1] == "yes"
    assert answer.row("EPYC")[1] == "no"


def test_json(pyqom):
    found = pyqom("why", "Cascadelake-Server", "--host", GENOA, "--json").json
    assert (found["model"], found["host"], found["runnable"]) == (
        "Cascadelake-Server",
        "genoa",
        False,
    )
    by_name = {each["feature"]: each for each in found["missing"]}
    assert by_name["avx2"] == {
        "feature": "avx2",
        "layer": "kvm",
        "reason": "the CPU has it, but KVM of this kernel (Linux 6.18.0) does not pass it on",
        "blocks": True,
        "word": "7.0.EBX",
        "bit": 5,
        "cpuid": {"leaf": 7, "register": "EBX", "subleaf": 0},
    }
    assert by_name["vmx-ept"]["msr"] == 0x48B
    every = pyqom("why", "--host", GENOA, "--json").json
    assert found in every


@pytest.mark.parametrize(
    "words",
    [
        ("expand", "EPYC"),
        ("models",),
        ("models", "EPYC"),
        ("explain", "EPYC", "svm"),
        ("diff", "EPYC", "EPYC-v2"),
        ("diff", "EPYC", "--along", "pc-q35"),
        ("qmp", "query-kvm"),
        ("tree",),
        ("why", "EPYC"),
    ],
)
def test_host_implies_kvm(pyqom, words):
    answer = pyqom(*words, "--host", GENOA)
    assert answer.status in (0, 1)
    assert answer.out == pyqom(*words, "--host", GENOA, "--accel", "kvm").out
    refused = pyqom(*words, "--host", GENOA, "--accel", "tcg")
    assert refused.status == 2
    assert "--host goes with --accel kvm, not tcg" in refused.err


def test_two_hosts_differ(pyqom, tmp_path):
    other = tmp_path / "other.json"
    other.write_text(
        Path(GENOA).read_text().replace('"00000000.0": "0000001c 68747541 444d4163 69746e65"',
                                        '"00000000.0": "0000001c 756e6547 6c65746e 49656e69"')
    )
    answer = pyqom("diff", "EPYC", "--host", GENOA, "--host", str(other))
    assert answer.status == 1
    assert answer.row("vendor")[1:3] == ["AuthenticAMD", "GenuineIntel"]


def test_irqchip_of_an_accelerator(pyqom):
    words = ("why", "qemu64,+x2apic", "--host", GENOA, "-M", "q35")
    answer = pyqom(*words, "--accel", "kvm,kernel-irqchip=off")
    assert answer.row("x2apic")[1] == "capability"


def test_what_is_no_host(pyqom, tmp_path):
    file = tmp_path / "host.json"
    file.write_text("[]")
    for name in (file, tmp_path / "nothing"):
        answer = pyqom("why", "EPYC", "--host", str(name))
        assert (answer.status, answer.out) == (2, "")
        assert str(name) in answer.err
