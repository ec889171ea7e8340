"""The pytest plugin: fixtures that give machines, and the conversation of a test that failed.

    def test_hotplug(qemu_server):
        qemu = qemu_server("q35", smp={"cpus": 1, "maxcpus": 2})
        my_client(qemu.path).add_cpu()
        qemu.conversation.assert_asked("device_add", driver="qemu64-x86_64-cpu")

Installed with pyqom, nothing needs to be named for it (entry point ``pytest11``).  Each fixture is
a factory; what it made is closed at the end of the test.
"""

from __future__ import annotations

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import Any

    from pyqom.testing.conversation import Conversation
    from pyqom.testing.fake import FakeQemu
    from pyqom.testing.memory import MemorySession
    from pyqom.vm import VirtualMachine

_talks = pytest.StashKey["list[Conversation]"]()


@pytest.fixture
def qemu_vm() -> Iterator[Callable[..., VirtualMachine]]:
    """Make machines: ``qemu_vm("q35", smp=4)`` is a `pyqom.vm.VirtualMachine`."""
    from contextlib import ExitStack

    from pyqom.vm import VirtualMachine

    with ExitStack() as stack:

        def make(*given: Any, **options: Any) -> VirtualMachine:
            return stack.enter_context(VirtualMachine(*given, **options))

        yield make


@pytest.fixture
def qemu_server(request: pytest.FixtureRequest) -> Iterator[Callable[..., FakeQemu]]:
    """Serve machines: ``qemu_server("q35").path`` is a socket for blocking and asyncio clients.

    Takes what `pyqom.testing.FakeQemu` takes.  All machines of a test share one thread.
    """
    from pyqom.testing.fake import FakeQemu
    from pyqom.testing.thread import LoopThread

    made: list[FakeQemu] = []
    threads: list[LoopThread] = []

    def make(*given: Any, **options: Any) -> FakeQemu:
        if not threads:
            threads.append(LoopThread())
        qemu = FakeQemu(*given, **{"thread": threads[0], **options})
        _remember(request, qemu.conversation)
        qemu.start()
        made.append(qemu)
        return qemu

    yield make
    for qemu in reversed(made):
        qemu.close()
    for thread in threads:
        thread.close()


@pytest.fixture
def qemu_memory_session(
    request: pytest.FixtureRequest,
) -> Iterator[Callable[..., MemorySession]]:
    """Talk to machines without a socket: ``qemu_memory_session("q35").execute("query-status")``.

    Takes what `pyqom.testing.MemorySession` takes.
    """
    from pyqom.testing.memory import MemorySession

    made: list[MemorySession] = []

    def make(*given: Any, **options: Any) -> MemorySession:
        session = MemorySession(*given, **options)
        _remember(request, session.conversation)
        made.append(session)
        return session

    yield make
    for session in reversed(made):
        session.close()


def _remember(request: pytest.FixtureRequest, conversation: Conversation) -> None:
    request.node.stash.setdefault(_talks, []).append(conversation)


# The older kind of wrapper, which every pluggy knows: this is loaded into everybody's pytest.
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Show what was said in a test that failed."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        talks: list[Conversation] = item.stash.get(_talks, [])
        for number, talk in enumerate(talks, 1):
            report.sections.append((f"QMP conversation {number}", str(talk)))
