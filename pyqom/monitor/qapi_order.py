"""Which of several unexpected members QEMU names.

QEMU's input visitor puts an object's members into a GLib hash table, takes out what it visits, and
complains about the first that is left in the table's own order.
"""

from __future__ import annotations

from pyqom.types.hashtable import HashTable
from pyqom.types.qdict import qdict_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def first_left(given: Iterable[str], visited: Iterable[str]) -> str:
    """The name in the error: of what was `given` and not `visited`, in the order of the visits.

    `given` is in the order of the JSON text.  At least one name must be left.
    """
    done = list(visited)
    left = set(given).difference(done)
    if len(left) > 1:
        table = HashTable()
        for key in qdict_order(given):
            table.add(key)
        for key in done:
            table.remove(key)
        return next(iter(table))
    return left.pop()
