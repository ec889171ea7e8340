"""Smaller commands (``qapi/misc.json`` and others)."""

from __future__ import annotations

from pyqom.errors import PyqomError
from pyqom.monitor.command import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.monitor.command import Args
    from pyqom.monitor.dispatcher import Dispatcher


@command("query-iothreads")
def query_iothreads(monitor: Dispatcher, args: Args) -> Any:
    """The I/O threads, the newest first."""
    names = ("poll-max-ns", "poll-grow", "poll-shrink", "aio-max-batch", "poll-weight")
    infos = [
        {
            "id": thread.path_component,
            "thread-id": monitor.vm.thread_id(thread),
            **{name: thread.get(name) for name in names if thread.has_property(name)},
        }
        for thread in monitor.vm.objects.children()
        if thread.typename == "iothread"
    ]
    return infos[::-1]


@command("query-replay")
def query_replay(monitor: Dispatcher, args: Args) -> Any:
    """No replay."""
    return {"mode": "none", "icount": 0}


@command("query-jobs")
def query_jobs(monitor: Dispatcher, args: Args) -> Any:
    """No jobs."""
    return []


@command("query-sev-capabilities")
def query_sev_capabilities(monitor: Dispatcher, args: Args) -> Any:
    """SEV needs KVM."""
    raise PyqomError("KVM not enabled")
