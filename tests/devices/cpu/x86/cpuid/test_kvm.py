"""The table that KVM is given, of a host made up for it: what comes from where."""

from __future__ import annotations

from typing import Any

import pytest

from pyqom import VirtualMachine
from pyqom.accel.kvmwords import kvm_data
from pyqom.errors import PyqomError
from pyqom.hosts.host import CpuidEntry, Extension, Host

SIGNATURE = int.from_bytes(b"KVMK", "little")

HARDWARE = {
    (0x0, 0): (0x1F, 0x756E6547, 0x6C65746E, 0x49656E69),
    (0x1, 0): (0x506E3, 0x100800, 0x7FFAFBBF, 0xBFEBFBFF),
    (0x4, 0): (0x1C004121, 0x1C0003F, 0x3F, 0),
    (0x4, 3): (0x1C03C163, 0x2C0003F, 0x1FFF, 0x6),
    (0x5, 0): (0x40, 0x40, 3, 0x2120),
    (0xD, 2): (256, 576, 0, 0),
    (0xD, 9): (8, 2816, 0, 0),
    (0x80000000, 0): (0x80000008, 0, 0, 0),
    (0x80000008, 0): (0x3027, 0, 0, 0),
}
"""A host whose PKRU stands elsewhere in the XSAVE area than TCG's."""

ALL = (0xFFFFFFFF,) * 4
SUPPORTED = tuple(
    CpuidEntry(leaf, subleaf, 0, registers)
    for leaf, subleaf, registers in (
        (0x1, 0, ALL),
        (0x7, 0, (2, *ALL[1:])),
        (0x7, 1, ALL),
        (0xA, 0, (0x08300804, 0, 0, 0x603)),
        (0xD, 0, (0x207, 0, 0, 0)),
        (0xD, 1, (0xF, 0, 0, 0)),
        (0x14, 0, ALL),
        (0x40000001, 0, ALL),
        (0x80000001, 0, ALL),
        (0x80000007, 0, (0, 0, 0, 0x100)),
        (0x80000008, 0, (0x3027, 0, 0, 0)),
    )
)
CAPABILITIES = ("GET_TSC_KHZ", "HYPERV", "HYPERV_SYNIC2", "HYPERV_TIME", "MCE", "TSC_CONTROL")


def host(**changes: Any) -> Host:
    numbers = kvm_data()["capabilities"]
    extensions = {
        numbers[f"KVM_CAP_{name}"]: Extension(name, 32, 32)
        for name in CAPABILITIES
        if f"KVM_CAP_{name}" in numbers
    }
    given = {
        "hardware": HARDWARE,
        "supported": SUPPORTED,
        "extensions": extensions,
        "tsc_khz": 2_000_000,
        "mce_cap": 0x1000120,
    }
    return Host("made-up", **{**given, **changes})


def table(
    cpu: str, release: str = "11.1", **changes: Any
) -> dict[tuple[int, int], tuple[int, ...]]:
    vm = VirtualMachine(
        f"pc-q35-{release}", cpu=cpu, release=release, accel="kvm", host=host(**changes)
    )
    entries = vm.cpus[0].kvm_cpuid_table()
    return {entry[:2]: entry[2:] for entry in entries}


@pytest.mark.parametrize("release", ["11.1", "7.2"])
def test_kvm_shows_itself(release: str) -> None:
    found = table("Haswell", release)
    assert found[0x40000000, 0][:3] == (0, 0x40000001, SIGNATURE)
    assert found[0x40000001, 0][1] & 1  # kvmclock
    assert table("Haswell,kvm=off", release).keys() & {(0x40000000, 0), (0x40000001, 0)} == set()


def test_hyperv_comes_first_and_kvm_moves_up() -> None:
    found = table("Haswell,hv-relaxed=on,hv-vendor-id=somebody")
    assert found[0x40000000, 0][1] == 0x40000005
    vendor = b"".join(word.to_bytes(4, "little") for word in found[0x40000000, 0][2:])
    assert vendor == b"somebody\0\0\0\0"
    assert found[0x40000001, 0][1] == int.from_bytes(b"Hv#1", "little")
    assert found[0x40000004, 0][1] & 1 << 5
    assert found[0x40000100, 0][1:3] == (0x40000101, SIGNATURE)


@pytest.mark.parametrize(
    ("cpu", "told"),
    [
        ("Haswell", False),
        ("Haswell,tsc-frequency=2000000000", True),
        ("Haswell,tsc-frequency=1500000000", True),
        ("Haswell,+invtsc", True),
        ("Haswell,tsc-frequency=2000000000,vmware-cpuid-freq=off", False),
        ("Haswell,tsc-frequency=2000000000,kvm=off", False),
    ],
)
def test_frequencies_as_vmware_tells_them(cpu: str, told: bool) -> None:
    found = table(cpu)
    assert ((0x40000010, 0) in found) is told
    if told:
        khz = 1_500_000 if "=15" in cpu else 2_000_000
        assert found[0x40000010, 0] == (0, khz, 1_000_000, 0, 0)
        assert found[0x40000000, 0][1] == 0x40000010


def test_the_xsave_area_is_laid_out_as_the_hosts() -> None:
    found = table("Icelake-Server")
    assert found[0xD, 9] == (1, 8, 2816, 0, 0)
    assert found[0xD, 0][2:4] == (2824, 2824)


def test_max_passes_the_caches_on() -> None:
    shared = VirtualMachine(
        "pc-q35-11.1", cpu="host,host-cache-info=on", accel="kvm", host=host(), smp="4,threads=2"
    )
    cpu = shared.cpus[0]
    assert cpu.cpuid(4)[1:] == HARDWARE[4, 0][1:]
    assert cpu.cpuid(4)[0] >> 26 == 1  # two cores
    assert cpu.cpuid(4, 3)[0] >> 14 & 0xFFF == 3  # no more threads than there are
    assert cpu.cpuid(4, 9) == (0, 0, 0, 0)
    assert cpu.cpuid(0x80000006) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("cpu", "release", "cpu_pm", "registers"),
    [
        ("host", "11.1", True, (0x40, 0x40, 3, 0x2120)),
        ("host", "11.1", False, (0, 0, 3, 0)),
        ("host,-monitor", "11.1", True, (0, 0, 3, 0)),
        ("host,-monitor", "7.2", True, (0x40, 0x40, 3, 0x2120)),
        ("Haswell", "11.1", True, (0, 0, 3, 0)),
    ],
)
def test_mwait_is_the_hosts_where_guests_may_stop_the_cpu(
    cpu: str, release: str, cpu_pm: bool, registers: tuple[int, ...]
) -> None:
    vm = VirtualMachine(
        *(f"pc-q35-{release}", cpu),
        release=release,
        accel="kvm",
        host=host(),
        cpu_pm=cpu_pm,
    )
    assert vm.cpus[0].cpuid(5) == registers


@pytest.mark.parametrize(("release", "flags"), [("11.1", 0), ("7.2", 6)])
def test_flags_of_leaf_2(release: str, flags: int) -> None:
    assert table("Haswell", release)[2, 0][0] == flags


def test_the_last_index_of_leaf_d_stays() -> None:
    assert (0x80000000, 63) in table("Haswell")
    found = table("Haswell", "7.2")
    assert (0x80000000, 0) in found
    assert (0xD, 63) in found


def test_a_table_that_is_too_long_is_refused() -> None:
    assert (0xC0000004, 0) in table("Haswell,xlevel2=0xC0000004")  # also those that are zero
    vm = VirtualMachine("pc-q35-11.1", cpu="Haswell,xlevel2=0xC00000FF", accel="kvm", host=host())
    with pytest.raises(PyqomError, match="KVM takes 100"):
        vm.cpus[0].kvm_cpuid_table()
