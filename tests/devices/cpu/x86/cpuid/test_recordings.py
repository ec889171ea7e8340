"""CPUID against what guests of live QEMU found, and the table that KVM was given."""

from __future__ import annotations

import pytest

import pyqom
from pyqom.errors import PyqomError
from tests.conformance.cpuid_recordings import RELEASES, SHARED, Case, cases, kvm_cases

STRIDE = 4
"""Of the shared recordings every fourth is tried here."""


def wrong_leaves(case: Case, release: str) -> list[str]:
    """What differs between a recorded guest and pyqom's."""
    try:
        cpu = pyqom.VirtualMachine(release=release, **case.arguments()).cpus[0]
    except PyqomError as error:
        return [] if case.cpuid is None else [f"{case}: refused: {error}"]
    if case.cpuid is None:
        return [f"{case}: not refused"]
    return [
        f"{case}: leaf {leaf:08x}.{subleaf:x}"
        for (leaf, subleaf), registers in case.cpuid.items()
        if cpu.cpuid(leaf, subleaf) != registers
    ]


@pytest.mark.parametrize("release", RELEASES)
def test_guests_of_the_kept_recordings(release: str) -> None:
    found = list(cases(release, "kept"))
    assert len(found) > 30
    assert [each for case in found for each in wrong_leaves(case, release)] == []


@pytest.mark.skipif(not SHARED.is_dir(), reason="the whole recordings are not beside the checkout")
@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("start", range(2))
def test_guests_of_the_shared_recordings(release: str, start: int) -> None:
    found = list(cases(release, "shared"))[start * 2 :: STRIDE]
    assert [each for case in found for each in wrong_leaves(case, release)] == []


@pytest.mark.parametrize("release", RELEASES)
def test_a_whole_table_covers_what_guests_looked_at(release: str) -> None:
    for case in cases(release, "kept"):
        if case.cpuid is not None:
            cpu = pyqom.VirtualMachine(release=release, **case.arguments()).cpus[0]
            table = {(row[0], row[1]): row[2:] for row in cpu.cpuid_table()}
            assert list(table) == sorted(case.cpuid), str(case)
            assert table == case.cpuid, str(case)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the whole recordings are not beside the checkout")
@pytest.mark.parametrize("release", RELEASES)
def test_the_table_that_kvm_is_given(release: str) -> None:
    wrong = []
    for case, host, entries in kvm_cases(release):
        accel = [("kvm", {"x-host": str(host)})]
        vm = pyqom.VirtualMachine(release=release, accel=accel, **case.arguments())
        if vm.cpus[0].kvm_cpuid_table() != entries:
            wrong.append(f"{host.name}: {case}")
    assert wrong == []
