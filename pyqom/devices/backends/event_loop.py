"""Event loops: I/O threads and the main loop (``event-loop-base.c``, ``iothread.c``)."""

from __future__ import annotations

from pyqom.devices.backends.fields import Fact, Field
from pyqom.devices.backends.objects import Backend
from pyqom.errors import InvalidParameterValue, ObjectInUse, ObjectRefused
from pyqom.types import Int64, Object
from pyqom.types.visitor import INT64_MAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

INT_MAX = (1 << 31) - 1
POLL_WEIGHT = 3
POLL_FACTOR = 2

ZERO_MEANS_POLL_DEFAULTS = Fact(since="11.1")
DELETING_SAYS_IT_IS_THE_MAIN_LOOP = Fact(since="11.1")


def in_range(highest: int, at_zero: int = 0) -> Callable[[Any, int, str], int]:
    """Accept 0 to `highest`; 0 becomes `at_zero`."""

    def accept(obj: Any, value: int, name: str) -> int:
        if not 0 <= value <= highest:
            raise InvalidParameterValue(f"{name} value must be in range [0, {highest}]")
        return value or at_zero

    return accept


_not_negative = in_range(INT64_MAX)


def _factor(obj: Any, value: int, name: str) -> int:
    value = _not_negative(obj, value, name)
    return value or (POLL_FACTOR if ZERO_MEANS_POLL_DEFAULTS.holds(obj.registry) else 0)


def _update(obj: Any) -> None:
    obj.update_params()


class EventLoopBase(Object, Backend, typename="event-loop-base", abstract=True):
    """What all event loops have: how much they batch, and their pool of threads."""

    aio_max_batch = Field(Int64(), "int", accept=_not_negative, changed=_update)
    thread_pool_min = Field(Int64(), "int", accept=_not_negative, changed=_update)
    thread_pool_max = Field(Int64(64), "int", accept=_not_negative, changed=_update)

    def update_params(self) -> None:
        """Check what has been set; it stays set.  Raises InvalidParameterValue."""
        lowest, highest = self.thread_pool_min, self.thread_pool_max
        if lowest > highest or not 0 < highest <= INT_MAX:
            raise InvalidParameterValue("bad thread-pool-min/thread-pool-max values")


class IOThread(EventLoopBase, typename="iothread"):
    """A thread for I/O.  ``thread_id`` is what ``query-iothreads`` calls it; none is started."""

    thread_id = -1

    poll_max_ns = Field(Int64(32768), "int", accept=_not_negative)
    poll_grow = Field(Int64(), "int", accept=_factor)
    poll_shrink = Field(Int64(), "int", accept=_factor)
    poll_weight = Field(Int64(POLL_WEIGHT), "int", accept=in_range(63, POLL_WEIGHT), since="11.1")

    def instance_init(self) -> None:
        """Take the defaults of the release."""
        if ZERO_MEANS_POLL_DEFAULTS.holds(self.registry):
            self._poll_grow = self._poll_shrink = POLL_FACTOR

    def update_params(self) -> None:
        """What is set before the thread is there is checked when it comes."""
        if self.thread_id != -1:
            super().update_params()

    def complete(self) -> None:
        """Start."""
        EventLoopBase.update_params(self)
        self.thread_id = self.surroundings.thread_id(self)


class MainLoop(EventLoopBase, typename="main-loop"):
    """The settings of the main loop; there is one, and it stays (``util/main-loop.c``)."""

    running = False

    def complete(self) -> None:
        """Be the one, or refuse."""
        if any(loop.running for loop in self.surroundings.objects("main-loop")):
            raise ObjectRefused("only one main-loop instance allowed")
        self.update_params()
        self.running = True

    def can_be_deleted(self) -> bool:
        """Never."""
        if DELETING_SAYS_IT_IS_THE_MAIN_LOOP.holds(self.registry):
            raise ObjectInUse(f"Deleting main loop '{self.path_component}' is not supported")
        return False
