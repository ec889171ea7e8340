"""Objects on the command line: JSON, and flat options, checked against a QAPI type."""

from __future__ import annotations

from pyqom.errors import InvalidParameterValue, MissingParameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.release import Release
    from pyqom.system.opts import Opts


def json_object(release: Release, text: str) -> dict[str, Any]:
    """The ObjectOptions that ``-object`` says in JSON.  Raises PyqomError."""
    from pyqom.monitor.qapi import schema
    from pyqom.monitor.values import json_value

    value = json_value(release, text)
    checked: dict[str, Any] = schema(release).check_value("ObjectOptions", value, "")
    return checked


def json_or_keyval(release: Release, kind: str, text: str, implied: str) -> dict[str, Any]:
    """What an option says in JSON, or as nested key=value, as a QAPI type.  Raises PyqomError."""
    from pyqom.monitor.qapi import schema
    from pyqom.monitor.values import json_value
    from pyqom.types.keyval import parse_keyval

    given = json_value(release, text) if text[:1] == "{" else parse_keyval(text, implied)
    checked: dict[str, Any] = schema(release).check_value(
        kind, given, "", keyval=text[:1] != "{"
    )
    return checked


AUDIO_DRIVERS = (
    *("none", "alsa", "coreaudio", "dbus", "dsound", "jack", "oss", "pa", "pipewire", "sdl"),
    *("sndio", "spice", "wav"),
)


def audiodev(release: Release, text: str) -> dict[str, Any]:
    """What ``-audiodev`` says, of which driver and id matter.  Raises PyqomError."""
    from pyqom.monitor.values import json_value
    from pyqom.types.keyval import parse_keyval
    from pyqom.types.visitor import json_str

    given = json_value(release, text) if text[:1] == "{" else parse_keyval(text, "driver")
    for name in ("id", "driver"):
        if name not in given:
            raise MissingParameter(f"Parameter '{name}' is missing")
        json_str(given[name], name)
    if given["driver"] not in AUDIO_DRIVERS:
        raise InvalidParameterValue(
            f"Parameter 'driver' does not accept value '{given['driver']}'"
        )
    checked: dict[str, Any] = given
    return checked


def options(release: Release, kind: str, opts: Opts) -> dict[str, Any]:
    """Flat options as the QAPI type `kind`, typed.  Raises PyqomError."""
    from pyqom.monitor.qapi import schema

    pairs = list(opts.pairs)
    if opts.id is not None:
        pairs.append(("id", opts.id))
    return schema(release).check_options(kind, pairs)
