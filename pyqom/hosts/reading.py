"""Reading the record of a host from a file, in whatever format it is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pyqom.document import bad, parse, read_text
from pyqom.hosts.record import Reader, faults_of

if TYPE_CHECKING:
    from pyqom.hosts.host import Host


def load_host(path: str | os.PathLike[str]) -> Host:
    """The host that is recorded in a file.

    Raises BadData where the file cannot be read or holds no such record, with all faults as (path
    in the file, text).
    """
    name = os.fspath(path)
    text = read_text(name)
    return host_of(parse(text, name), _called(name), name)


def host_of(content: Any, name: str, file: str | None = None) -> Host:
    """The host of a parsed record of the format ``kvm-host/1``.

    It is called `name` unless it says its own.  Raises BadData, which speaks of `file`.
    """
    reader = Reader()
    host = reader.host(content, name)
    if reader.faults:
        raise bad(file or name, faults_of(content))
    return host


def _called(path: str) -> str:
    """What a host is called that does not say it: as its file."""
    printable = "".join(char for char in os.path.basename(path) if char.isprintable())
    return printable.removesuffix(".json")[:1000] or "host"
