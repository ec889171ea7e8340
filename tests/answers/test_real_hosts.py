"""Real hosts: the features that QEMU said each model lacks, from what it said of ``host``.

What ``host`` had there is taken as what KVM supports; the models are those of today, and the
recordings are of QEMU 2.9 to 5.0.  `EXPLAINED` says what has changed since; whatever it does not
name must agree.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest

import pyqom
from pyqom import release
from pyqom.accel.kvm import KVM
from pyqom.accel.kvmwords import corrections
from pyqom.devices.cpu.x86.facts import facts
from pyqom.hosts import Host
from tests.conformance.recordings import RELEASES, SHARED

FOLDER = SHARED.parent / "hosts"

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the recordings of real hosts are not beside this checkout"
)

EXPLAINED = {
    ("less", "npt"): "QEMU drops npt without a word where svm is off, as it is under KVM; then not",
    ("less", "nrip-save"): "QEMU drops nrip-save without a word where svm is off; then not",
    ("less", "mpx"): "the models that had mpx then have it no longer",
    ("more", "pku"): "Skylake-Server did not have pku then",
    ("more", "rdtscp"): "Opteron_G3, G4 and G5 did not have rdtscp then",
    ("more", "clflushopt"): "Skylake-Server did not have clflushopt then",
}
"""Features that this pyqom misses in a model and the recording does not ("more"), or the other way
round ("less"), and why."""


class Reported(KVM):
    """KVM that supports just what is given."""

    def __init__(self, name: str, host: Host, words: list[int]) -> None:
        super().__init__(release.get(name), host)
        self._supported = tuple(words)

    def on(self, machine: Any) -> KVM:
        return self


@cache
def recorded() -> dict[str, Any]:
    """The hosts with definitions, by name."""
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        if "definitions" in (content.get("qemu") or {}):
            found[path.stem] = content
    return found


def reported(name: str, content: Any) -> Reported:
    """The accelerator that a host's reply describes."""
    known = facts(release.get(name))
    words = [0] * len(known.features.words)
    for feature in content["qemu"]["host"]["on"]:
        index, mask = known.features.places.get(feature, (0, 0))
        words[index] |= mask
    for each in corrections(release.get(name)):
        # Supported, but not switched on by itself, so that the reply cannot tell.
        words[each.index] |= each.added & known.features.words[each.index].no_autoenable
    for index in (*known.xcr0, *known.xss):
        words[index] = 0xFFFFFFFF  # the reply does not tell components
    leaves = {(leaf, subleaf): tuple(regs) for leaf, subleaf, *regs in content["cpuid"]}
    return Reported(name, Host(name=content["name"], hardware=leaves), words)  # type: ignore[arg-type]


def compared(name: str, content: Any) -> tuple[Counter[str], set[tuple[str, str]]]:
    """How many models agree, differ or are gone; and what differs."""
    qemu, accel = content["qemu"], reported(name, content)
    known_then = {*qemu["host"]["on"], *qemu["host"]["off"]}
    today = {
        each["name"]: set(each["unavailable-features"])
        for each in pyqom.definitions(accel=accel, release=name)
    }
    count: Counter[str] = Counter()
    differences: set[tuple[str, str]] = set()
    for model, unavailable in qemu["definitions"]:
        if model not in today:
            count["gone"] += 1
            continue
        want, got = set(unavailable) - {""}, (today[model] - {""}) & known_then
        more = {("more", feature) for feature in got - want}
        less = {("less", feature) for feature in want - got}
        count["differ" if more | less else "agree"] += 1
        differences |= more | less
    return count, differences


HOSTS = [(name, host) for name in RELEASES for host in (recorded() if FOLDER.is_dir() else ())]


@pytest.mark.parametrize(("name", "host"), HOSTS)
def test_what_models_lack_on_a_host(
    name: str, host: str, record_property: pytest.RecordProperty
) -> None:
    count, differences = compared(name, recorded()[host])
    record_property("agreement", dict(count))
    assert differences <= EXPLAINED.keys()
    assert count["agree"] > 3 * count["differ"]


@pytest.mark.parametrize("name", RELEASES)
def test_nothing_is_explained_in_vain(name: str) -> None:
    found = set().union(*(compared(name, content)[1] for content in recorded().values()))
    assert found == EXPLAINED.keys()
