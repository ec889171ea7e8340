"""Comparing replies with what live QEMU said, in the modes of the conversations."""

from __future__ import annotations

import json
from typing import Any


def same(want: Any, got: Any) -> bool:
    """Equal, and 1, 1.0 and true are three things."""
    return json.dumps(want, sort_keys=True) == json.dumps(got, sort_keys=True)


def same_set(want: Any, got: Any) -> bool:
    """Equal lists, whatever their order."""
    if not (isinstance(want, list) and isinstance(got, list)):
        return same(want, got)
    return sorted(map(key, want)) == sorted(map(key, got))


def key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def subset(want: Any, got: Any) -> bool:
    """Everything wanted is there."""
    if isinstance(want, dict) and isinstance(got, dict):
        return all(name in got and subset(want[name], got[name]) for name in want)
    if isinstance(want, list) and isinstance(got, list):
        return all(any(subset(each, other) for other in got) for each in want)
    return same(want, got)


def shape(want: Any, got: Any) -> bool:
    """The same members and types; of a list, each element like one that is wanted."""
    if type(want) is not type(got):
        return False
    if isinstance(want, dict):
        return want.keys() == got.keys() and all(shape(want[name], got[name]) for name in want)
    if isinstance(want, list) and want:
        return bool(got) and all(any(shape(each, other) for each in want) for other in got)
    return True


def blank(value: Any, path: str) -> Any:
    """What a path such as ``return.*.thread-id`` names becomes the name of its type."""
    head, _, rest = path.partition(".")
    if head == "*" and isinstance(value, list):
        return [blank(each, rest) for each in value]
    if not isinstance(value, dict) or head not in value:
        return value
    inner = value[head]
    return value | {head: blank(inner, rest) if rest else f"<{type(inner).__name__}>"}


def agrees(step: dict[str, Any], got: list[Any]) -> bool:
    """Whether the messages are those of the step."""
    wanted = [each for each in step["expect"] if "eof" not in each]
    got = [tidy(message, step) for message in got]
    if step.get("events") == "loose":
        events = [each for each in wanted if "event" in each]
        if not all(event in got for event in events):
            return False
        wanted = [each for each in wanted if "event" not in each]
        got = [each for each in got if "event" not in each]
    compare = COMPARE[step.get("mode", "exact")]
    return len(wanted) == len(got) and all(map(compare, wanted, got))


def tidy(message: Any, step: dict[str, Any]) -> Any:
    message = {name: value for name, value in message.items() if name != "timestamp"}
    for path in step.get("ignore", ()):
        message = blank(message, path)
    return message


def _inside(compare: Any) -> Any:
    def both(want: Any, got: Any) -> bool:
        if want.keys() != got.keys():
            return False
        return all(
            compare(want[name], got[name]) if name == "return" else same(want[name], got[name])
            for name in want
        )

    return both


def _error(want: Any, got: Any) -> bool:
    if "error" not in want:
        return same(want, got)
    return same(want["error"], got.get("error"))


COMPARE = {
    "exact": same,
    "unordered": _inside(same_set),
    "subset": _inside(subset),
    "shape": shape,
    "error": _error,
    "text": same,
}
