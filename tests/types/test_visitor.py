"""Texts and JSON values as QEMU reads them; the results are those of live QEMU 11.1.3."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyqom.errors import ParameterError
from pyqom.types import visitor

BOOL = "Parameter 'x' expects 'on' or 'off'"
UINT64 = "Parameter 'x' expects uint64"
INT64 = "Parameter 'x' expects int64"
SIZE = "Parameter 'x' expects a non-negative number below 2^64"
RANGES = "Parameter 'x' expects list of uint64 values or ranges"
KEYVAL_INT = "Parameter 'x' expects integer"
INTEGER = "Invalid parameter type for 'x', expected: integer"
TOP = (1 << 64) - 1


def size_range(text):
    return f"Value '{text}' is out of range for parameter 'x'"


def outcome(function, value):
    try:
        return function(value, "x")
    except ParameterError as error:
        return str(error)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((word, True) for word in ("on", "yes", "true", "y")),
        *((word, False) for word in ("off", "no", "false", "n")),
        *((word, BOOL) for word in ("ON", "1", "0", "", " on", "True")),
    ],
)
def test_bool_text(text, expected):
    assert outcome(visitor.parse_bool, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", 5),
        ("010", 8),
        ("0b101", 5),
        (" 5", 5),
        ("\t7", 7),
        ("+5", 5),
        ("0X1f", 31),
        ("-0", 0),
        ("-1", TOP),
        ("-18446744073709551615", 1),
        (str(TOP), TOP),
        *((bad, UINT64) for bad in ("5 ", "0x", "", "08", "1k", "- 5", "1_0", "0x-1", "++1", "x")),
        ("18446744073709551616", UINT64),
        ("-18446744073709551616", UINT64),
        ("٣", UINT64),
    ],
)
def test_uint64_text(text, expected):
    assert outcome(visitor.parse_uint64, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-1", -1),
        ("0x10", 16),
        ("-0x10", -16),
        ("9223372036854775807", (1 << 63) - 1),
        ("-9223372036854775808", -(1 << 63)),
        ("9223372036854775808", INT64),
        ("-9223372036854775809", INT64),
        ("", INT64),
        ("1.0", INT64),
    ],
)
def test_int64_text(text, expected):
    assert outcome(visitor.parse_int64, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("1M", 1 << 20),
        ("1.5k", 1536),
        ("1.k", 1024),
        (".5k", 512),
        ("1.0", 1),
        ("0.1k", 102),
        ("0.0001k", 0),
        ("0x10", 16),
        ("010", 10),
        ("1e", 1 << 60),
        ("1.5e", 3 << 59),
        ("1B", 1),
        ("1K", 1024),
        ("1g", 1 << 30),
        ("+5", 5),
        (" 5", 5),
        ("1.9999999999999999999999M", 2 << 20),
        ("16383P", 16383 << 50),
        (str(TOP), TOP),
        *((bad, SIZE) for bad in ("1.5", "0x10k", "1e3", "5 ", "1x", "1kk", "", "inf", "nan")),
        *((bad, SIZE) for bad in ("0.5B", "0x", "1..k", "-5x", "0x1.8", ".")),
        *((big, size_range(big)) for big in ("20E", "16E", "-1", "-0", str(TOP + 1))),
        ("15.9999999999999999999E", size_range("15.9999999999999999999E")),
    ],
)
def test_size_text(text, expected):
    assert outcome(visitor.parse_size, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("0-3,5", [0, 1, 2, 3, 5]),
        ("1,", [1]),
        (" 1", [1]),
        ("1, 2", [1, 2]),
        ("0x1-0x3", [1, 2, 3]),
        ("5,1", [5, 1]),
        ("0-65535", list(range(65536))),
        *((bad, RANGES) for bad in ("5-3", "1,,2", "x", "0-65536", "3 ", "1-", ",")),
    ],
)
def test_ranges_text(text, expected):
    assert outcome(visitor.parse_ranges, text) == expected


def test_signed_ranges():
    assert visitor.parse_ranges("-2-1", "x", signed=True) == [-2, -1, 0, 1]
    with pytest.raises(ParameterError, match=r"list of int64 values or ranges"):
        visitor.parse_ranges("9223372036854775808", "x", signed=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("0x10", 16.0),
        *(
            (bad, "Invalid parameter type for 'x', expected: number")
            for bad in ("", "inf", "nan", "1_0", "1 ", "x", "1e999")
        ),
    ],
)
def test_number_text(text, expected):
    assert outcome(visitor.parse_number, text) == expected


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        (visitor.json_bool, True, True),
        (visitor.json_bool, 1, "Invalid parameter type for 'x', expected: boolean"),
        (visitor.json_bool, None, "Invalid parameter type for 'x', expected: boolean"),
        (visitor.json_str, "a", "a"),
        (visitor.json_str, 3, "Invalid parameter type for 'x', expected: string"),
        (visitor.json_int64, -(1 << 63), -(1 << 63)),
        (visitor.json_int64, 1 << 63, INTEGER),
        (visitor.json_int64, 1.5, INTEGER),
        (visitor.json_int64, True, INTEGER),
        (visitor.json_int64, "5", INTEGER),
        (visitor.json_uint64, TOP, TOP),
        (visitor.json_uint64, -1, TOP),
        (visitor.json_uint64, TOP + 1, UINT64),
        (visitor.json_uint64, -(1 << 63) - 1, UINT64),
        (visitor.json_uint64, 1.0, UINT64),
        (visitor.json_uint64, True, UINT64),
        (visitor.json_uint64, "5", UINT64),
        (visitor.json_number, 3, 3.0),
        (visitor.json_number, True, "Invalid parameter type for 'x', expected: number"),
        (visitor.json_list, [1], [1]),
        (visitor.json_list, "1", "Invalid parameter type for 'x', expected: array"),
        (visitor.json_object, {"a": 1}, {"a": 1}),
        (visitor.json_object, [], "Invalid parameter type for 'x', expected: object"),
    ],
)
def test_json(function, value, expected):
    assert outcome(function, value) == expected


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        (visitor.keyval_uint64, "0x10", 16),
        (visitor.keyval_uint64, "0x10k", KEYVAL_INT),
        (visitor.keyval_uint64, "", KEYVAL_INT),
        (visitor.keyval_uint64, "18446744073709551616", KEYVAL_INT),
        (visitor.keyval_int64, "-5", -5),
        (visitor.keyval_int64, "x", KEYVAL_INT),
        (visitor.keyval_size, "4k", 4096),
        (visitor.keyval_size, "20E", "Parameter 'x' expects size"),
        (visitor.keyval_size, "1.5", "Parameter 'x' expects size"),
        (visitor.keyval_text, {"a": "b"}, "Parameters 'x.*' are unexpected"),
    ],
)
def test_keyval(function, value, expected):
    assert outcome(function, value) == expected


@pytest.mark.parametrize(
    ("value", "plain", "human"),
    [
        (0, "0", "0 (0x0)"),
        (255, "255", "255 (0xff)"),
        (-1, "-1", "-1 (0xffffffffffffffff)"),
        (TOP, "-1", "-1 (0xffffffffffffffff)"),
    ],
)
def test_int_output(value, plain, human):
    assert visitor.format_int(value) == plain
    assert visitor.format_int(value, human=True) == human


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "0.977 KiB"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (1023 << 20, "0.999 GiB"),
        (1 << 40, "1 TiB"),
        (TOP, "16 EiB"),
    ],
)
def test_size_output(size, text):
    assert visitor.size_to_str(size) == text
    assert visitor.format_size(size, human=True) == f"{size} ({text})"


def test_other_output():
    assert visitor.format_bool(True) == "true"
    assert visitor.format_str(None) == ""
    assert visitor.format_str(None, human=True) == "<null>"
    assert visitor.format_str("a", human=True) == '"a"'
    assert visitor.format_ranges([5, 0, 1, 2]) == "0-2,5"
    assert visitor.format_ranges([5, 0, 1, 2], human=True) == "0-2,5 (0x0-0x2,0x5)"


@given(st.integers(0, TOP))
def test_integers_survive_text(value):
    assert visitor.parse_uint64(str(value), "x") == value
    assert visitor.parse_uint64(hex(value), "x") == value
    assert visitor.parse_size(str(value), "x") == value


@given(st.sets(st.integers(0, 300)))
def test_ranges_survive_text(values):
    assert visitor.parse_ranges(visitor.format_ranges(values), "x") == sorted(values)


@given(st.text(max_size=12))
def test_any_text_is_a_value_or_an_error(text):
    for function in (visitor.parse_uint64, visitor.parse_int64, visitor.parse_size):
        outcome(function, text)
    outcome(visitor.parse_ranges, text[:4])
    outcome(visitor.parse_number, text)
