"""QEMU's visitors as plain functions: text and JSON to values, values to text.

A QEMU visitor walks a property's type over a string, a JSON value or an output
buffer.  Here each leaf type is one function, so that a property kind names the
function and its range and nothing is walked:

    parse_*   the string visitor (qapi/string-input-visitor.c, util/cutils.c):
              -global, compat properties, HMP qom-set
    json_*    the typed visitor of QMP (qapi/qobject-input-visitor.c)
    keyval_*  its sister for texts in key=value,... options (same file):
              -device, -object
    format_*  the string output visitor (qapi/string-output-visitor.c)

`name` is what the error text calls the value: the full name with the members
on the way ("model.props.level") for the JSON visitor, the plain one for text.
All raise `InvalidParameterType` or `InvalidParameterValue` with QEMU's text.
"""

from __future__ import annotations

from pyqom.errors import InvalidParameterType, InvalidParameterValue, UnexpectedParameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

INT64_MIN = -(1 << 63)
INT64_MAX = (1 << 63) - 1
UINT64_MAX = (1 << 64) - 1
MOST_DIGITS = 1000
RANGE_MAX_ELEMENTS = 65536

_TRUE = frozenset(("on", "yes", "true", "y"))
_FALSE = frozenset(("off", "no", "false", "n"))
_BLANKS = frozenset(" \t\n\v\f\r")
_DIGITS = frozenset("0123456789")
_BINARY_DIGITS = frozenset("01")
_OCTAL_DIGITS = frozenset("01234567")
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_SUFFIX = {"B": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
_UNIT_NAMES = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


def expects(name: str, what: str) -> InvalidParameterValue:
    """The error "Parameter 'NAME' expects WHAT" (QERR_INVALID_PARAMETER_VALUE)."""
    return InvalidParameterValue(f"Parameter '{name}' expects {what}")


def wrong_type(name: str, expected: str) -> InvalidParameterType:
    """The error "Invalid parameter type for 'NAME', expected: EXPECTED"."""
    return InvalidParameterType(f"Invalid parameter type for '{name}', expected: {expected}")


# --- text --------------------------------------------------------------------


def scan_integer(text: str, start: int = 0) -> tuple[int, int] | None:
    """The C integer at `start` as (value, end); None when there is none.

    As strtoull(base 0) of C23: blanks, a sign, then hexadecimal, binary, octal
    or decimal digits, as many as there are.
    """
    at = start
    while text[at : at + 1] in _BLANKS:
        at += 1
    negative = text[at : at + 1] == "-"
    if text[at : at + 1] in ("-", "+"):
        at += 1
    base, digits = 10, _DIGITS
    if text[at : at + 2] in ("0x", "0X") and text[at + 2 : at + 3] in _HEX_DIGITS:
        base, digits, at = 16, _HEX_DIGITS, at + 2
    elif text[at : at + 2] in ("0b", "0B") and text[at + 2 : at + 3] in _BINARY_DIGITS:
        base, digits, at = 2, _BINARY_DIGITS, at + 2
    elif text[at : at + 1] == "0":
        base, digits = 8, _OCTAL_DIGITS
    end = _span(text, at, digits)
    if end == at:
        return None
    # no number of 64 bits has so many digits, and Python refuses to read very many
    value = int(text[at:end], base) if end - at <= MOST_DIGITS else UINT64_MAX + 1
    return (-value if negative else value), end


def _span(text: str, at: int, digits: frozenset[str]) -> int:
    """Where the run of `digits` that begins at `at` ends."""
    while text[at : at + 1] in digits:
        at += 1
    return at


def _scan_signed(text: str, start: int = 0) -> tuple[int, int] | None:
    """qemu_strtoi64(): None also when the number does not fit."""
    found = scan_integer(text, start)
    if found is None or not INT64_MIN <= found[0] <= INT64_MAX:
        return None
    return found


def _scan_unsigned(text: str, start: int = 0) -> tuple[int, int] | None:
    """qemu_strtou64(): a minus sign wraps around, as strtoull() does."""
    found = scan_integer(text, start)
    if found is None or not -UINT64_MAX <= found[0] <= UINT64_MAX:
        return None
    return found[0] & UINT64_MAX, found[1]


def parse_int64(text: str, name: str) -> int:
    """A signed 64 bit integer; the whole text must be used."""
    found = _scan_signed(text)
    if found is None or found[1] != len(text):
        raise expects(name, "int64")
    return found[0]


def parse_uint64(text: str, name: str) -> int:
    """An unsigned 64 bit integer; "-1" is 2**64 - 1 as in QEMU."""
    found = _scan_unsigned(text)
    if found is None or found[1] != len(text):
        raise expects(name, "uint64")
    return found[0]


def parse_bool(text: str, name: str) -> bool:
    """on/off, yes/no, true/false, y/n (qapi_bool_parse())."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise expects(name, "'on' or 'off'")


def parse_number(text: str, name: str) -> float:
    """A finite number, as strtod() reads it."""
    try:
        value = float.fromhex(text) if "x" in text.lower() else float(text)
    except (ValueError, OverflowError):
        raise wrong_type(name, "number") from None
    # Python also takes "1_0" and blanks behind; and QEMU wants finite numbers
    if "_" in text or text != text.rstrip() or not abs(value) < float("inf"):
        raise wrong_type(name, "number")
    return value


def parse_size(text: str, name: str) -> int:
    """A size in bytes: decimal, hexadecimal, a fraction, suffixes k to E."""
    try:
        return strtosz(text)
    except OverflowError:
        raise InvalidParameterValue(
            f"Value '{text}' is out of range for parameter '{name}'"
        ) from None
    except ValueError:
        raise expects(name, "a non-negative number below 2^64") from None


def strtosz(text: str, base: int = 1024) -> int:
    """qemu_strtosz(): bytes of a size text such as 0x100, 4k or 1.5G.

    `base` 1000 is qemu_strtosz_metric(): k is a thousand.
    Raises OverflowError when it does not fit 64 bits or is negative, ValueError
    when it is no size.
    """
    text = text.lstrip(" \t\n\v\f\r")
    if text[:1] == "-":
        found = scan_integer(text)
        if found is not None and found[1] == len(text):
            raise OverflowError(text)
        raise ValueError(text)
    text = text[1:] if text[:1] == "+" else text
    if text[:2] in ("0x", "0X"):
        found = scan_integer(text)
        if found is None or found[1] != len(text):
            raise ValueError(text)
        return _fits(found[0])
    return _decimal_size(text, base)


def _decimal_size(text: str, base: int) -> int:
    """The decimal part of strtosz(): digits, fraction, suffix."""
    end = _span(text, 0, _DIGITS)
    whole, fraction = text[:end], ""
    if text[end : end + 1] == ".":
        start, end = end + 1, _span(text, end + 1, _DIGITS)
        fraction = text[start:end]
    exponent = 0
    if end < len(text):
        exponent = _SUFFIX.get(text[end].upper(), -1)
        end += 1
    unit = base ** max(exponent, 0)
    numerator, denominator = int(fraction or "0"), 10 ** len(fraction)
    if not (whole or fraction) or exponent < 0 or end != len(text) or (numerator and unit == 1):
        raise ValueError(text)
    # the fraction is rounded, a half upwards
    rest = (2 * numerator * unit + denominator) // (2 * denominator)
    return _fits(int(whole or "0") * unit + rest)


def _fits(size: int) -> int:
    if size > UINT64_MAX:
        raise OverflowError(size)
    return size


def parse_ranges(text: str, name: str, signed: bool = False) -> list[int]:
    """A list of integers and ranges: "0-3,5" is [0, 1, 2, 3, 5]; "" is []."""
    scan = _scan_signed if signed else _scan_unsigned
    values: list[int] = []
    at = 0
    while at < len(text):
        entry = _range_entry(text, at, scan)
        if entry is None:
            raise expects(name, f"list of {'int64' if signed else 'uint64'} values or ranges")
        first, last, at = entry
        values.extend(range(first, last + 1))
    return values


def _range_entry(text: str, at: int, scan: Any) -> tuple[int, int, int] | None:
    """One "N" or "N-M" with the comma behind it: (first, last, next)."""
    found = scan(text, at)
    if found is None:
        return None
    first = last = found[0]
    at = found[1]
    if text[at : at + 1] == "-":
        found = scan(text, at + 1)
        if found is None:
            return None
        last, at = found
        if first > last or last - first >= RANGE_MAX_ELEMENTS:
            return None
    if at < len(text):
        if text[at] != ",":
            return None
        at += 1
    return first, last, at


# --- JSON --------------------------------------------------------------------


def json_bool(value: Any, name: str) -> bool:
    """A JSON boolean."""
    if value is True or value is False:
        return value
    raise wrong_type(name, "boolean")


def json_str(value: Any, name: str) -> str:
    """A JSON string."""
    if isinstance(value, str):
        return value
    raise wrong_type(name, "string")


def json_int64(value: Any, name: str) -> int:
    """A JSON integer that fits a signed 64 bit word."""
    if isinstance(value, int) and value is not True and value is not False:
        if INT64_MIN <= value <= INT64_MAX:
            return int(value)
    raise wrong_type(name, "integer")


def json_uint64(value: Any, name: str) -> int:
    """A JSON integer that fits 64 bits; a negative one wraps around, as QEMU's."""
    if isinstance(value, int) and value is not True and value is not False:
        if INT64_MIN <= value <= UINT64_MAX:
            return value & UINT64_MAX
    raise expects(name, "uint64")


def json_number(value: Any, name: str) -> float:
    """A JSON number."""
    if isinstance(value, (int, float)) and value is not True and value is not False:
        return float(value)
    raise wrong_type(name, "number")


def json_list(value: Any, name: str) -> list[Any]:
    """A JSON array."""
    if isinstance(value, (list, tuple)):
        return list(value)
    raise wrong_type(name, "array")


def json_object(value: Any, name: str) -> dict[str, Any]:
    """A JSON object."""
    if isinstance(value, dict):
        return dict(value)
    raise wrong_type(name, "object")


# --- key=value ---------------------------------------------------------------


def keyval_text(value: Any, name: str) -> str:
    """The text of a scalar; a list or object in its place is an error."""
    if isinstance(value, str):
        return value
    raise UnexpectedParameter(f"Parameters '{name}.*' are unexpected")


def keyval_int64(value: Any, name: str) -> int:
    """A signed 64 bit integer."""
    text = keyval_text(value, name)
    found = _scan_signed(text)
    if found is None or found[1] != len(text):
        raise expects(name, "integer")
    return found[0]


def keyval_uint64(value: Any, name: str) -> int:
    """An unsigned 64 bit integer."""
    text = keyval_text(value, name)
    found = _scan_unsigned(text)
    if found is None or found[1] != len(text):
        raise expects(name, "integer")
    return found[0]


def keyval_size(value: Any, name: str) -> int:
    """A size in bytes."""
    text = keyval_text(value, name)
    try:
        return strtosz(text)
    except (OverflowError, ValueError):
        raise expects(name, "size") from None


# --- output ------------------------------------------------------------------


def format_bool(value: bool) -> str:
    """The word true or false."""
    return "true" if value else "false"


def format_str(value: str | None, human: bool = False) -> str:
    """The text; quoted, and "<null>" for none, when `human`."""
    if human:
        return "<null>" if value is None else f'"{value}"'
    return value or ""


def _signed(value: int) -> int:
    """QEMU prints every integer as a signed 64 bit one."""
    return value - (1 << 64) if value > INT64_MAX else value


def format_int(value: int, human: bool = False) -> str:
    """The decimal number; with its hexadecimal form behind it when `human`."""
    text = str(_signed(value))
    return f"{text} (0x{value & UINT64_MAX:x})" if human else text


def format_size(value: int, human: bool = False) -> str:
    """The bytes; with a rounded size behind them when `human`."""
    return f"{value} ({size_to_str(value)})" if human else str(value)


def size_to_str(value: int) -> str:
    """size_to_str(): "1.5 GiB"; three significant digits."""
    # the unit changes where the number would reach 1000, as QEMU's frexp() trick does
    exponent = max((value * 1024 // 1000).bit_length() - 1, 0) // 10 if value else 0
    return f"{value / (1 << 10 * exponent):0.3g} {_UNIT_NAMES[exponent]}B"


def format_ranges(values: Iterable[int], human: bool = False) -> str:
    """Integers as ranges in order: [3, 0, 1] is "0-1,3"."""
    ranges: list[list[int]] = []
    for value in sorted(set(values)):
        if ranges and value == ranges[-1][1] + 1:
            ranges[-1][1] = value
        else:
            ranges.append([value, value])
    text = ",".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)
    if not human:
        return text
    hexadecimal = ",".join(f"0x{a:x}" if a == b else f"0x{a:x}-0x{b:x}" for a, b in ranges)
    return f"{text} ({hexadecimal})"
