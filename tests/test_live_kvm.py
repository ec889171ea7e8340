"""pyqom against a live QEMU under KVM: this machine is captured, and both are asked the same.

The QEMU is that of `tests.test_live`; without ``/dev/kvm`` all is skipped.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

import pyqom
from pyqom.accel.select import DEVICE, kvm, missing
from pyqom.hosts import Host
from pyqom.hosts.capture import capture_host
from pyqom.release import Release
from tests.conformance.recordings import exact
from tests.test_live import carried, command, compare, running

pytestmark = pytest.mark.live

__all__ = ["carried", "command"]

MACHINES = ("none", "q35", "pc", "pc-q35-7.2", "isapc", "microvm")
IRQCHIPS = ("", "on", "split")
QUESTIONS: tuple[dict[str, Any], ...] = (
    {"name": "host"},
    {"name": "host", "props": {"migratable": False}},
    {"name": "max"},
    {"name": "base"},
    {"name": "EPYC"},
    {"name": "EPYC", "props": {"x2apic": False, "pmu": True}},
    {"name": "Skylake-Server", "props": {"vendor": "GenuineIntel"}},
    {"name": "qemu64", "props": {"hv-relaxed": True, "hv-stimer": True}},
    {"name": "qemu64", "props": {"hv-passthrough": True}},
    {"name": "host", "props": {"avx512f": True, "tsc-frequency": 1_000_000_000}},
    {"name": "host", "props": {"nosuch": True}},
)


@pytest.fixture(scope="module")
def host() -> Host:
    reason = missing(DEVICE)
    if reason is not None:
        pytest.skip(f"{DEVICE}: {reason}: no KVM to compare under")
    return capture_host()


@pytest.mark.parametrize("irqchip", IRQCHIPS)
@pytest.mark.parametrize("machine", MACHINES)
def test_answers_are_those_of_a_live_qemu(
    command: list[str], carried: Release, host: Host, machine: str, irqchip: str
) -> None:
    accel = kvm(carried, host, irqchip or None)
    option = f"kvm,kernel-irqchip={irqchip}" if irqchip else "kvm"
    with running(command, machine, option) as qemu:
        live = qemu.ask("query-cpu-definitions")["return"]
        told: Any = pyqom.definitions(machine=machine, accel=accel, release=carried.name)
        assert exact(told) == exact(live)
        for model in QUESTIONS:
            for type in ("full", "static"):
                want = qemu.ask("query-cpu-model-expansion", type=type, model=model)
                got = reply(machine, accel, carried, type, model)
                compare(want, got, f"{machine}: {json.dumps(model)}")


def reply(
    machine: str, accel: Any, release: Release, type: str, model: dict[str, Any]
) -> dict[str, Any]:
    """What pyqom answers, as QMP has it."""
    try:
        answer = pyqom.expand(
            model["name"],
            machine=machine,
            accel=accel,
            type=type,
            props=model.get("props"),
            release=release.name,
        )
    except pyqom.PyqomError as error:
        return {"error": {"class": error.qmp_class, "desc": str(error)}}
    return {"return": answer}
