"""The human monitor, line by line, as live QEMU answered (one machine, one line after another)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pyqom.errors import PyqomError
from pyqom.monitor.hmp import HumanMonitor

from .started import started

DATA = Path(__file__).parents[1] / "data" / "system" / "human.json"
RECORDED: dict[str, Any] = json.loads(DATA.read_text())
MONITOR = {"qom-type": "monitor-qmp", "id": "compat_monitor0", "chardev": "compat_monitor0"}


@pytest.mark.parametrize("release", RECORDED["releases"])
def test_lines(release: str) -> None:
    monitor = ["-object", json.dumps(MONITOR)] if release == "11.1" else []
    chardev = ["-chardev", "null,id=compat_monitor0"]
    vm = started("--release", release, *RECORDED["args"], *chardev, *monitor)
    for line, wanted in RECORDED["releases"][release]:
        got = vm.qmp("human-monitor-command", command_line=line)
        assert re.sub(r"thread_id=\d+", "thread_id=N", got) == wanted, line


def test_help_tells_all() -> None:
    vm = started("-M", "none", "-nodefaults", "-display", "none")
    lines = vm.qmp("human-monitor-command", command_line="help").split("\r\n")
    assert "qom-set [-j] path property value -- set QOM property." in lines
    infos = vm.qmp("human-monitor-command", command_line="info")
    assert infos == vm.qmp("human-monitor-command", command_line="help info")
    for name in ("qom-tree", "qtree", "cpus", "numa", "hotpluggable-cpus", "status", "version"):
        assert f"info {name} " in infos


def test_cpu_index() -> None:
    vm = started("-M", "q35", "-m", "16", "-nodefaults", "-display", "none", "-smp", "2")
    text = vm.qmp("human-monitor-command", command_line="info cpus", cpu_index=1)
    assert [line[0] for line in text.splitlines()] == [" ", "*"]
    with pytest.raises(PyqomError, match="Parameter 'cpu-index' expects a CPU number"):
        vm.qmp("human-monitor-command", command_line="info cpus", cpu_index=5)


def test_too_early() -> None:
    """QMP does not let it in before the machine is there; a monitor of its own knows which may."""
    vm = started("-M", "q35", "-m", "16", "-nodefaults", "-display", "none", "-preconfig")
    with pytest.raises(PyqomError, match="permitted only after machine initialization"):
        vm.qmp("human-monitor-command", command_line="info status")
    monitor = HumanMonitor(vm.dispatcher)
    assert monitor.run("info cpus") == (
        "Command 'info cpus' not available with -preconfig"
        " until machine initialization has completed.\r\n"
    )
    assert monitor.run("info status").startswith("VM status")
