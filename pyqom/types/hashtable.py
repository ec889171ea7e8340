"""The order in which QEMU walks a table of names.

QOM keeps types and properties, and the QMP visitor an object's members, in GLib hash tables of
strings, and what walks one sees the table's own order.  That depends on GLib's string hash, on
where collisions went and on when the table grew or shrank; all of it is plain arithmetic, done
here as GLib 2.74 to 2.86 do (``glib/ghash.c``).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_UNUSED, _TOMBSTONE = 0, 1
_SHIFT_MIN = 3
# the largest prime below each power of two
_PRIMES: tuple[int, ...]
_PRIMES = (1, 2, 3, 7, 13, 31, 61, 127, 251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521)
_PRIMES += (131071, 262139, 524287, 1048573)


def string_hash(key: str) -> int:
    """``g_str_hash()``: 32 bits, over signed bytes."""
    value = 5381
    for byte in key.encode(errors="surrogateescape"):
        value = (value * 33 + byte - (256 if byte > 127 else 0)) & 0xFFFFFFFF
    return value


class HashTable:
    """A GLib hash table of strings; iterating gives GLib's order."""

    def __init__(self) -> None:
        self.live = 0
        self.occupied = 0
        self._set_shift(_SHIFT_MIN)
        self.hashes = [_UNUSED] * self.size
        self.keys: list[str | None] = [None] * self.size

    def _set_shift(self, shift: int) -> None:
        self.size = 1 << shift
        self.mask = self.size - 1
        self.prime = _PRIMES[min(shift, len(_PRIMES) - 1)]

    def _home(self, hashed: int) -> int:
        """Where an entry of that hash stands if nothing is in its way."""
        return (hashed * 11 & 0xFFFFFFFF) % self.prime

    def _find(self, key: str, hashed: int) -> int:
        """Where the key is; where it would go if it is in no place."""
        at, step, grave = self._home(hashed), 0, -1
        while self.hashes[at] != _UNUSED:
            if self.hashes[at] == hashed and self.keys[at] == key:
                return at
            if self.hashes[at] == _TOMBSTONE and grave < 0:
                grave = at
            step += 1
            at = at + step & self.mask
        return grave if grave >= 0 else at

    def add(self, key: str) -> None:
        """Insert a key that is not in the table."""
        hashed = max(string_hash(key), 2)
        at = self._find(key, hashed)
        fresh = self.hashes[at] == _UNUSED
        self.hashes[at], self.keys[at] = hashed, key
        self.live += 1
        if fresh:
            self.occupied += 1
            self._maybe_resize()

    def remove(self, key: str) -> None:
        """Remove a key that is in the table."""
        at = self._find(key, max(string_hash(key), 2))
        self.hashes[at], self.keys[at] = _TOMBSTONE, None
        self.live -= 1
        self._maybe_resize()

    def _maybe_resize(self) -> None:
        sparse = self.size > self.live * 4 and self.size > 1 << _SHIFT_MIN
        if sparse or self.size <= self.occupied + self.occupied // 16:
            self._resize()

    def _resize(self) -> None:
        """Another size, and every entry to its new place, in GLib's order."""
        old_size = self.size
        self._set_shift(max(int(self.live * 1.333).bit_length(), _SHIFT_MIN))
        grown = self.size - old_size
        self.hashes += [_UNUSED] * grown
        self.keys += [None] * grown
        placed = [False] * max(self.size, old_size)
        for at in range(old_size):
            if self.hashes[at] in (_UNUSED, _TOMBSTONE):
                self.hashes[at] = _UNUSED
            elif not placed[at]:
                self._move(at, placed)
        del self.hashes[self.size :], self.keys[self.size :]
        self.occupied = self.live

    def _move(self, at: int, placed: list[bool]) -> None:
        """Take an entry to its place; who stood there goes on to its own."""
        hashed, key = self.hashes[at], self.keys[at]
        self.hashes[at], self.keys[at] = _UNUSED, None
        while hashed not in (_UNUSED, _TOMBSTONE):
            to, step = self._home(hashed), 0
            while placed[to]:
                step += 1
                to = to + step & self.mask
            placed[to] = True
            hashed, self.hashes[to] = self.hashes[to], hashed
            key, self.keys[to] = self.keys[to], key

    def __iter__(self) -> Iterator[str]:
        return (key for key in self.keys if key is not None)


def hash_order(names: Iterable[str]) -> list[str]:
    """Names, given in the order of their insertion, in the order of a table that has them all."""
    table = HashTable()
    for name in names:
        table.add(name)
    return list(table)
