"""Texts that name a global property, as behind ``-global`` (``qemu_global_option``)."""

from __future__ import annotations

import re

from pyqom.errors import ParameterError, PyqomError
from pyqom.types.keyval import parse_opts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_DOTTED = re.compile(r"([^.=]{1,63})\.([^=]{1,63})=")

MEMBERS = ("driver", "property", "value")


def dotted_global(text: str) -> tuple[str, str, str] | None:
    """(driver, property, value) of ``DRIVER.PROPERTY=VALUE``; None for a text of another form."""
    match = _DOTTED.match(text)
    return (match[1], match[2], text[match.end() :]) if match else None


def complete_global(found: Mapping[str, str | None]) -> tuple[str, str, str]:
    """The three members of a global.  Raises PyqomError with QEMU's text where one is missing."""
    driver, name, value = (found.get(member) for member in MEMBERS)
    if driver is None or name is None or value is None:
        raise PyqomError("options 'driver', 'property', and 'value' are required")
    return driver, name, value


def parse_global(text: str) -> tuple[str, str, str]:
    """(driver, property, value) of a text as behind ``-global``.

    ``DRIVER.PROPERTY=VALUE`` or ``driver=...,property=...,value=...`` (``qemu_global_option``).
    Raises PyqomError with QEMU's text.
    """
    found = dotted_global(text)
    if found is None:
        given = dict(parse_opts(text))
        for name in given:
            if name not in MEMBERS:
                raise ParameterError(f"Invalid parameter '{name}'")
        found = complete_global(given)
    return found
