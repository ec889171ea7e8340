"""Guest code in the program's main loop: a slice of it, then the monitors, in turn."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.events import Event
    from pyqom.monitor.loop import PollLoop
    from pyqom.vm import VirtualMachine

SLICE = 50_000
"""How many instructions of guest code may pass before the monitors are looked at again."""


class Execution:
    """Runs the guest code of a machine whenever the machine runs."""

    def __init__(self, vm: VirtualMachine, loop: PollLoop) -> None:
        self._vm = vm
        self._loop = loop
        self._waiting = False
        vm.events.listen(self._heard)
        self._go_on()

    def _heard(self, event: Event) -> None:
        if event.name in ("RESUME", "RESET"):
            self._go_on()

    def _go_on(self) -> None:
        if not self._waiting:
            self._waiting = True
            self._loop.call_soon(self._slice)

    def _slice(self) -> None:
        self._waiting = False
        if self._vm.run(SLICE) == "limit":
            self._go_on()
