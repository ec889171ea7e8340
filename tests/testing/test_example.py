"""The example of the README: real client code, tested with a QEMU that is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from qemu.qmp import ExecuteError
from qemu.qmp.legacy import QEMUMonitorProtocol

from pyqom.testing import Error, FakeQemu


def grow(path: str) -> int:
    """Plug a CPU into every free place; how many it were."""
    with QEMUMonitorProtocol(path) as qmp:
        qmp.connect()
        places: Any = qmp.cmd("query-hotpluggable-cpus")
        free = [place for place in places if "qom-path" not in place]
        for number, place in enumerate(free):
            qmp.cmd("device_add", driver=place["type"], id=f"cpu{number}", **place["props"])
        return len(free)


def test_grow(qemu_server: Callable[..., FakeQemu]) -> None:
    qemu = qemu_server("q35", cpu="EPYC", smp={"cpus": 1, "maxcpus": 4})
    assert grow(qemu.path) == 3
    assert len(qemu.qmp("query-cpus-fast")) == 4
    qemu.conversation.assert_asked("device_add", driver="EPYC-x86_64-cpu", times=3)
    qemu.conversation.assert_no_errors()


def test_grow_fails(qemu_server: Callable[..., FakeQemu]) -> None:
    qemu = qemu_server(
        "q35", smp={"cpus": 1, "maxcpus": 4}, faults=[Error("device_add", "No room", nth=2)]
    )
    with pytest.raises(ExecuteError, match="No room"):
        grow(qemu.path)
    assert len(qemu.qmp("query-cpus-fast")) == 2
