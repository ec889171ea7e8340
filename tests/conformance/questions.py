"""Questions as QMP asks them, answered by pyqom."""

from __future__ import annotations

from typing import Any

import pyqom
from pyqom.answers.expansion import check_type, expanded, props_of
from pyqom.answers.target import Target
from pyqom.devices.cpu.x86.featurestring import ModelString


def shape_is_sound(arguments: dict[str, Any]) -> bool:
    """Whether the arguments are those of the command; where not, QMP answers itself."""
    if arguments.keys() != {"model", "type"}:
        return False
    model = arguments["model"]
    return isinstance(model, dict) and "name" in model and model.keys() <= {"name", "props"}


def reply(release: str, machine: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The reply to ``query-cpu-model-expansion``.

    Unlike `pyqom.expand`, QMP takes ``model.name`` as it is, with no ``,feature`` after it.
    """
    model, type = arguments["model"], arguments["type"]
    try:
        check_type(type)
        target = Target(machine, release=release)
        cpu = expanded(target, ModelString(model["name"]), model.get("props"))
        shown = "base" if type == "static" else model["name"]
        return {"return": {"model": {"name": shown, "props": props_of(cpu, type)}}}
    except pyqom.PyqomError as error:
        return {"error": {"class": error.qmp_class, "desc": str(error)}}
