"""Base64 as QEMU and GLib read it (``util/base64.c``): strict in letters, lenient in length."""

from __future__ import annotations

from pyqom.errors import InvalidParameterValue

DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
RANKS = {digit: rank for rank, digit in enumerate(DIGITS)}
VALID = frozenset((*DIGITS, *b"=\n"))
PAD = ord("=")


def decode(data: bytes) -> bytes:
    """qbase64_decode(): raises InvalidParameterValue for letters that do not belong.

    Groups of less than four are dropped.
    """
    if 0 in data:
        raise InvalidParameterValue("Base64 data contains embedded NUL characters")
    if not VALID.issuperset(data):
        raise InvalidParameterValue("Base64 data contains invalid characters")
    letters = data.replace(b"\n", b"")
    decoded = bytearray()
    for i in range(0, len(letters) - 3, 4):
        group = letters[i : i + 4]
        value = 0
        for letter in group:
            value = value << 6 | RANKS.get(letter, 0)
        decoded.append(value >> 16)
        if group[2] != PAD:
            decoded.append(value >> 8 & 0xFF)
        if group[3] != PAD:
            decoded.append(value & 0xFF)
    return bytes(decoded)
