"""The order in which QEMU lists its types: that of the QOM type table.

``query-machines`` walks QOM's GHashTable (qom/object.c, object_class_foreach), so its order looks
random but is the same in every run of one build: a type stands in the slot that GLib's string hash
gives its name, or a few slots on where another type had taken that one.  The number of slots and
the few displaced types are data of the build.
"""

from __future__ import annotations

from pyqom.types.hashtable import string_hash


def slot(typename: str, slots: int) -> int:
    """The slot of the table that is a type's own; GHashTable multiplies by 11 first."""
    return ((string_hash(typename) * 11) & 0xFFFFFFFF) % slots
