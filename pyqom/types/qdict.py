"""The order in which QEMU walks a dictionary (``qobject/qdict.c``).

It shows where properties that exclude each other are set by one command: the last one wins.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

BUCKETS = 512


def bucket(key: str) -> int:
    """The hash bucket of a key (``tdb_hash``), 0 to 511."""
    data = key.encode(errors="surrogateescape")
    value = 0x238F13AF * len(data)
    for i, byte in enumerate(data):
        value += byte << i * 5 % 24
    return (1103515243 * (value & 0xFFFFFFFF) + 12345) % BUCKETS


def qdict_order(keys: Iterable[str]) -> list[str]:
    """Keys, given in the order of their insertion, in the order of iteration.

    By bucket, and within one bucket the newest first.
    """
    newest_first = list(keys)[::-1]
    return sorted(newest_first, key=bucket)
