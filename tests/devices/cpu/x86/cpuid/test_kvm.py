"""The table that KVM is given, of a host made up for it: what comes from where."""

from __future__ import annotations

from typing import Any

import pytest

from pyqom import VirtualMachine, guest_cpu
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


def test_the_answer_of_a_host_is_the_machines() -> None:
    record = host()
    answer = guest_cpu("host", machine="pc-q35-11.1", host=record, smp=2, vcpu=1)
    vm = VirtualMachine("pc-q35-11.1", cpu="host", accel="kvm", host=record, smp=2)
    assert answer.kvm_cpuid_table() == vm.cpus[1].kvm_cpuid_table()
    assert answer.cpuid_table() == vm.cpus[1].cpuid_table()
    assert answer.cpuid(0x40000000)[0] == 0x40000001  # what the guest finds in KVM's table


HYPERV_TABLE = tuple(
    CpuidEntry(leaf, 0, 0, ALL if full else (0x41424344,) * 4)
    for leaf, full in (
        *((0x40000000, False), (0x40000001, False), (0x40000002, False)),
        *((0x40000003, True), (0x40000004, True), (0x40000005, False), (0x4000000A, True)),
    )
)
"""Of a KVM that has all of Hyper-V."""

HYPERV_CAPABILITIES = (
    *(*CAPABILITIES, "HYPERV_CPUID", "SYS_HYPERV_CPUID", "HYPERV_VP_INDEX", "HYPERV_TLBFLUSH"),
    *("HYPERV_SEND_IPI", "HYPERV_ENLIGHTENED_VMCS", "HYPERV_SYNIC"),
)


@pytest.mark.parametrize(
    ("options", "leaves"),
    [
        (
            "hv-relaxed=on",
            {0x40000003: (0x20, 0, 0, 8), 0x40000004: (0x20, 0xFFFFFFFF, 0, 0), 0x4000000A: None},
        ),
        (
            "hv-time=on,hv-vpindex=on,hv-synic=on,hv-stimer=on,hv-spinlocks=0x1fff",
            {0x40000003: (0x26E, 0x30, 0, 8), 0x40000004: (0, 0x1FFF, 0, 0)},
        ),
        (
            "hv-vapic=on,hv-evmcs=on",
            {0x40000000: (0x4000000A,), 0x40000009: (0, 0, 0, 0), 0x4000000A: (0x101, 0, 0, 0)},
        ),
        ("hv-vapic=on,hv-avic=on", {0x40000004: (0x200, 0xFFFFFFFF, 0, 0)}),
        ("hv-vapic=on", {0x40000004: (0x8, 0xFFFFFFFF, 0, 0)}),
        (
            "hv-relaxed=on,hv-vpindex=on,hv-synic=on,hv-syndbg=on",
            {
                0x40000000: (0x40000082,),
                0x40000081: (0x31235356, 0, 0, 0),
                0x40000082: (2, 0, 0, 0),
            },
        ),
        ("hv-relaxed=on,hv-no-nonarch-coresharing=on", {0x40000004: (0x40020,)}),
        ("hv-relaxed=on,hv-no-nonarch-coresharing=auto", {0x40000004: (0x40020,)}),
        ("hv-passthrough=on", {0x40000001: (0x41424344,) * 4, 0x40000005: (0x41424344,) * 4}),
        (
            "hv-relaxed=on,hv-version-id-major=3,hv-version-id-minor=4,hv-version-id-sbranch=6",
            {0x40000002: (0x3839, 0x30004, 0, 0x6000000)},
        ),
        ("hv-relaxed=on,x-hv-max-vps=9", {0x40000005: (9, 64, 0, 0)}),
    ],
)
def test_leaves_of_hyperv(options: str, leaves: dict[int, tuple[int, ...] | None]) -> None:
    """As live QEMU gives them to a KVM that answers so."""
    numbers = kvm_data()["capabilities"]
    known = [name for name in HYPERV_CAPABILITIES if f"KVM_CAP_{name}" in numbers]
    extensions = {numbers[f"KVM_CAP_{name}"]: Extension(name, 32, 32) for name in known}
    found = table(f"Haswell,{options}", extensions=extensions, hyperv=HYPERV_TABLE)
    for leaf, registers in leaves.items():
        if registers is None:
            assert (leaf, 0) not in found
        else:
            assert found[leaf, 0][1 : 1 + len(registers)] == registers, hex(leaf)
