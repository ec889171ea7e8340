"""``-readconfig``: options from a file (``util/qemu-config.c``).

A section is ``[group "id"]``, an entry of it ``key = "value"``.  QEMU reads both with ``sscanf``,
so that a line means what its beginning means: ``key = value`` is an entry with an empty value, and
``key="value"``, which has no blank, is an entry with that name.
"""

from __future__ import annotations

import re

from pyqom.errors import InvalidParameterValue, ParameterError, PyqomError
from pyqom.system import table
from pyqom.system.messages import NOWHERE, Failure, InFile
from pyqom.system.opts import ID_HINT, SIZE_HINT
from pyqom.types.crumple import crumple
from pyqom.types.qdict import qdict_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyqom.system.commandline import CommandLine

HINTS = (ID_HINT, SIZE_HINT)
LINE = 1023
"""What of a line is read at once; the rest counts as a line of its own."""
NAMED = re.compile(r'\[\s*(\S{1,63}+)\s*"([^"]{1,63})', re.ASCII)
GROUP = re.compile(r"\[([^\]]{1,63})")
ENTRY = re.compile(r'\s*(\S{1,63}+)(?:\s*=\s*"([^"]{1,1023}))?', re.ASCII)

PROPERTIES = {"smp-opts": "smp", "boot-opts": "boot"}
"""Groups that are a property of the machine."""
NESTED = ("machine", "object", *PROPERTIES)
"""Groups whose dotted keys stand for members."""


class Section:
    """A section: its group, its entries with the id, and the place of its last entry.

    ``last`` tells whether it ends with the file.
    """

    def __init__(self, group: str, id: str | None) -> None:
        self.group = group
        self.entries = {} if id is None else {"id": id}
        self.place: str = NOWHERE
        self.last = False


def read_config(line: CommandLine, path: str, location: str) -> None:
    """Do what a configuration file says.  Raises PyqomError, and Failure where a place is told."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            lines = _lines(file.readlines())
    except IsADirectoryError as error:
        raise PyqomError(f"Cannot read config file: {error.strerror}") from None
    except OSError as error:
        raise PyqomError(f"Could not open '{path}': {error.strerror}") from None
    try:
        for section in _sections(lines, path):
            try:
                _apply(line, section)
            except ParameterError as error:
                raise Misread(str(error), section.place, section.last) from None
    except Misread as error:
        if "config-errors-name-the-option" in line.release.rules:
            raise PyqomError(error.text) from None
        text = error.text
        for hint in HINTS if error.last else ():  # QEMU is gone before it could add one
            text = text.removesuffix(f"\n{hint}")
        raise Failure(text, location=error.place) from None


class Misread(Exception):
    """Something in the file is wrong: the error's text, its place, and whether the file ends."""

    def __init__(self, text: str, place: str, last: bool = True) -> None:
        super().__init__(text)
        self.text = text
        self.place = place
        self.last = last


def _lines(lines: list[str]) -> Iterator[str]:
    """The lines as ``fgets`` brings them into QEMU's buffer."""
    for text in lines:
        for at in range(0, len(text), LINE):
            yield text[at : at + LINE]


def _sections(lines: Iterator[str], path: str) -> Iterator[Section]:
    """The sections, each when it is complete.  Raises Misread."""
    section: Section | None = None
    place: str = NOWHERE
    for number, text in enumerate(lines, 1):
        if text[0] in "\n#":
            continue
        head = _head(text) if text[0] == "[" else None
        if head is not None:
            if section is not None:
                section.place = place
                yield section
            section = head
            continue
        place = InFile(f"{path}:{number}")
        entry = ENTRY.match(text)
        if entry is None:
            raise Misread("parse error", place)
        if section is None:
            raise Misread("no group defined", place)
        section.entries[entry[1]] = entry[2] or ""
    if section is not None:
        section.place, section.last = place, True
        yield section


def _head(text: str) -> Section | None:
    """The section that a line begins."""
    named = NAMED.match(text)
    if named:
        return Section(named[1], named[2])
    group = GROUP.match(text)
    return Section(group[1], None) if group else None


def _apply(line: CommandLine, section: Section) -> None:
    name, entries, place = section.group, section.entries, section.place
    if name in NESTED:
        nested = crumple(entries)
        if isinstance(nested, list):
            raise ParameterError("Lists cannot be at top level of a configuration section")
        _nested(line, name, nested, place)
        return
    try:
        group = line.group(name)
    except InvalidParameterValue:
        raise ParameterError(f"There is no option group '{name}'") from None
    opts = group.create(entries.pop("id", None), place)
    for key in qdict_order(entries):
        group.set(opts, key, entries[key])
    if name == "chardev":
        line.add_chardev(opts)
    elif name == "mon":
        line.add_monitor(opts)
    elif table.is_refused(line.release, name):
        raise Failure("Option not supported in this build", location=place)


def _nested(line: CommandLine, name: str, nested: dict[str, object], place: str) -> None:
    """Do what a section of nested options says; what is no fault of the file has its place."""
    if name == "machine":
        try:
            line.merge(nested)
        except PyqomError as error:
            raise ParameterError(str(error)) from None
        return
    try:
        if name in PROPERTIES:
            line.merge({PROPERTIES[name]: nested})
            return
        from pyqom.monitor.qapi import schema

        checker = schema(line.release).check_value
        line.objects.append(checker("ObjectOptions", nested, "", keyval=True))
    except PyqomError as error:
        raise Failure(str(error), location=place) from None
