"""What KVM's numbers are called."""

from __future__ import annotations

import os.path
from typing import Any

from pyqom.quick import memo, read_json

FOLDER = os.path.join(os.path.dirname(__file__), "data")


@memo
def load(name: str, *members: str) -> Any:
    """The content of a data file of this folder, read once; not to be changed."""
    return read_json(os.path.join(FOLDER, name), *members)


def _names() -> Any:
    return load("kvm-names.json", "capabilities", "msrs")


def capability_name(number: int) -> str | None:
    """``KVM_CAP_...``; None for a number that has no name yet."""
    name: str | None = _names()["capabilities"].get(str(number))
    return name


def msr_name(index: int) -> str | None:
    """The name of a feature MSR; None for one that is not known as such."""
    name: str | None = _names()["msrs"].get(f"{index:08x}")
    return name
