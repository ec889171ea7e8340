"""AES and Base64 as secrets need them."""

from __future__ import annotations

import base64 as standard

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyqom.devices.backends import aes, base64
from pyqom.errors import InvalidParameterValue

# NIST SP 800-38A, F.2.5
KEY = bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
VECTOR = bytes(range(16))
CIPHERED = bytes.fromhex(
    "f58c4c04d6e5f1ba779eabfb5f7bfbd6"
    "9cfc4e967edb808d679f777bc6702c7d"
    "39f23369a9d9bacfa530e26304231461"
    "b2eb05e2c39be9fcda6c19078c6a9d1b"
)
PLAIN = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172a"
    "ae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52ef"
    "f69f2445df4f9b17ad2b417be66c3710"
)


def test_aes() -> None:
    assert aes.decipher(CIPHERED, KEY, VECTOR) == PLAIN
    assert aes.decipher(b"", KEY, VECTOR) == b""


def test_aes_chains() -> None:
    second = CIPHERED[16:32]
    assert aes.decipher(second, KEY, CIPHERED[:16]) == PLAIN[16:32]


@given(st.binary(max_size=60))
def test_base64(data: bytes) -> None:
    assert base64.decode(standard.b64encode(data)) == data


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (b"", b""),
        (b"YQ==", b"a"),
        (b"YQ", b""),
        (b"YQ=", b""),
        (b"Y\nQ=\n=\n", b"a"),
        (b"====", b"\0"),
        (b"YWJjZA", b"abc"),
    ],
)
def test_base64_is_lenient(text: bytes, data: bytes) -> None:
    assert base64.decode(text) == data


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (b"YQ ==", "Base64 data contains invalid characters"),
        (b"!", "Base64 data contains invalid characters"),
        (b"YQ=\0", "Base64 data contains embedded NUL characters"),
    ],
)
def test_base64_is_strict(text: bytes, refusal: str) -> None:
    with pytest.raises(InvalidParameterValue, match=f"^{refusal}$"):
        base64.decode(text)
