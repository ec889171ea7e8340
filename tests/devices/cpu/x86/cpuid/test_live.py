"""CPUID against guests of a live QEMU: random models, machine types, topologies and options.

The QEMU is found as `tests/test_live.py` finds it; the questions come from a seed.
"""

from __future__ import annotations

import os
import random
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from functools import partial

import pytest

import pyqom
from pyqom import release
from pyqom.errors import PyqomError
from tests.conformance import cpuidrom

pytestmark = pytest.mark.live

SEED = 20260202
GUESTS = 40

TOPOLOGIES = (
    "1",
    "3",
    "8",
    "6,cores=3,threads=2",
    "16,sockets=2,cores=4,threads=2",
    "12,sockets=1,dies=3,cores=2,threads=2",
    "2,maxcpus=36,sockets=1,dies=3,cores=6,threads=2",
    "1,maxcpus=160,sockets=1,cores=80,threads=2",
)
LATER_TOPOLOGIES = ("8,modules=2,cores=2,threads=2", "24,dies=2,modules=3,cores=2,threads=2")

OPTIONS = (
    *("legacy-cache=on", "l3-cache=off", "cpuid-0xb=off", "tcg-cpuid=off", "x-force-features=on"),
    *("vendor=GenuineIntel", "vendor=AuthenticAMD", "vendor=CentaurHauls"),
    *("level=2", "level=0x14", "level=0x1b", "level=0", "xlevel=0x80000022", "xlevel=0x80000008"),
    *("xlevel2=0xC0000004", "min-xlevel2=0xC0000001", "min-level=4", "phys-bits=46", "+ht"),
    *("-lm", "-xsave", "+xsaves", "+amx-tile", "+avx512f", "+sgx", "+la57", "-syscall", "+svm"),
    *("family=200", "model=255", "stepping=11", "model-id=A short one", "pmu=on", "+arch-lbr"),
)
LATER_OPTIONS = (
    *("x-vendor-cpuid-only-v2=off", "x-consistent-cache=off", "x-l1-cache-per-thread=off"),
    *("legacy-multi-node=on", "x-amd-topoext-features-only=off", "x-force-cpuid-0x1f=on"),
    *("avx10-version=2", "+apxf", "level=0x29"),
)

NOT_STARTED = ("microvm", "nitro", "none", "x-remote", "xenfv", "xenpv")
"""Machine types that have no place for this ROM, or need more than a command line."""


@pytest.fixture(scope="module")
def qemu() -> list[str]:
    """The command of a QEMU."""
    command = shlex.split(os.environ.get("PYQOM_QEMU", "qemu-system-x86_64"))
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    return command


@pytest.fixture(scope="module")
def carried(qemu: list[str]) -> release.Release:
    """The release of the QEMU."""
    told = subprocess.run([*qemu, "--version"], capture_output=True, text=True, check=False).stdout
    for each in release.releases():
        if f"version {each.name}." in told:
            return each
    pytest.skip(f"no release that pyqom carries: {told[:60]!r}")


def answer(known: release.Release, options: dict[str, str], vcpu: int) -> list[tuple[int, ...]]:
    vm = pyqom.VirtualMachine(release=known.name, **options)
    return [row for row in vm.cpus[vcpu].cpuid_table() if not unset(known, row)]


def unset(known: release.Release, row: Sequence[int]) -> bool:
    """Leaf 1Ch of a QEMU that does not write its registers."""
    return row[0] == 0x1C and "packages-are-counted-by-die" in known.rules


def question(rng: random.Random, known: release.Release) -> tuple[dict[str, str], int]:
    later = "caches-are-shared-by-level" in known.rules
    machines = [
        machine.name
        for machine in pyqom.machines.machines(known.name)
        if "x86-machine" in machine.ancestors and not machine.name.startswith(NOT_STARTED)
    ]
    models = [each["name"] for each in pyqom.definitions(release=known.name)]
    topologies = TOPOLOGIES + (LATER_TOPOLOGIES if later else ())
    options = OPTIONS + (LATER_OPTIONS if later else ())
    smp = rng.choice(topologies)
    cpu = ",".join((rng.choice(models), *rng.sample(options, rng.choice((0, 1, 1, 2)))))
    asked = {"machine": rng.choice(machines), "cpu": cpu, "smp": smp}
    return asked, rng.randrange(int(smp.partition(",")[0]))


def test_random_guests(qemu: list[str], carried: release.Release) -> None:
    rng = random.Random(SEED)
    wrong, started = [], 0
    for _ in range(GUESTS):
        asked, vcpu = question(rng, carried)
        command = [f"-{name}" if len(name) > 1 else name for name in asked]
        options = [word for pair in zip(command, asked.values(), strict=True) for word in pair]
        try:
            table = answer(carried, asked, vcpu)
        except PyqomError as error:
            said = cpuidrom.run(qemu, options, [(0, 0)])
            if not isinstance(said, str) or str(error).splitlines()[0] not in said:
                wrong.append(f"{asked}: {error}, but QEMU: {said}")
            continue
        started += 1
        apic_id = pyqom.VirtualMachine(release=carried.name, **asked).cpus[vcpu].apic_id
        places = [(leaf, subleaf) for leaf, subleaf, *_ in table]
        found = cpuidrom.run(qemu, options, places, apic_id)
        if isinstance(found, str):
            wrong.append(f"{asked}: QEMU refused: {found}")
            continue
        for (leaf, subleaf, *registers), there in zip(table, found, strict=True):
            if tuple(registers) != there:
                wrong.append(f"{asked} CPU {vcpu}: {leaf:08x}.{subleaf:x} {registers} {there}")
    assert wrong == []
    assert started > GUESTS // 3


CANNOT = ("failed to set MSR", "Could not access KVM", "failed to initialize kvm")
"""What QEMU says where KVM is not there, or not all that it announces."""

PARAVIRTUAL = (*range(0x40000000, 0x4000000D), 0x40000010, 0x40000100, 0x40000101)


@pytest.mark.parametrize(
    "options",
    [
        "",
        "hv-relaxed=on",
        "hv-time=on,hv-spinlocks=0x1fff,hv-vendor-id=abc",
        "hv-relaxed=on,hv-version-id-build=7,hv-version-id-major=3,hv-version-id-spack=5",
        "hv-relaxed=on,hv-no-nonarch-coresharing=on,x-hv-max-vps=4",
        "hv-passthrough=on",
        "kvm=off",
        "kvm=off,hv-relaxed=on",
        "+invtsc,migratable=off",
    ],
)
def test_paravirtual_leaves_under_kvm(
    qemu: list[str], carried: release.Release, options: str
) -> None:
    """What KVM answers there is what QEMU has given it; elsewhere it may show its host."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        pytest.skip("/dev/kvm cannot be opened")
    machine = f"pc-q35-{carried.name}"
    cpu = ",".join(filter(None, ("host,-arch-capabilities", options)))
    places = [(leaf, 0) for leaf in PARAVIRTUAL]
    found = cpuidrom.run(qemu, ("-M", machine, "-cpu", cpu), places, accel="kvm")
    if isinstance(found, str) and any(word in found for word in CANNOT):
        pytest.skip(f"this KVM: {found.splitlines()[0]}")
    ask = partial(pyqom.guest_cpu, cpu, machine=machine, release=carried.name, accel="kvm")
    if isinstance(found, str):
        with pytest.raises(PyqomError) as caught:
            ask()
        assert str(caught.value).splitlines()[0] in found
        return
    known = ask()
    assert found == [known.cpuid(*place) for place in places]
