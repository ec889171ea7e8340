"""Memory regions and interrupt lines that belong to no device.

QEMU gives a region without owner, and an interrupt line that is connected with a device's, a place
in ``/machine/unattached`` (``system/memory.c``, ``hw/core/gpio.c``): regions by their name, lines
as ``non-qdev-gpio[N]`` in the order in which they are first connected.
"""

from __future__ import annotations

from pyqom.devices.interior import escaped, new_region, space
from pyqom.types.tree import Coming

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable
    from typing import Any

    from pyqom.types import Registry

LINE = "non-qdev-gpio"


class LooseParts(Coming):
    """The regions and lines of one object, which are made when somebody looks."""

    def __init__(self, types: Registry, owner: Any, unattached: Any) -> None:
        self.types = types
        self.owner = owner
        self.unattached = unattached
        self._regions: list[tuple[str, int, int, str | None, int]] = []
        self._made = False
        self._numbers: dict[Hashable, int] = {}
        owner.expect(self)

    def has(self, obj: Any, name: str) -> bool:
        stem = name.partition("[")[0]
        return stem == LINE or any(escaped(region[0]) == stem for region in self._regions)

    def bring(self, obj: Any) -> None:
        self._made = True
        for region in self._regions:
            self._make_region(*region)
        for _ in self._numbers:
            self._make_line()

    def add_region(
        self, name: str, size: int, addr: int = 0, where: str | None = None, priority: int = 0
    ) -> None:
        """A region at a place of an address space (`pyqom.devices.interior.SPACES`), or nowhere."""
        if self._made:
            self._make_region(name, size, addr, where, priority)
        else:
            self._regions.append((name, size, addr, where, priority))

    def _make_region(self, name: str, size: int, addr: int, where: str | None, prio: int) -> None:
        container = None if where is None else space(self.unattached, where)
        new_region(self.owner, name, size, addr, container, prio, types=self.types)

    def _make_line(self) -> None:
        self.owner.add_child(f"{LINE}[*]", self.types.get("irq")())

    def number(self, line: Hashable) -> int:
        """The number of a line, which it gets when it is first asked for."""
        found = self._numbers.get(line)
        if found is None:
            found = self._numbers[line] = len(self._numbers)
            if self._made:
                self._make_line()
        return found

    def line(self, number: int) -> Any:
        """The object of a line that has a number."""
        return self.owner.property(f"{LINE}[{number}]").resolve(self.owner)

    def connect(self, device: Any, stem: str, lines: Iterable[Hashable]) -> None:
        """Connect the lines STEM[0], STEM[1] ... of a device; None leaves one unconnected."""
        numbers = [None if line is None else self.number(line) for line in lines]

        def wire(index: int) -> Any:
            number = numbers[index] if index < len(numbers) else None
            return None if number is None else self.line(number)

        device.wires[stem] = wire
