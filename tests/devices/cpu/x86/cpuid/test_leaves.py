"""CPUID of vCPUs: states, limits, topologies, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

import pyqom
from pyqom import VirtualMachine, guest_cpu
from pyqom.errors import PyqomError

OSXSAVE, PKE = 1 << 18, 1 << 22


@pytest.mark.parametrize(
    ("model", "place", "state", "register", "bit", "on"),
    [
        ("Haswell", (1, 0), {}, 2, 27, False),
        ("Haswell", (1, 0), {"cr4": OSXSAVE}, 2, 27, True),
        ("Haswell,-xsave", (1, 0), {"cr4": OSXSAVE}, 2, 27, False),
        ("Icelake-Server", (7, 0), {}, 2, 4, False),
        ("Icelake-Server", (7, 0), {"cr4": PKE}, 2, 4, True),
        ("Haswell", (7, 0), {"cr4": PKE}, 2, 4, False),
        ("Haswell", (0x80000001, 0), {}, 3, 11, False),
        ("Haswell", (0x80000001, 0), {"long_mode": True}, 3, 11, True),
        ("EPYC", (0x80000001, 0), {}, 3, 11, True),
    ],
)
def test_a_state_shows(
    model: str, place: tuple[int, int], state: dict[str, Any], register: int, bit: int, on: bool
) -> None:
    cpu = guest_cpu(model, machine="pc-q35-11.1")
    registers = cpu.cpuid(*place, **state)
    assert bool(registers[register] >> bit & 1) is on
    table = {row[:2]: row[2:] for row in cpu.cpuid_table(**state)}
    assert table[place] == registers


@pytest.mark.parametrize(("xcr0", "size"), [(1, 576), (3, 576), (7, 832), (0x207, 2696)])
def test_the_xsave_area_is_as_large_as_what_is_in_use(xcr0: int, size: int) -> None:
    cpu = guest_cpu("Icelake-Server", machine="pc-q35-11.1")
    eax, used, whole, _ = cpu.cpuid(0xD, xcr0=xcr0)
    assert (eax, used, whole) == (0x207, size, 2696)


@pytest.mark.parametrize(
    ("leaf", "subleaf", "state"),
    [
        (-1, 0, {}),
        (1 << 32, 0, {}),
        (1, -1, {}),
        (1, 1 << 32, {}),
        ("1", 0, {}),
        (1.0, 0, {}),
        (True, 0, {}),
        (None, 0, {}),
        (1, "0", {}),
        (1 << 5000, 0, {}),
        (1, 0, {"cr4": -1}),
        (1, 0, {"cr4": 1 << 64}),
        (0xD, 0, {"xcr0": "7"}),
    ],
)
def test_what_is_no_register_is_refused(leaf: Any, subleaf: Any, state: dict[str, Any]) -> None:
    cpu = guest_cpu("qemu64")
    with pytest.raises(PyqomError, match=r"is a number of (32|64) bits, not "):
        cpu.cpuid(leaf, subleaf, **state)


def test_a_cpu_has_its_cpuid_when_it_is_realized() -> None:
    vm = VirtualMachine("pc-q35-11.1", cpu="qemu64")
    cpu = vm.types.get("qemu64-x86_64-cpu")(vm.context)
    for ask in (lambda: cpu.cpuid(0), cpu.cpuid_table, cpu.kvm_cpuid_table):
        with pytest.raises(PyqomError, match="when it is realized"):
            ask()


def test_only_kvm_is_given_a_table() -> None:
    with pytest.raises(PyqomError, match="only a CPU under KVM"):
        guest_cpu("qemu64").kvm_cpuid_table()


@pytest.mark.parametrize("release", ["11.1", "7.2"])
def test_a_leaf_that_is_too_high_is_answered_as_the_highest_basic_one(release: str) -> None:
    cpu = guest_cpu("EPYC", machine=f"pc-q35-{release}", release=release)
    highest = cpu.cpuid(0)[0]
    extended = cpu.cpuid(0x80000000)[0]
    for leaf in (highest + 1, 0x3FFFFFFF, 0x40000002, extended + 1, 0xC0000000, 0xFFFFFFFF):
        for subleaf in (0, 2):
            assert cpu.cpuid(leaf, subleaf) == cpu.cpuid(highest, subleaf)


def test_identity_that_is_set_later_shows_at_once() -> None:
    cpu = VirtualMachine("pc-q35-11.1", cpu="qemu64").cpus[0]
    cpu.set("vendor", "GenuineIntel")
    cpu.set("family", 200)
    cpu.set("model", 0xAB)
    cpu.set("stepping", 3)
    cpu.set("model-id", "Later")
    _, ebx, ecx, edx = cpu.cpuid(0)
    assert b"".join(word.to_bytes(4, "little") for word in (ebx, edx, ecx)) == b"GenuineIntel"
    assert cpu.cpuid(1)[0] == 0xF << 8 | 200 - 15 << 20 | 0xA << 16 | 0xB << 4 | 3
    assert cpu.cpuid(0x80000002)[0] == int.from_bytes(b"Late", "little")


TOPOLOGIES = [
    ("11.1", "24,sockets=1,dies=2,modules=3,cores=2,threads=2"),
    ("11.1", "6,sockets=2,cores=3,threads=1"),
    ("7.2", "12,sockets=1,dies=3,cores=2,threads=2"),
    ("7.2", "2,maxcpus=6,cores=3,threads=2"),
]


@pytest.mark.parametrize(("release", "smp"), TOPOLOGIES)
@pytest.mark.parametrize("model", ["EPYC-Milan", "Skylake-Server,x-vendor-cpuid-only=on", "qemu64"])
def test_answer_and_machine_agree_on_every_vcpu(model: str, release: str, smp: str) -> None:
    machine = f"pc-q35-{release}"
    vm = VirtualMachine(machine, cpu=model, smp=smp, release=release)
    for vcpu, cpu in enumerate(vm.cpus):
        answered = pyqom.cpuid(model, machine=machine, release=release, smp=smp, vcpu=vcpu)
        assert answered == cpu.cpuid_table()
        assert cpu.cpuid(0xB)[3] == cpu.cpuid(1)[1] >> 24 == cpu.apic_id


def test_a_machine_numbers_its_cpus_itself() -> None:
    vm = VirtualMachine("pc-q35-11.1", cpu="Conroe,apic-id=3", smp=2)
    answers = [
        pyqom.cpuid("Conroe,apic-id=3", machine="pc-q35-11.1", smp=2, vcpu=vcpu) for vcpu in (0, 1)
    ]
    assert answers == [cpu.cpuid_table() for cpu in vm.cpus]


def test_levels_of_leaf_1f() -> None:
    place = {"machine": "pc-q35-11.1", "smp": TOPOLOGIES[0][1], "vcpu": 23}
    assert guest_cpu("EPYC", **place).cpuid(0)[0] < 0x1F  # not AMD's way
    cpu = guest_cpu("Skylake-Server", **place)
    assert cpu.apic_id == 0b1_10_1_1  # die, module, core and thread
    levels = [cpu.cpuid(0x1F, subleaf) for subleaf in range(5)]
    assert [eax for eax, _, _, _ in levels] == [1, 2, 4, 5, 0]
    assert [ebx for _, ebx, _, _ in levels] == [2, 4, 12, 24, 0]
    assert [ecx >> 8 for _, _, ecx, _ in levels] == [1, 2, 3, 5, 0]
    assert {edx for _, _, _, edx in levels} == {cpu.apic_id}


@pytest.mark.parametrize(
    ("config", "shares"),
    [
        ("", {"l1d": 1, "l1i": 1, "l2": 1, "l3": 7}),
        (",smp-cache.0.cache=l1d,smp-cache.0.topology=core", {"l1d": 1, "l3": 7}),
        (",smp-cache.0.cache=l2,smp-cache.0.topology=module", {"l1d": 1, "l2": 3, "l3": 7}),
        (",smp-cache.0.cache=l3,smp-cache.0.topology=socket", {"l2": 1, "l3": 15}),
    ],
)
def test_caches_are_shared_as_smp_cache_says(config: str, shares: dict[str, int]) -> None:
    smp = "16,sockets=1,dies=2,modules=2,cores=2,threads=2"
    vm = VirtualMachine(f"pc-q35-11.1{config}", cpu="Skylake-Server", smp=smp)
    found = {
        name: vm.cpus[0].cpuid(4, subleaf)[0] >> 14 & 0xFFF
        for subleaf, name in enumerate(("l1d", "l1i", "l2", "l3"))
    }
    assert found == {**found, **shares}
    wanted = [
        {"cache": part.split("=")[1], "topology": config.rsplit("=", 1)[1]}
        for part in config.split(",")
        if ".cache=" in part
    ]
    answer = guest_cpu("Skylake-Server", machine="pc-q35-11.1", smp=smp, smp_cache=wanted)
    assert answer.cpuid_table() == vm.cpus[0].cpuid_table()


def test_a_cache_cannot_be_shared_by_fewer_than_one_below_it() -> None:
    text = "L2 cache topology level shouldn't be lower than L1 cache"
    machine = "pc-q35-11.1,smp-cache.0.cache=l1d,smp-cache.0.topology=die"
    with pytest.raises(PyqomError, match=text):
        VirtualMachine(machine, cpu="EPYC", smp=4)
    config = [{"cache": "l1d", "topology": "die"}]
    with pytest.raises(PyqomError, match=text):
        guest_cpu("EPYC", machine="pc-q35-11.1", smp_cache=config)


def test_the_machine_shows_where_its_caches_are() -> None:
    vm = VirtualMachine("pc-q35-11.1,smp-cache.0.cache=l3,smp-cache.0.topology=socket", cpu="EPYC")
    places = {each["cache"]: each["topology"] for each in vm.machine.get("smp-cache")}
    assert places == {"l1d": "core", "l1i": "core", "l2": "core", "l3": "socket"}


@pytest.mark.parametrize(
    ("model", "machine", "leaf", "registers"),
    [
        # descriptors: 32K L1 caches, 2M L2 cache, 16M L3 cache
        ("Haswell,x-consistent-cache=off", "pc-q35-11.1", 2, (1, 0, 0x4D, 0x2C307D)),
        ("Haswell,x-consistent-cache=off,l3-cache=off", "pc-q35-11.1", 2, (1, 0, 0, 0x2C307D)),
        # see leaf 4
        ("Haswell", "pc-q35-11.1", 2, (1, 0, 0, 0xFF)),
        ("pentium3", "pc-q35-11.1", 2, (1, 0, 0x4D, 0x2C307D)),
        # AMD has neither, but in old machine types; its L1 instruction cache has no descriptor
        ("EPYC", "pc-q35-11.1", 2, (0, 0, 0, 0)),
        ("EPYC", "pc-q35-11.1", 4, (0, 0, 0, 0)),
        ("EPYC", "pc-q35-4.0", 2, (1, 0, 0x4B, 0x2CFF80)),
    ],
)
def test_cache_descriptors(model: str, machine: str, leaf: int, registers: tuple[int, ...]) -> None:
    release = "7.2" if machine == "pc-q35-4.0" else None
    assert guest_cpu(model, machine=machine, release=release).cpuid(leaf) == registers


@pytest.mark.parametrize(
    ("machine", "smp", "text"),
    [
        ("pc-q35-11.1", "3,sockets=2", "product of the hierarchy must match maxcpus"),
        ("pc-q35-11.1", "5000", "The max CPUs supported by machine 'pc-q35-11.1' is 4096"),
        ("pc-q35-11.1", "two", "an int64 value|expects|invalid|Parameter"),
        ("pc-q35-11.1", "2,rows=3", "Parameter 'smp.rows' is unexpected"),
        (None, "2", "The max CPUs supported by machine 'none' is 1"),
    ],
)
def test_impossible_topologies(machine: str | None, smp: str, text: str) -> None:
    with pytest.raises(PyqomError, match=text):
        guest_cpu("qemu64", machine=machine, smp=smp)


@pytest.mark.parametrize("vcpu", [-1, 2, 1.0, "0", None])
def test_a_vcpu_that_is_not_there(vcpu: Any) -> None:
    with pytest.raises(PyqomError, match="there is no vCPU"):
        guest_cpu("qemu64", machine="q35", smp=2, vcpu=vcpu)
