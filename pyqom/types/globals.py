"""Global properties: values for every object of a type, set when it is made.

-global, machine types and accelerators all say it the same way: driver,
property, text.  QEMU: object_apply_global_props() of qom/object.c.
"""

from __future__ import annotations

from pyqom.errors import GlobalNotApplied, PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


class GlobalProperty:
    """One entry: objects that are a `driver` get `property` set to the text `value`.

    `optional` entries pass over objects without that property; `used` tells
    whether the entry ever met an object.
    """

    __slots__ = ("driver", "optional", "property", "used", "value")

    def __init__(self, driver: str, property: str, value: str, optional: bool = False) -> None:
        self.driver = driver
        self.property = property
        self.value = value
        self.optional = optional
        self.used = False

    def __repr__(self) -> str:
        return f"<GlobalProperty {self.driver}.{self.property}={self.value}>"


def apply(
    obj: Any,
    entries: Iterable[GlobalProperty],
    warn: Callable[[GlobalNotApplied], None] | None = None,
) -> None:
    """Set the properties of `obj` that `entries` speak of, in order; the last wins.

    Raises GlobalNotApplied at the first that cannot be set; with `warn` given
    that is called instead and the rest is applied, as for hotplugged devices.
    """
    for entry in entries:
        if not obj.cast(entry.driver):
            continue
        if entry.optional and not obj.has_property(entry.property):
            continue
        entry.used = True
        try:
            obj.parse(entry.property, entry.value)
        except PyqomError as cause:
            error = GlobalNotApplied(
                f"can't apply global {entry.driver}.{entry.property}={entry.value}: {cause}",
                cause,
            )
            if warn is None:
                raise error from cause
            warn(error)
