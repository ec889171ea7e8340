"""One JSON value out of a text, as options and the human monitor take it (``qobject/qjson.c``)."""

from __future__ import annotations

from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.release import Release


def json_value(release: Release, text: str) -> Any:
    """The one JSON value of a text (``qobject_from_json``).  Raises PyqomError."""
    from pyqom.monitor.dialect import Parser
    from pyqom.monitor.protocol import wording

    words = wording(release)
    parser = Parser(words)
    found = parser.feed(text.encode("utf-8", "surrogateescape"))
    found = found or parser.feed(b"\n")  # a word or a number may have to be ended
    if not found:
        raise PyqomError(_premature(text, words.located))
    if isinstance(found[0], PyqomError):
        # an unended string is a stray token, without the line end that ended it
        raise PyqomError(str(found[0]).replace("\n'", "'"))
    if len(found) > 1 or parser.feed(b"\n") or not parser.idle:
        raise PyqomError("Expecting at most one JSON value")
    return found[0]


def _premature(text: str, located: bool) -> str:
    if not located:
        return "JSON parse error, premature EOI"
    line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
    return f"{line}:{column}: JSON parse error, premature end of input"
