"""Commands about what no machine here has: QEMU 11.1.3's answers, with the arguments they name."""

from __future__ import annotations

from typing import Any

import pytest

from pyqom.errors import PyqomError
from pyqom.vm import VirtualMachine


@pytest.mark.parametrize(
    ("command", "arguments", "text"),
    [
        ("query-rx-filter", {"name": "x"}, "invalid net client name: x"),
        ("remove-fd", {"fdset-id": 3}, "File descriptor named 'fdset-id:3' not found"),
        (
            *("remove-fd", {"fdset-id": 3, "fd": 1}),
            "File descriptor named 'fdset-id:3, fd:1' not found",
        ),
        ("device-sync-config", {"id": ""}, " is not a device"),
        ("device-sync-config", {"id": "x"}, "Device 'x' not found"),
        ("yank", {"instances": [{"type": "migration"}]}, "Instance not found"),
        ("yank", {"instances": [{"type": "chardev"}]}, "Parameter 'instances[0].id' is missing"),
    ],
)
def test_refusals(command: str, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(PyqomError) as raised:
        VirtualMachine("none").qmp(command, **arguments)
    assert str(raised.value) == text


@pytest.mark.parametrize(
    ("command", "arguments", "answer"),
    [("query-rx-filter", {}, []), ("yank", {"instances": []}, {}), ("query-yank", {}, [])],
)
def test_nothing_there(command: str, arguments: dict[str, Any], answer: Any) -> None:
    assert VirtualMachine("none").qmp(command, **arguments) == answer
