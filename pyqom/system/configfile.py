"""``-readconfig``: options from a file (``util/qemu-config.c``).

A section is ``[group "id"]``, an entry of it ``key = "value"``.
"""

from __future__ import annotations

import re

from pyqom.errors import InvalidParameterValue, ParameterError, PyqomError
from pyqom.system.messages import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyqom.system.commandline import CommandLine

HEAD = re.compile(r'\[([^\s\]]{1,63}) "([^"]{1,63})"\]|\[([^\]]{1,63})\]')
ENTRY = re.compile(r'\s*(\S{1,63})\s*=\s*"([^"]{0,1023})"')

NESTED = {"machine": "", "smp-opts": "smp", "boot-opts": "boot"}
"""Groups that are the machine's options, and the property that they are."""


def read_config(line: CommandLine, path: str, location: str) -> None:
    """Do what a configuration file says.  Raises PyqomError, and Failure with file and line."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().split("\n")
    except OSError as error:
        raise PyqomError(f"Could not open '{path}': {error.strerror}") from None
    for group, entries, number in _sections(lines, path):
        where = f"{path}:{number}"
        try:
            _apply(line, group, entries, where)
        except ParameterError as error:
            raise Failure(str(error), location=where) from None


def _sections(lines: list[str], path: str) -> Iterator[tuple[str, dict[str, str], int]]:
    """Each section: its group, its entries with the id, and the number of its last line."""
    entries: dict[str, str] = {}
    group, last = "", 0
    for number, text in enumerate(lines, 1):
        if not text or text.startswith("#"):
            continue
        head = HEAD.match(text) if text.startswith("[") else None
        if head:
            if group:
                yield group, entries, last
            group, entries = head[1] or head[3], {"id": head[2]} if head[1] else {}
            continue
        entry, last = ENTRY.match(text), number
        if entry is None:
            raise Failure("parse error", location=f"{path}:{number}")
        if not group:
            raise Failure("no group defined", location=f"{path}:{number}")
        entries[entry[1]] = entry[2]
    if group:
        yield group, entries, last


def _apply(line: CommandLine, name: str, entries: dict[str, str], location: str) -> None:
    if name in NESTED:
        nested = _nested(entries)
        line.merge({NESTED[name]: nested} if NESTED[name] else nested)
        return
    if name == "object":
        from pyqom.monitor.qapi import schema

        checker = schema(line.release).check_value
        line.objects.append(checker("ObjectOptions", _nested(entries), "", keyval=True))
        return
    try:
        group = line.group(name)
    except InvalidParameterValue:
        raise ParameterError(f"There is no option group '{name}'") from None
    opts = group.create(entries.pop("id", None), location)
    for key, value in entries.items():
        group.set(opts, key, value)


def _nested(entries: dict[str, str]) -> dict[str, object]:
    """The entries with their dotted keys made nested."""
    from pyqom.types.keyval import parse_keyval

    text = ",".join(f"{key}={value.replace(',', ',,')}" for key, value in entries.items())
    return parse_keyval(text)
