"""Who is to blame for what a model does not get on a host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import pyqom
from pyqom.answers.blame import LAYERS
from pyqom.hosts import Host, load_host
from pyqom.hosts.reading import host_of

GENOA = Path(__file__).parents[1] / "data" / "hosts" / "genoa.json"

INTEL = "00000014 756e6547 6c65746e 49656e69"


def registers(words: str) -> str:
    return " ".join(word.rjust(8, "0") for word in words.split())


def entry(leaf: int, subleaf: int, words: str) -> dict[str, Any]:
    return {
        "function": f"{leaf:08x}",
        "index": subleaf,
        "flags": 0,
        "regs": registers(words),
    }


def small(
    supported: dict[tuple[int, int], str] | None = None, capabilities: dict[int, int] | None = None
) -> Host:
    """A Haswell that has all of leaf 1 and nothing of leaf 7.

    KVM lists all of leaf 1 but sse4.2 and tsc-deadline.
    """
    everything = "ffffffff"
    tables = {
        (0, 0): INTEL,
        (1, 0): f"000306c3 00000000 feefffff {everything}",
        (0xD, 0): "3 0 0 0",
        (0x80000000, 0): "80000008 0 0 0",
        (0x80000001, 0): f"0 0 {everything} {everything}",
        **(supported or {}),
    }
    return host_of(
        {
            "format": "kvm-host/1",
            "name": "small",
            "host_cpuid": {
                "00000000.0": INTEL,
                "00000001.0": f"000306c3 00000000 {everything} {everything}",
                "00000007.0": registers("0 0 0 0"),
                "80000001.0": registers(f"0 0 {everything} {everything}"),
            },
            "supported_cpuid": [entry(*place, regs) for place, regs in tables.items()],
            "extensions": {
                str(number): {"name": None, "kvm": value, "vm": value}
                for number, value in (capabilities or {}).items()
            },
        },
        "small",
    )


BLAMED = [
    # model, feature, layer, what the reason says, blocks
    ("Haswell", "sse4.2", "kvm", "the CPU has it, but KVM", True),
    ("Haswell", "avx2", "cpu", "the CPU does not have it", True),
    ("Haswell", "rtm", "cpu", "whose TSX is broken", True),
    ("Haswell", "kvm-steal-time", "kvm", "KVM of this kernel does not have it", True),
    ("Haswell", "tsc-deadline", "capability", "KVM_CAP_TSC_DEADLINE_TIMER (72)", True),
    ("Haswell", "vmx-ept", "dependency", "vmx-secondary-ctls, which is off", False),
    ("EPYC", "npt", "dependency", "svm, which is off", False),
    ("EPYC", "svm", "accelerator", "KVM turns it off unless it is asked for", False),
    ("Haswell,+monitor", "rdseed", None, "", True),
    ("Haswell,-avx2", "avx2", None, "", True),
    ("Haswell,avx2=off", "avx2", None, "", True),
    ("EPYC,kvm=off", "kvmclock", "dependency", "KVM and kvm=on", False),
    ("qemu64,+core-capability", "core-capability", "cpu", "does not have it", True),
    ("qemu64,+core-capability,+split-lock-detect", "split-lock-detect", "kvm", "MSRs", True),
    ("Haswell,+arch-capabilities", "arch-capabilities", "kvm", "no MSR 10Ah", True),
]


def blames(model: str, host: Host, **more: Any) -> dict[str, Any]:
    (verdict,) = pyqom.why(model, machine=more.pop("machine", "pc-q35-7.2"), host=host, **more)
    return {each.feature: each for each in verdict.missing}


@pytest.mark.parametrize(("model", "feature", "layer", "reason", "blocks"), BLAMED)
def test_blame(model: str, feature: str, layer: str | None, reason: str, blocks: bool) -> None:
    found = blames(model, small()).get(feature)
    if layer is None:
        assert found is None
        return
    assert found is not None
    assert (found.layer, found.blocks) == (layer, blocks)
    assert reason in found.reason


def test_irqchip() -> None:
    """The same host with the timer: what the interrupt controllers' place takes away."""
    host = small(capabilities={72: 1})
    assert "tsc-deadline" not in blames("Haswell", host)
    outside = blames("Haswell,+x2apic", host, accel="kvm,kernel-irqchip=off")
    assert outside["tsc-deadline"].layer == outside["x2apic"].layer == "capability"
    assert "kernel-irqchip=off" in outside["x2apic"].reason
    wants = "qemu64,+kvm-msi-ext-dest-id"
    assert blames(wants, host)["kvm-msi-ext-dest-id"].reason.startswith("it needs kernel-irqchip")
    split = blames(wants, host, accel="kvm,kernel-irqchip=split")
    assert "kvm-msi-ext-dest-id" not in split


def test_machine_type() -> None:
    """What an old machine type turns off is its doing, where the model has it."""
    found = blames("EPYC", small(), machine="pc-i440fx-2.11")
    assert found["topoext"].layer == "machine"
    assert "pc_compat_2_12" in found["topoext"].reason
    assert "topoext" not in blames("EPYC", small(), machine="pc-i440fx-7.2")


def test_release() -> None:
    """A feature that only the other release knows, and its place there."""
    found = blames("EPYC,+avx10", small(), release="7.2")["avx10"]
    assert (found.layer, found.leaf, found.subleaf, found.register) == ("qemu", 7, 1, "EDX")
    assert "QEMU 7.2 does not know it, 11.1 does" in found.reason
    with pytest.raises(pyqom.PyqomError, match=r"Property 'EPYC-x86_64-cpu.nosuch' not found"):
        pyqom.why("EPYC,+nosuch", host=small())


def test_conflict() -> None:
    both = {(7, 0): "2 00004000 0 0", (7, 1): "0 0 0 00200000", (0x14, 0): "0 0 0 0"}
    host = small(both)
    found = blames("qemu64,+mpx,+apxf,+xsave", host, machine="pc-q35-11.1")
    assert found["mpx"].layer == found["apxf"].layer == "conflict"
    assert "it excludes apxf" in found["mpx"].reason


@pytest.mark.parametrize("accel", ["tcg", "kvm"])
@pytest.mark.parametrize("machine", ["none", "pc-q35-7.2", "pc-i440fx-2.1", "pc-q35-11.1"])
def test_what_blocks_is_what_definitions_name(machine: str, accel: str) -> None:
    host = small() if accel == "kvm" else None
    verdicts = pyqom.why(machine=machine, accel=accel, host=host)
    definitions = pyqom.definitions(machine=machine, accel=accel, host=host)
    for verdict, definition in zip(verdicts, definitions, strict=True):
        assert verdict.model == definition["name"]
        names = [each.feature for each in verdict.missing if each.blocks]
        if verdict.error is None:
            told = [("" if ":" in name else name) for name in names]
            assert told == definition["unavailable-features"]
        assert verdict.runnable is (not definition["unavailable-features"])
        for each in verdict.missing:
            assert each.layer in LAYERS
            assert (each.msr is None) is (each.register is not None)
            assert (each.leaf is None) is (each.register is None)


def test_host_needs_a_host() -> None:
    (verdict,) = pyqom.why("host", accel="tcg")
    assert (verdict.runnable, verdict.missing) == (False, ())
    assert verdict.error == "CPU model 'host' requires KVM or HVF"
    assert pyqom.why("host", host=small())[0].runnable


def test_equal_hosts_keep_their_names() -> None:
    """Answers of equal hosts are shared, what they are called is not."""
    genoa = load_host(GENOA)
    other = evolve(genoa, name="other")
    assert other == genoa
    for host in (other, genoa, other):
        assert pyqom.why("EPYC-Genoa", machine="q35", host=host)[0].host == host.name
