"""Flat keys with dots made nested dictionaries and lists (``qdict_crumple``).

Unlike `pyqom.types.keyval`, which reads dotted keys out of a text, this one takes any key: two
dots stand for one that is part of a name.
"""

from __future__ import annotations

import re

from pyqom.errors import ParameterError
from pyqom.types.qdict import qdict_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

INDEX = re.compile(r"\s*[+-]?[0-9]+", re.ASCII)
KEY = re.compile(r"((?:[^.]|\.\.)*)(?:\.(.*))?", re.DOTALL)


def crumple(flat: Mapping[str, str]) -> Any:
    """The nested form of flat texts: a list where all keys are its indices, else a dictionary.

    Raises ParameterError where the keys contradict each other.
    """
    split: dict[str, Any] = {}
    for key in qdict_order(flat):
        prefix, suffix = _split(key)
        if prefix in split and not (isinstance(split[prefix], dict) and suffix is not None):
            raise ParameterError("Cannot mix scalar and non-scalar keys")
        if suffix is None:
            split[prefix] = flat[key]
        else:
            split.setdefault(prefix, {})[suffix] = flat[key]
    nested = {
        name: crumple(split[name]) if isinstance(split[name], dict) else split[name]
        for name in qdict_order(split)
    }
    return _listed(nested)


def _split(key: str) -> tuple[str, str | None]:
    """What is before the first single dot, and what is behind it."""
    match = KEY.fullmatch(key)
    assert match is not None
    return match[1].replace("..", "."), match[2]


def _listed(nested: dict[str, Any]) -> Any:
    """The dictionary, or the list that it stands for (``qdict_is_list``)."""
    indices = [_index(key) for key in nested]
    numbers = [index for index in indices if index is not None]
    if not numbers:
        return nested
    if len(numbers) < len(indices):
        raise ParameterError("Cannot mix list and non-list keys")
    largest = max(-1, *numbers)
    if len(numbers) != largest + 1:
        raise ParameterError(
            f"List indices are not contiguous, saw {len(numbers)} elements"
            f" but {largest} largest index"
        )
    for index in range(len(nested)):
        if str(index) not in nested:
            raise ParameterError(f"Missing list index {index}")
    return [nested[str(index)] for index in range(len(nested))]


def _index(key: str) -> int | None:
    return int(key) if INDEX.fullmatch(key) else None
