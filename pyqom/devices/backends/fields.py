"""Properties with a setter of their own, as plain QOM properties have them.

    size = Field(Size(), "int", refuse=once_allocated, accept=not_zero)

QEMU: the ``object_class_property_add()`` of a type's class initialiser.
"""

from __future__ import annotations

from pyqom.types import Bool, Enum, Property, String
from pyqom.types.views import OfKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pyqom.types import Registry


class Field(OfKind):
    """A value that is read as `kind` has it, and shown under the type string `type`.

    refuse   asked with the object and the property's name before the value is looked at, or after
             it was found to be of the right type where QEMU's own helper does that; may raise
    accept   given the object, the checked value and the name, gives the value to keep; may raise
    changed  told when the value is kept; what it raises does not take the value back
    shown    gives the value to show; None: the one that is kept

    The default is that of the kind.
    """

    def __init__(
        self,
        kind: Property,
        type: str | None = None,
        *,
        refuse: Callable[[Any, str], None] | None = None,
        accept: Callable[[Any, Any, str], Any] | None = None,
        changed: Callable[[Any], None] | None = None,
        shown: Callable[[Any], Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(kind, kind.default, qdev=False, show_default=False, **options)
        self.type = type or kind.type
        self.refuse, self.accept, self.changed, self.shown = refuse, accept, changed, shown
        # object_property_add_bool(), _str() and _enum() visit the value, then call the setter
        self._typed_first = kind.__class__ in (Bool, String, Enum)

    def make_getter(self) -> Callable[[Any], Any]:
        return super().make_getter() if self.shown is None else self.shown

    def allow_set(self, obj: Any) -> None:
        super().allow_set(obj)
        if self.refuse is not None and not self._typed_first:
            self.refuse(obj, self.name)

    def store(self, obj: Any, value: Any) -> None:
        if self.refuse is not None and self._typed_first:
            self.refuse(obj, self.name)
        if self.accept is not None:
            value = self.accept(obj, value, self.name)
        super().store(obj, value)
        if self.changed is not None:
            self.changed(obj)


def flag(default: bool = False, **options: Any) -> Bool:
    """A plain boolean."""
    return Bool(default, qdev=False, show_default=False, **options)


def text(default: str | None = None, **options: Any) -> String:
    """A plain text; None is never set, which QMP shows as an empty one."""
    return String(default, show_default=False, **options)


def of_instance(prop: Property) -> Any:
    """A property that QEMU adds to each instance: an abstract type does not list it."""
    prop.per_instance = True
    return prop


class Fact:
    """Something that holds in the releases from `since` on, or before `until`."""

    __slots__ = ("since", "until")

    def __init__(self, *, since: str | None = None, until: str | None = None) -> None:
        self.since = since
        self.until = until

    def holds(self, registry: Registry) -> bool:
        """Is it so in the registry's release?"""
        return registry.knows(self)
