"""Thread contexts: whose CPU affinity helper threads inherit (``util/thread-context.c``)."""

from __future__ import annotations

import os

from pyqom.devices.backends.fields import Field
from pyqom.devices.backends.hostfile import cpus_of_node
from pyqom.devices.backends.objects import Backend
from pyqom.errors import InvalidParameterValue, ObjectRefused, PropertyError
from pyqom.types import Computed, Object
from pyqom.types.composite import UInt16List

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def host_cpus() -> frozenset[int]:
    """The host CPUs that a thread of this process may run on."""
    return frozenset(os.sched_getaffinity(0))


def _not_mixed(obj: Any, name: str) -> None:
    if obj.asked_cpus is not None:
        raise PropertyError("Mixing CPU and node affinity not supported")


def _cpus(obj: Any, value: tuple[int, ...], name: str) -> tuple[int, ...]:
    if not value:
        raise InvalidParameterValue("CPU list is empty")
    obj.run_on(frozenset(value))
    return value


def _nodes(obj: Any, value: tuple[int, ...], name: str) -> tuple[int, ...]:
    if not value:
        raise InvalidParameterValue("Node list is empty")
    cpus = frozenset[int]().union(*map(cpus_of_node, value))
    if not cpus:
        raise InvalidParameterValue("The nodes select no CPUs")
    obj.run_on(cpus)
    return value


def _shown_cpus(obj: Any) -> tuple[int, ...]:
    if not obj.ready:
        raise PropertyError("Object not initialized yet")
    return tuple(sorted(obj.cpus))


class ThreadContext(Object, Backend, typename="thread-context"):
    """A thread that others are made from.

    None runs: the affinity is kept here and checked against the host's CPUs.
    """

    ready = False
    asked_cpus: frozenset[int] | None = None
    """What was asked for before the thread was there."""
    cpus: frozenset[int] = frozenset()

    thread_id = Computed("int", lambda obj: obj.surroundings.thread_id(obj) if obj.ready else -1)
    cpu_affinity = Field(UInt16List(()), "int", refuse=_not_mixed, accept=_cpus, shown=_shown_cpus)
    node_affinity = Field(UInt16List(()), "int", refuse=_not_mixed, accept=_nodes, readable=False)

    def run_on(self, cpus: frozenset[int]) -> None:
        """Set the affinity, now or when the thread comes.  Raises ObjectRefused."""
        if not self.ready:
            self.asked_cpus = cpus
            return
        if not cpus & host_cpus():
            raise ObjectRefused("Setting CPU affinity failed: Invalid argument")
        self.cpus = cpus & host_cpus()

    def complete(self) -> None:
        """The thread would come now."""
        self.ready = True
        self.run_on(self.asked_cpus or host_cpus())
        self.asked_cpus = None
