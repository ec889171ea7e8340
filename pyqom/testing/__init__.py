"""A QEMU for the tests of programs that talk to QEMU: machines, sockets, faults, a record.

    with FakeQemu("q35", faults=[Error("device_add", "No slot left", nth=2)]) as qemu:
        my_client(qemu.path)
    qemu.conversation.assert_asked("device_add", id="cpu1")

With pytest the same comes as fixtures: `pyqom.testing.plugin`.  Everything here is imported from
its module when it is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.testing.conversation import Conversation, Entry
    from pyqom.testing.fake import FakeQemu
    from pyqom.testing.faults import Crash, Disconnect, Drop, Error, Fault, Late, Split
    from pyqom.testing.memory import MemorySession

__all__ = [
    "Conversation",
    "Crash",
    "Disconnect",
    "Drop",
    "Entry",
    "Error",
    "FakeQemu",
    "Fault",
    "Late",
    "MemorySession",
    "Split",
]

_MODULES = {
    "Conversation": "conversation",
    "Entry": "conversation",
    "FakeQemu": "fake",
    "MemorySession": "memory",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'pyqom.testing' has no attribute '{name}'")
    module = _MODULES.get(name, "faults")
    return getattr(__import__(f"pyqom.testing.{module}", fromlist=[name]), name)
