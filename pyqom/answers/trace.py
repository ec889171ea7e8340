"""Listening to a CPU that is made: which layer set which property, and which rule changed it."""

from __future__ import annotations

from pyqom.answers.results import Step
from pyqom.devices.context import unaliased

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.types import Property


class StepTrace:
    """Records, for some properties, each step that set or changed them.

    A step that sets a property to the value it has already is recorded as well; a rule only where
    it changed something.
    """

    def __init__(self, cls: Any, names: Iterable[str]) -> None:
        self.cls = cls
        self.cpu: X86CPU | None = None
        self.steps: dict[str, list[Step]] = {}
        self.watched: dict[str, Property] = {}
        for name in names:
            self.watched[name] = unaliased(cls, cls.find(name))
            self.steps[name] = []

    def watch(self, cpu: X86CPU) -> None:
        """The object that is being made; told by its first layer."""
        self.cpu = cpu

    def did(self, layer: str, source: str, name: str | None = None, **facts: Any) -> None:
        """A layer acted: on one property, or (None) on whatever it changed."""
        target = None
        if name is not None:
            prop = self.cls.properties().get(name)
            target = unaliased(self.cls, prop) if prop is not None else None
        override = facts.get("override")
        for watched, prop in self.watched.items():
            first = not self.steps[watched]
            self._record(
                watched,
                prop,
                prop is target,
                layer=layer,
                source=declared_by(self.cls, prop) or source if first else source,
                machine=override.machine if override is not None else None,
                driver=override.driver if override is not None else None,
            )

    def acted(self, rule: str, reason: str) -> None:
        """A rule changed something."""
        for watched, prop in self.watched.items():
            self._record(watched, prop, False, layer="rule", source=rule, reason=reason)

    def _record(self, name: str, prop: Property, touched: bool, **step: Any) -> None:
        value = prop.get(self.cpu)
        steps = self.steps[name]
        changed = not steps or steps[-1].value != value
        if touched or changed:
            steps.append(Step(value=value, changed=changed and bool(steps), **step))


def declared_by(cls: Any, prop: Property) -> str | None:
    """The name of the type whose body declares a property; None for one of an instance alone."""
    for base in reversed(cls.__mro__):
        if prop in base.__dict__.get("_own", ()):
            return base.typename  # type: ignore[no-any-return]
    return None
