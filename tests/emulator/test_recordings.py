"""A ROM that asks for all of CPUID finds what it found under TCG in live QEMU."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.conformance.cpuid_recordings import RELEASES, SHARED, Case, cases
from tests.conformance.cpuidrom import image
from tests.emulator.guests import Guest, needs_engine

pytestmark = needs_engine

STRIDE = 97
"""Of the shared recordings so many are passed over each time."""


def found_by_guest(case: Case, release: str, folder: Path) -> list[tuple[int, ...]]:
    """The registers of all recorded leaves, in order, as guest code finds them."""
    assert case.cpuid is not None
    guest = Guest(
        folder,
        image(list(case.cpuid)),
        case.machine,
        case.cpu,
        smp=case.smp,
        globals=case.globals,
        release=release,
        debugcon={"iobase": 0x402},
    )
    assert guest.run(None) == "exited"
    return list(struct.iter_unpack("<4I", guest.console))


def wrong(case: Case, release: str, folder: Path) -> list[str]:
    assert case.cpuid is not None
    found = found_by_guest(case, release, folder)
    assert len(found) == len(case.cpuid), str(case)
    return [
        f"{case}: leaf {leaf:08x}.{subleaf:x}"
        for ((leaf, subleaf), registers), mine in zip(case.cpuid.items(), found, strict=True)
        if mine != registers
    ]


@pytest.mark.parametrize("release", RELEASES)
def test_guests_of_the_kept_recordings(release: str, tmp_path: Path) -> None:
    chosen = [case for case in cases(release, "kept") if case.cpuid is not None]
    assert len({case.machine for case in chosen}) > 5
    assert len({case.cpu for case in chosen}) > 20
    assert [leaf for case in chosen for leaf in wrong(case, release, tmp_path)] == []


@pytest.mark.skipif(not SHARED.is_dir(), reason="the whole recordings are not beside the checkout")
@pytest.mark.parametrize("release", RELEASES)
def test_guests_of_the_shared_recordings(release: str, tmp_path: Path) -> None:
    chosen = [case for case in cases(release, "shared") if case.cpuid is not None]
    assert len(chosen) > 1000
    assert [leaf for case in chosen[::STRIDE] for leaf in wrong(case, release, tmp_path)] == []


def test_a_leaf_that_is_not_the_recorded_one_is_seen(tmp_path: Path) -> None:
    case = next(case for case in cases("11.1", "kept") if case.cpuid is not None)
    assert case.cpuid is not None
    other = {**case.cpuid, (0, 0): (1, 2, 3, 4)}
    assert wrong(case._replace(cpuid=other), "11.1", tmp_path) == [f"{case}: leaf 00000000.0"]
