"""KVM against what live QEMU answered on invented hosts."""

from __future__ import annotations

import json
from typing import Any

import pytest

import pyqom
from pyqom import machines, release
from pyqom.accel.kvm import KVM
from pyqom.reports import Reports
from pyqom.vm import VirtualMachine
from tests.accel.kvm_recordings import (
    cases,
    content,
    expansion,
    host,
    said,
    without_location,
)
from tests.conformance.recordings import differences


def machine(name: str, case: dict[str, Any], reports: Reports | None = None) -> VirtualMachine:
    """The machine of a case; for questions about models with a CPU that gives no trouble."""
    mode = {"kernel-irqchip": case["irqchip"]} if case["irqchip"] else {}
    quiet = None if case["machine"] == "none" else "base,-apic"
    return VirtualMachine(
        case["machine"],
        case.get("cpu", quiet),
        case.get("smp"),
        ("kvm", mode),
        16 << 20 if case["machine"] != "none" else None,
        release=name,
        host=host(case["host"]),
        cpu_pm=case["cpu-pm"],
        paused=True,
        reports=reports,
    )


@pytest.mark.parametrize(("name", "number"), cases("unavailable"))
def test_definitions_and_expansions(name: str, number: int) -> None:
    case = content()[name][number]
    ask = machine(name, case).dispatcher.execute
    found = ask("query-cpu-definitions", {})
    assert {each["name"]: each["unavailable-features"] for each in found} == case["unavailable"]
    for question, want in zip(content()["questions"], case["expansions"], strict=True):
        if "error" in want:
            with pytest.raises(pyqom.PyqomError) as caught:
                ask("query-cpu-model-expansion", question)
            assert str(caught.value) == want["error"], question
        else:
            got = ask("query-cpu-model-expansion", question)
            assert differences(expansion(name, want), props(got)) == [], question


def props(answer: Any) -> dict[str, Any]:
    """The properties of an expansion, which may come as text."""
    whole = json.loads(answer) if isinstance(answer, str) else answer
    found: dict[str, Any] = whole["model"]["props"]
    return found


@pytest.mark.parametrize(("name", "number"), cases("cpu"))
def test_vcpu(name: str, number: int) -> None:
    case = content()[name][number]
    reports, refused = Reports(), []
    try:
        vm = machine(name, case, reports)
    except pyqom.PyqomError as error:
        refused = [str(error)]
    assert said(reports) + refused == without_location(case["stderr"])
    assert ("vcpu" not in case) is bool(refused)
    if refused:
        return
    assert vm.cpus is not None
    cpu = vm.cpus[0]
    for prop, want in case["vcpu"].items():
        assert cpu.property(prop).wire(cpu.get(prop)) == want, prop


def test_recordings_are_a_fair_part() -> None:
    for name in ("7.2", "11.1"):
        found = content()[name]
        assert sum("unavailable" in case for case in found) >= 5
        assert sum("vcpu" in case for case in found) > 10
        assert sum("cpu" in case and "vcpu" not in case for case in found) > 10
        assert {case["irqchip"] for case in found} == {None, "on", "split", "off"}


def test_machine_types_have_their_own_form() -> None:
    """An accelerator without an irqchip has that of the machine type, and keeps each form."""
    kvm = KVM(release.get("7.2"), host(1000))
    q35 = machines.find("pc-q35-4.0", "7.2")
    assert kvm.on(q35).mode.irqchip == "split"
    assert kvm.on(q35) is kvm.on(q35)
    assert kvm.on(machines.find("pc-q35-4.1", "7.2")).mode.irqchip == "on"
    assert KVM(release.get("7.2"), host(1000), "off").on(q35).mode.irqchip == "off"
