"""Texts of the form key=value,key=value: QEMU's two ways to read them.

`parse_keyval` gives nested objects and lists ("a.b=1,a.c.0=x"), as -object and
-blockdev have it (util/keyval.c); `parse_opts` gives a flat list of pairs with
flags ("nofoo" is foo=off), as -device has it (util/qemu-option.c).  In both ",,"
in a value is one comma.
"""

from __future__ import annotations

from pyqom.errors import ParameterError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_INDEX_MAX = (1 << 31) - 1
_FRAGMENT_MAX = 127


def is_help_option(text: str) -> bool:
    """ "help" or "?"."""
    return text in ("help", "?")


def split_value(text: str, at: int) -> tuple[str, int]:
    """The value that begins at `at`, and where the comma or end behind it is."""
    value = ""
    while True:
        comma = text.find(",", at)
        if comma < 0:
            return value + text[at:], len(text)
        value += text[at:comma]
        if text[comma + 1 : comma + 2] != ",":
            return value, comma
        value += ","
        at = comma + 2


def _key_end(text: str, at: int) -> int:
    """Where the key that begins at `at` ends: at "=", "," or the end."""
    while at < len(text) and text[at] not in "=,":
        at += 1
    return at


def parse_opts(text: str, implied: str | None = None) -> list[tuple[str, str]]:
    """qemu_opts_parse() without its checks: (key, value) pairs in order.

    `implied` is the key of a first value that has none.  A key without value is
    on, with "no" in front of it off.
    """
    pairs: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        end = _key_end(text, at)
        if text[end : end + 1] == "=":
            value, stop = split_value(text, end + 1)
            pairs.append((text[at:end], value))
        elif implied is not None:
            value, stop = split_value(text, at)
            pairs.append((implied, value))
        else:
            key, stop = text[at:end], end
            pairs.append((key[2:], "off") if key.startswith("no") else (key, "on"))
        implied = None
        at = stop + 1
    return pairs


def parse_keyval(text: str, implied: str | None = None) -> dict[str, Any]:
    """keyval_parse(): nested dicts and lists with texts as leaves.

    Raises ParameterError with QEMU's text, also when help was asked for.
    """
    tree, asked_help = parse_keyval_help(text, implied)
    if asked_help:
        raise ParameterError("Help is not available for this option")
    return tree


def parse_keyval_help(text: str, implied: str | None = None) -> tuple[dict[str, Any], bool]:
    """As `parse_keyval`, and whether "help" or "?" was among the keys."""
    tree: dict[str, Any] = {}
    asked_help = False
    at = 0
    while at < len(text):
        end = _key_end(text, at)
        if end > at and text[end : end + 1] != "=" and is_help_option(text[at:end]):
            asked_help = True
            at = end + 1
            continue
        if end > at and text[end : end + 1] != "=" and implied is not None:
            _put(tree, [implied], text[at:end], implied)
            at = end + 1
        else:
            key = text[at:end]
            fragments = _fragments(key)
            if text[end : end + 1] != "=":
                raise ParameterError(f"Expected '=' after parameter '{key}'")
            value, stop = split_value(text, end + 1)
            _put(tree, fragments, value, key)
            at = stop + 1
        implied = None
    return _listify(tree, ()), asked_help


def _fragments(key: str) -> list[str]:
    """The parts of a dotted key, each a QAPI name or, behind the first, an index."""
    parts: list[str] = []
    at = 0
    while True:
        length = _fragment_length(key, at)
        if not length or (at + length < len(key) and key[at + length] != "."):
            raise ParameterError(f"Invalid parameter '{key}'")
        part = key[at : at + length]
        if length > _FRAGMENT_MAX:
            whole = at == 0 and length == len(key)
            raise ParameterError(f"Parameter{'' if whole else ' fragment'} '{part}' is too long")
        parts.append(part)
        at += length
        if at >= len(key):
            return parts
        at += 1


def _is_digit(char: str) -> bool:
    return char.isascii() and char.isdigit()


def _run(text: str, at: int, extra: str) -> int:
    """Where the run of letters, digits and `extra` that begins at `at` ends."""
    while at < len(text) and text[at].isascii() and (text[at].isalnum() or text[at] in extra):
        at += 1
    return at


def _fragment_length(key: str, at: int) -> int:
    """The length of the index or QAPI name at `at`; 0 when there is none."""
    start = at
    if at and _is_digit(key[at : at + 1]):
        while _is_digit(key[at : at + 1]):
            at += 1
        return at - start
    if key[at : at + 1] == "_":
        # a downstream name: __RFQDN_name
        if key[at + 1 : at + 2] != "_":
            return 0
        at = _run(key, at + 2, "-.")
        if key[at : at + 1] != "_":
            return 0
        at += 1
    first = key[at : at + 1]
    if not (first.isascii() and first.isalpha()):
        return 0
    return _run(key, at, "-_") - start


def _put(tree: dict[str, Any], fragments: list[str], value: str, key: str) -> None:
    for depth, part in enumerate(fragments[:-1], 1):
        below = tree.setdefault(part, {})
        if not isinstance(below, dict):
            raise _inconsistent(".".join(fragments[:depth]) + ".")
        tree = below
    if isinstance(tree.get(fragments[-1]), dict):
        raise _inconsistent(key + ".")
    tree[fragments[-1]] = value


def _inconsistent(prefix: str) -> ParameterError:
    return ParameterError(f"Parameters '{prefix}*' used inconsistently")


def _listify(tree: dict[str, Any], path: tuple[str, ...]) -> Any:
    """Turn objects whose members are all numbered into lists, from the leaves up."""
    for key, value in tree.items():
        if isinstance(value, dict):
            tree[key] = _listify(value, (*path, key))
    numbered = [key for key in tree if _is_digit(key[0])]
    prefix = "".join(part + "." for part in path)
    if not numbered:
        return tree
    if len(numbered) < len(tree):
        raise _inconsistent(prefix)
    items = {min(int(key), _INDEX_MAX): value for key, value in tree.items()}
    for index in range(min(len(tree) + 1, max(items) + 1)):
        if index not in items:
            raise ParameterError(f"Parameter '{prefix}{index}' missing")
    return [items[index] for index in sorted(items)]
