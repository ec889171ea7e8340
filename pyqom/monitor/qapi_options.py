"""``query-command-line-options``: what ``schema/command-line-options.json`` states, for a release.

An option is a property there, its parameters are the option's properties.  Lifetimes and orders
are written as in ``schema/qmp`` (`pyqom.monitor.qapi_types`); an order may name a parameter twice,
as QEMU does.
"""

from __future__ import annotations

from functools import cache

from pyqom.errors import InvalidParameterValue
from pyqom.schema import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.release import Release

    Parameter = dict[str, str]
    Option = dict[str, Any]


def command_line_options(release: Release, option: str | None = None) -> list[Option]:
    """QMP ``CommandLineOptionInfo`` of one option, or of all for None, in QEMU's order.

    `option` is a name without dashes (``smp-opts``: not every name is the option's).  The result
    is not to be changed.  Raises InvalidParameterValue for an unknown option.
    """
    options = _options(release)
    if option is None:
        return list(options.values())
    if option not in options:
        raise InvalidParameterValue(f"invalid option name: {option}")
    return [options[option]]


@cache
def _options(release: Release) -> dict[str, Option]:
    stated = load("command-line-options")
    return {
        name: {"option": name, "parameters": _parameters(stated["properties"][name], release)}
        for name in _ordered(stated, release)
    }


def _parameters(option: Any, release: Release) -> list[Parameter]:
    properties = option.get("properties", {})
    return [_parameter(name, properties[name], release) for name in _ordered(option, release)]


def _parameter(name: str, stated: Any, release: Release) -> Parameter:
    if "anyOf" in stated:
        stated = next(entry for entry in stated["anyOf"] if _knows(entry, release, "x-"))
    kind = stated.get("x-qapi-type") or {"integer": "number"}.get(stated["type"], stated["type"])
    parameter: Parameter = {"name": name, "type": kind}
    if "description" in stated:
        parameter["help"] = stated["description"]
    if "default" in stated:
        parameter["default"] = stated["default"]
    return parameter


def _ordered(stated: Any, release: Release) -> list[str]:
    """The names of the properties that the release knows, in its order."""
    for order in stated.get("x-order", ()):
        if _knows(order, release):
            return list(order["names"])
    properties = stated.get("properties", {})
    return [name for name, entry in properties.items() if _knows(entry, release, "x-")]


def _knows(lifetime: Any, release: Release, prefix: str = "") -> bool:
    return release.knows(lifetime.get(f"{prefix}since"), lifetime.get(f"{prefix}until"))
