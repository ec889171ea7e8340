"""Compat properties: what a machine type says about the defaults of other types.

QEMU keeps them in named arrays of GlobalProperty (``hw_compat_7_1`` in hw/core/machine.c,
``pc_compat_7_1`` in hw/i386/pc.c); a versioned machine type adds the arrays of its own version
to those of all newer ones, so that the newest stand first and the oldest have the last word.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class CompatEntry:
    """One compat property (QEMU's GlobalProperty): ``driver.property=value``.

    It applies to the type ``driver`` and to all that inherit from it; ``value`` is text, as after
    ``-global``.  An ``optional`` entry is passed over where the type lacks the property.  ``list``
    is the array it stands in and ``version`` the machine version that brought that array ("7.1"),
    None where the whole family has it.
    """

    __slots__ = ("driver", "list", "optional", "property", "value", "version")

    def __init__(
        self,
        driver: str,
        property: str,
        value: str,
        optional: bool = False,
        list: str = "",
        version: str | None = None,
    ) -> None:
        self.driver = driver
        self.property = property
        self.value = value
        self.optional = optional
        self.list = list
        self.version = version

    def _key(self) -> tuple[object, ...]:
        return (self.driver, self.property, self.value, self.optional, self.list, self.version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CompatEntry) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"<{self.driver}.{self.property}={self.value} of {self.list}>"


class CompatList:
    """One named array of compat properties, in QEMU's order.

    ``version`` is the machine version that adds the array to the machine type (None: the family).
    """

    __slots__ = ("entries", "name", "version")

    def __init__(self, name: str, version: str | None, entries: Iterable[CompatEntry]) -> None:
        self.name = name
        self.version = version
        self.entries = tuple(entries)

    def __repr__(self) -> str:
        return f"<CompatList {self.name}: {len(self.entries)} entries>"


def own_list(
    name: str, version: str, entries: Iterable[tuple[str, str, str] | CompatEntry]
) -> CompatList:
    """The list that a derived machine type adds, from plain (driver, property, value)."""
    made = []
    for entry in entries:
        given = entry if isinstance(entry, CompatEntry) else CompatEntry(*entry)
        made.append(
            CompatEntry(given.driver, given.property, given.value, given.optional, name, version)
        )
    return CompatList(name, version, made)
