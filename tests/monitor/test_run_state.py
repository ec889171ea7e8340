"""The run state over commands, actions and resets, as live QEMU 11.1.3 and 7.2.22 went."""

from __future__ import annotations

from typing import Any

import pytest

from pyqom.errors import PyqomError
from pyqom.vm import VirtualMachine

RESET = "host-qmp-system-reset"


def made(status: str, release: str = "11.1", **actions: str) -> VirtualMachine:
    vm = VirtualMachine("none", release=release, paused=status == "prelaunch", actions=actions)
    if status == "paused":
        vm.stop()
    return vm


@pytest.mark.parametrize(
    ("status", "actions", "events", "after", "exited"),
    [
        ("running", {}, ["RESET"], "running", False),
        ("paused", {}, ["RESET"], "prelaunch", False),
        ("prelaunch", {}, ["RESET"], "prelaunch", False),
        ("running", {"shutdown": "pause"}, ["RESET"], "running", False),
        ("running", {"reboot": "shutdown"}, ["SHUTDOWN"], "running", True),
        (
            *("running", {"reboot": "shutdown", "shutdown": "pause"}),
            *(["SHUTDOWN", "STOP"], "shutdown", False),
        ),
        (
            *("paused", {"reboot": "shutdown", "shutdown": "pause"}),
            *(["SHUTDOWN"], "paused", False),
        ),
    ],
)
@pytest.mark.parametrize("release", ["11.1", "7.2"])
def test_a_reset(
    release: str, status: str, actions: dict[str, str], events: list[str], after: str, exited: bool
) -> None:
    vm = made(status, release, **actions)
    before = len(vm.events)
    vm.qmp("system_reset")
    told = list(vm.events)[before:]
    assert [event.name for event in told] == events
    assert told[0].data == {"guest": False, "reason": RESET}
    assert (vm.status, vm.exited) == (after, exited)


def test_what_has_shut_down_wants_a_reset() -> None:
    vm = made("running")
    vm.qmp("set-action", reboot="shutdown", shutdown="pause")
    vm.qmp("system_reset")
    with pytest.raises(PyqomError, match=r"^Resetting the Virtual Machine is required$"):
        vm.qmp("cont")
    vm.qmp("stop")  # it does not run
    assert vm.status == "shutdown"
    vm.qmp("set-action", reboot="reset")
    vm.qmp("system_reset")
    assert vm.status == "prelaunch"
    vm.qmp("cont")
    assert vm.status == "running"


def test_quit_ends_whatever_the_actions_are() -> None:
    vm = made("running", reboot="shutdown", shutdown="pause")
    vm.qmp("quit")
    assert vm.exited


@pytest.mark.parametrize(
    ("release", "members"),
    [("11.1", ["status", "running"]), ("7.2", ["status", "singlestep", "running"])],
)
def test_status_has_what_the_schema_says(release: str, members: list[str]) -> None:
    status: dict[str, Any] = made("running", release).qmp("query-status")
    assert list(status) == members


def test_a_machine_that_cannot_be_made_ends() -> None:
    numa = [{"type": "node", "nodeid": 0}]
    vm = VirtualMachine("q35", memory=128 << 20, numa=numa, preconfig=True)
    ended: list[bool] = []
    vm.on_exit = lambda: ended.append(vm.exited)
    with pytest.raises(PyqomError, match=r"total memory for NUMA nodes \(0x0\)") as raised:
        vm.qmp("x-exit-preconfig")
    assert ended == [True]
    assert vm.failure is raised.value
