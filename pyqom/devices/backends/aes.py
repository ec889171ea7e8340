"""AES-256 in cipher block chaining mode, deciphering only (FIPS 197, SP 800-38A).

Slow, and for secrets of a few bytes that were handed over enciphered.
"""

from __future__ import annotations

from functools import cache

BLOCK = 16
KEY = 32
ROUNDS = 14


def _times(a: int, b: int) -> int:
    """The product in the field of 256 elements."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0x100:
            a ^= 0x11B
        b >>= 1
    return product


@cache
def _boxes() -> tuple[bytes, bytes]:
    """The substitution box and its inverse."""
    box = bytearray(256)
    for value in range(256):
        inverse = next((n for n in range(256) if _times(value, n) == 1), 0)
        bits = inverse * 0x101
        rotated = bits ^ bits >> 4 ^ bits >> 5 ^ bits >> 6 ^ bits >> 7
        box[value] = rotated & 0xFF ^ 0x63
    inverse_box = bytearray(256)
    for value, substitute in enumerate(box):
        inverse_box[substitute] = value
    return bytes(box), bytes(inverse_box)


@cache
def _products() -> tuple[bytes, ...]:
    """Tables of the products with 14, 11, 13 and 9: the inverse mix of columns."""
    return tuple(bytes(_times(value, by) for value in range(256)) for by in (14, 11, 13, 9))


def _round_keys(key: bytes) -> list[bytes]:
    """One key of a block's size for each round, and one before them."""
    box = _boxes()[0]
    words = [key[i : i + 4] for i in range(0, KEY, 4)]
    power = 1
    while len(words) < 4 * (ROUNDS + 1):
        word = words[-1]
        if len(words) % 8 == 0:
            word = (word[1:] + word[:1]).translate(box)
            word = bytes((word[0] ^ power,)) + word[1:]
            power = _times(power, 2)
        elif len(words) % 8 == 4:
            word = word.translate(box)
        words.append(_xor(word, words[-8]))
    return [b"".join(words[i : i + 4]) for i in range(0, len(words), 4)]


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


# where the byte of each place comes from when rows are shifted back
_SHIFTED = bytes((i - 4 * (i % 4)) % BLOCK for i in range(BLOCK))


def _unmix(state: bytes) -> bytes:
    by14, by11, by13, by9 = _products()
    mixed = bytearray()
    for i in range(0, BLOCK, 4):
        column = state[i : i + 4] * 2
        for row in range(4):
            a, b, c, d = column[row : row + 4]
            mixed.append(by14[a] ^ by11[b] ^ by13[c] ^ by9[d])
    return bytes(mixed)


def _decipher_block(block: bytes, keys: list[bytes]) -> bytes:
    inverse_box = _boxes()[1]
    state = _xor(block, keys[-1])
    for number in range(ROUNDS - 1, -1, -1):
        state = bytes(state[i] for i in _SHIFTED).translate(inverse_box)
        state = _xor(state, keys[number])
        if number:
            state = _unmix(state)
    return state


def decipher(data: bytes, key: bytes, vector: bytes) -> bytes:
    """What the whole blocks of `data` say, padding included.

    `key` has 32 bytes, `vector` 16, `data` a multiple of 16.
    """
    keys = _round_keys(key)
    plain = bytearray()
    for i in range(0, len(data), BLOCK):
        block = data[i : i + BLOCK]
        plain += _xor(_decipher_block(block, keys), vector)
        vector = block
    return bytes(plain)
