"""What a start pays for the standard library, and how it gets by with less.

A question asked on the command line takes some 30 ms, of which `json` (by way of `re` and `enum`)
and `functools` (by way of `collections`) would be a quarter.  Both are used elsewhere; here stand
the two things that a start needs of them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from functools import cache as memo
    from typing import Any
else:

    def memo(function):
        """`functools.cache`, for functions of hashable positional arguments."""
        kept = {}

        def remembered(*arguments):
            try:
                return kept[arguments]
            except KeyError:
                value = kept[arguments] = function(*arguments)
                return value

        remembered.__name__ = function.__name__
        remembered.__doc__ = function.__doc__
        remembered.__wrapped__ = function
        return remembered


try:
    from _json import encode_basestring_ascii as quoted
    from _json import make_scanner as _make_scanner
except ImportError:  # a Python without the C part of json
    from json.encoder import py_encode_basestring_ascii as quoted

    _make_scanner = None  # type: ignore[assignment, misc]

__all__ = ["memo", "quoted", "read_json"]


class _Plain:
    """What `json`'s own scanner, written in C, reads with: the settings of `json.loads`."""

    strict = True
    object_hook = object_pairs_hook = parse_constant = None
    parse_float = float
    parse_int = int
    memo: dict[str, str] = {}


_settings: Any = _Plain
_scan = None if _make_scanner is None else _make_scanner(_settings)


def read_json(path: str, *members: str) -> Any:
    """The content of a data file: a JSON object that has all of these members.

    Raises BadData where it cannot be read, is no JSON (with line and column) or lacks a member.
    """
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        value = _loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise _bad(path, str(error)) from None
    missing = [name for name in members if not isinstance(value, dict) or name not in value]
    if missing:
        raise _bad(path, f"lacks {' and '.join(missing)}")
    return value


def _loads(text: str) -> Any:
    if _scan is not None:
        try:
            value, end = _scan(text, 0)
        except (StopIteration, ValueError, SystemError):
            pass  # white space before it, or a fault: `json` knows what to make of it
        else:
            if not text[end:].strip():
                return value
    import json

    return json.loads(text)


def _bad(path: str, text: str) -> Exception:
    from pyqom.errors import BadData

    return BadData(f"{path}: {text}", [(path, text)])
