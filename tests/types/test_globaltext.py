"""Texts as behind ``-global``."""

from __future__ import annotations

import pytest

from pyqom.errors import PyqomError
from pyqom.types.globaltext import parse_global


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("qemu64-x86_64-cpu.avx2=on", ("qemu64-x86_64-cpu", "avx2", "on")),
        ("a.b=c=d,e", ("a", "b", "c=d,e")),
        ("a.b.c=d", ("a", "b.c", "d")),
        ("a.b=", ("a", "b", "")),
        ("driver=a,property=b,value=c,,d", ("a", "b", "c,d")),
        ("value=c,driver=a,property=b", ("a", "b", "c")),
        ("driver=a,driver=x,property=b,value=c", ("x", "b", "c")),
    ],
)
def test_a_global(text: str, found: tuple[str, str, str]) -> None:
    assert parse_global(text) == found


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("driver=a,property=b", "options 'driver', 'property', and 'value' are required"),
        ("", "options 'driver', 'property', and 'value' are required"),
        ("a.b", "Invalid parameter 'a.b'"),
        ("driver=a,property=b,value=c,colour=d", "Invalid parameter 'colour'"),
        (f"{'a' * 64}.b=c", f"Invalid parameter '{'a' * 64}.b'"),
    ],
)
def test_no_global(text: str, error: str) -> None:
    with pytest.raises(PyqomError) as caught:
        parse_global(text)
    assert str(caught.value) == error
