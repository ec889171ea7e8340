"""Command lines and conversations as live QEMU 11.1.3 answered them, in this process."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from pyqom.monitor.protocol import Session, greeting, wording

from .replies import agrees
from .started import Start, started

DATA = Path(__file__).parents[1] / "data" / "system" / "conversations.json.xz"
RECORDED: dict[str, Any] = json.loads(lzma.decompress(DATA.read_bytes()))

NO_SUCH_DEVICE = ("edu",)
"""Devices that the start-up recordings name and that are not modelled."""
LATER = ("query-pci", '"typename": "irq"', '"typename": "bus"')
"""What in a request needs device families that are not modelled."""

STARTS = [
    pytest.param(step, id=" ".join(step["args"][-4:]))
    for name, scenario in RECORDED.items()
    if scenario.get("kind") == "startup"
    for step in scenario["steps"]
    if not any(device in word for word in step["args"] for device in NO_SUCH_DEVICE)
]
TALKS = sorted(name for name, scenario in RECORDED.items() if scenario.get("kind") != "startup")


@pytest.mark.parametrize("step", STARTS)
def test_start(step: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert Start(step["args"]).facts() == step["expect"]


class Client:
    """A session on a machine, in memory."""

    def __init__(self, arguments: list[str]) -> None:
        vm = started(*arguments, "-chardev", "null,id=compat_monitor0", *_monitor())
        monitor = vm.dispatcher
        self.session = Session(
            monitor, greeting=greeting(monitor.version()), wording=wording(vm.release)
        )
        self.session.take()
        vm.events.listen(self._tell)

    def _tell(self, event: Any) -> None:
        self.session.event(event.name, event.data, 0, 0)

    def ask(self, data: bytes) -> list[Any]:
        self.session.receive(data)
        return [json.loads(line) for line in self.session.take().splitlines()]


def _monitor() -> list[str]:
    """Options that give the tree what ``-qmp`` would: a chardev and a monitor of that name."""
    monitor = {"qom-type": "monitor-qmp", "id": "compat_monitor0", "chardev": "compat_monitor0"}
    return ["-object", json.dumps(monitor)]


@pytest.mark.parametrize("name", TALKS)
def test_conversation(name: str) -> None:
    scenario = RECORDED[name]
    client = Client(scenario["args"])
    if scenario.get("negotiate", True):
        assert client.ask(b'{"execute": "qmp_capabilities"}') == [{"return": {}}]
    wrong = []
    for step in scenario["steps"]:
        request = step.get("send")
        if request is None or any(word in json.dumps(request) for word in LATER):
            continue
        got = client.ask(json.dumps(request).encode())
        if not agrees(step, got):
            wrong.append((request, step["expect"], got))
    assert not wrong
