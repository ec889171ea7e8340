"""Modified UTF-8, as QEMU reads and writes it (``util/unicode.c``).

It is UTF-8 with U+0000 spelled ``C0 80``, and without the 66 noncharacters.
"""

from __future__ import annotations

import re

_NONCHARACTER = re.compile(
    "[\ufdd0-\ufdef" + "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF)
                               for plane in range(17)) + "]"
)  # fmt: skip
_REPLACEMENT = "\ufffd"
# The smallest code point that needs 2, 3, ... 6 bytes.
_SMALLEST = (0x80, 0x800, 0x10000, 0x200000, 0x4000000)


def is_character(code: int) -> bool:
    """Whether QEMU takes the code point: in range, no surrogate, no noncharacter."""
    return not (
        code > 0x10FFFF
        or 0xD800 <= code <= 0xDFFF
        or 0xFDD0 <= code <= 0xFDEF
        or code & 0xFFFE == 0xFFFE
    )


def decode(raw: bytes) -> str | None:
    """The text of bytes without NUL; None where they are no modified UTF-8."""
    if raw.isascii():
        return raw.decode("ascii")
    try:
        text = raw.replace(b"\xc0\x80", b"\0").decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if _NONCHARACTER.search(text) else text


def decode_loosely(raw: bytes) -> str:
    """The text of bytes without NUL, with U+FFFD for each sequence that is none."""
    text = decode(raw)
    if text is not None:
        return text
    parts = []
    at = 0
    while at < len(raw):
        code, at = _code_point(raw, at)
        parts.append(_REPLACEMENT if code is None else chr(code))
    return "".join(parts)


def _code_point(raw: bytes, at: int) -> tuple[int | None, int]:
    """The code point at `at`, None for an invalid one, and where the next begins."""
    first = raw[at]
    at += 1
    if first < 0x80:
        return first, at
    if first >= 0xFE or first < 0xC0:
        return None, at
    length = 8 - (first ^ 0xFF).bit_length()
    code = first & 0x7F >> length
    for _ in range(length - 1):
        if at == len(raw) or raw[at] & 0xC0 != 0x80:
            return None, at
        code = code << 6 | raw[at] & 0x3F
        at += 1
    overlong = code < _SMALLEST[length - 2] and not (code == 0 and length == 2)
    return (None if overlong or not is_character(code) else code), at
