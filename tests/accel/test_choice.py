"""``-accel kvm``: its properties, its host, and what happens where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pyqom
from pyqom.accel import choice
from pyqom.accel.select import accelerator
from pyqom.release import get
from pyqom.reports import Reports
from pyqom.vm import VirtualMachine
from tests.accel.kvm_recordings import host

GENOA = Path(__file__).parents[1] / "data" / "hosts" / "genoa.json"

REFUSED = [
    ("7.2", {"foo": "1"}, "Property 'kvm-accel.foo' not found"),
    ("7.2", {"device": "/dev/kvm"}, "Property 'kvm-accel.device' not found"),
    (
        "11.1",
        {"kernel-irqchip": "foo"},
        "Parameter 'kernel-irqchip' does not accept value 'foo'",
    ),
    ("11.1", {"kvm-shadow-mem": "x"}, "Parameter 'kvm-shadow-mem' expects int64"),
    ("7.2", {"dirty-ring-size": "3"}, "dirty-ring-size must be a power of two."),
    ("7.2", {"dirty-ring-size": "-1"}, "Parameter 'dirty-ring-size' expects uint32_t"),
    ("7.2", {"notify-vmexit": "foo"}, "Parameter 'notify-vmexit' does not accept value 'foo'"),
    ("7.2", {"notify-window": "x"}, "Parameter 'notify-window' expects uint64"),
    (
        "11.1",
        {"xen-gnttab-max-frames": "70000"},
        "Parameter 'xen-gnttab-max-frames' expects uint16_t",
    ),
    ("11.1", {"rapl": "x"}, "Parameter 'rapl' expects 'on' or 'off'"),
    ("11.1", {"honor-guest-pat": "x"}, "Parameter 'honor-guest-pat' does not accept value 'x'"),
]


def start(accel: Any, release: str = "11.1", **given: Any) -> VirtualMachine:
    given.setdefault("machine", "none")
    return VirtualMachine(accel=accel, release=release, paused=True, **given)


@pytest.mark.parametrize(("release", "props", "text"), REFUSED)
def test_properties_refused(release: str, props: dict[str, str], text: str) -> None:
    with pytest.raises(pyqom.PyqomError) as caught:
        start(("kvm", {**props, "x-host": str(GENOA)}), release)
    assert str(caught.value) == text


@pytest.mark.parametrize("mode", ["on", "split", "off"])
def test_irqchip(mode: str) -> None:
    by_accel = start(("kvm", {"kernel-irqchip": mode, "x-host": str(GENOA)}))
    by_machine = start("kvm", host=GENOA.as_posix(), options={"kernel-irqchip": mode})
    for vm in (by_accel, by_machine):
        assert (vm.accel.name, vm.accel.mode.irqchip) == ("kvm", mode)  # type: ignore[attr-defined]


def test_machine_option_refused() -> None:
    with pytest.raises(pyqom.PyqomError) as caught:
        start("kvm", host=GENOA.as_posix(), options={"kernel-irqchip": "foo"})
    assert str(caught.value) == (
        "can't apply global kvm-accel.kernel-irqchip=foo:"
        " Parameter 'kernel-irqchip' does not accept value 'foo'"
    )
    assert start("tcg", options={"kernel-irqchip": "foo"}).accel.name == "tcg"


def test_without_kvm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(choice, "DEVICE", str(tmp_path / "kvm"))
    reports = Reports()
    with pytest.raises(pyqom.PyqomError, match="failed to initialize kvm: No such file or dir"):
        start("kvm", "7.2", reports=reports)
    assert reports == ["Could not access KVM kernel module: No such file or directory"]
    reports = Reports()
    vm = start("kvm", reports=reports, options={"accel": "kvm:tcg"})
    assert vm.accel.name == "tcg"
    assert reports == [
        "Could not access KVM kernel module: No such file or directory",
        "failed to initialize kvm: No such file or directory",
        "falling back to tcg",
    ]
    (tmp_path / "kvm").touch()
    (tmp_path / "kvm").chmod(0)
    reason = choice.missing(str(tmp_path / "kvm"))
    assert reason in (None, "Permission denied")  # root may open it


def test_a_host_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text("{}")
    for name in ("host.json", "nothing.json"):
        with pytest.raises(pyqom.PyqomError):
            start(("kvm", {"x-host": str(tmp_path / name)}))
        with pytest.raises(pyqom.PyqomError):
            pyqom.expand("EPYC", host=str(tmp_path / name))


def test_one_accelerator_for_one_host() -> None:
    release = get("11.1")
    first = accelerator("kvm", release, host(1000))
    assert accelerator("kvm", release, host(1000)) is first
    assert accelerator("kvm", release, host(1001)) is not first
    assert accelerator("kvm,kernel-irqchip=off", release, host(1000)) is not first
    with pytest.raises(pyqom.PyqomError, match="takes kernel-irqchip here"):
        accelerator("kvm,dirty-ring-size=4096", release, host(1000))


def test_a_host_implies_kvm() -> None:
    plain = pyqom.expand("host", host=str(GENOA))
    assert plain == pyqom.expand("host", host=str(GENOA), accel="kvm")
    assert plain["model"]["props"]["vendor"] == "AuthenticAMD"
    with pytest.raises(pyqom.PyqomError):
        accelerator("qtest", get("11.1"), host(1000))


def test_machines_do_not_disturb_each_other() -> None:
    """Two hosts in one process, asked in turn, answer as they do alone."""
    seeds = (1000, 1001, 1002)
    alone = [pyqom.definitions(machine="q35", host=host(seed)) for seed in seeds]
    machines = [start("kvm", machine="q35", cpu="base,-apic", host=host(seed)) for seed in seeds]
    for _ in range(2):
        for vm, want in zip(machines, alone, strict=True):
            found = vm.dispatcher.execute("query-cpu-definitions", {})
            assert len(found) == len(want)
            assert vm.dispatcher.execute("query-kvm", {}) == {"enabled": True, "present": True}
    assert [pyqom.definitions(machine="q35", host=host(seed)) for seed in seeds] == alone
