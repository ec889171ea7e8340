"""Reading the record of a host from a file, in whatever format it is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pyqom.document import bad, parse, read_text
from pyqom.hosts.record import Reader, faults_of

if TYPE_CHECKING:
    from pyqom.hosts.host import Host

SIGHT = 1 << 16
"""How many characters of a text are looked at to know its format."""


def load_host(path: str | os.PathLike[str]) -> Host:
    """The host that is recorded in a file.

    The format is known by the content: pyqom's own (``kvm-host/1``), a JSON list of leaves
    (`pyqom.hosts.leaves`), what ``cpuid -r`` prints, libvirt's ``<cpudata>``, ``/proc/cpuinfo``.
    A host of any but the first has no record of KVM: ``assumed`` says what is taken instead.
    Raises BadData where the file cannot be read or holds no host, with all faults as (place in the
    file, text).
    """
    name = os.fspath(path)
    return read_host(read_text(name), _called(name), name)


def read_host(text: str, name: str, file: str | None = None) -> Host:
    """The host in a text of any of the formats, called `name` unless it says its own.

    Raises BadData, which speaks of `file`.
    """
    file = file or name
    beginning = text[:SIGHT].lstrip()
    if beginning[:1] in ("{", "["):
        return host_of(parse(text, file), name, file)
    if beginning[:1] == "<":
        from pyqom.hosts import cpudata

        return cpudata.host_of(text, name, file)
    from pyqom.hosts import cpuinfo, dump

    if dump.FIRST.search(beginning):
        return dump.host_of(text, name, file)
    if cpuinfo.FIRST.search(beginning):
        return cpuinfo.host_of(text, name, file)
    what = "is none of the formats of a host" if beginning else "the file is empty"
    raise bad(file, [("", what)])


def host_of(content: Any, name: str, file: str | None = None) -> Host:
    """The host of a parsed JSON text, called `name` unless it says its own.

    Raises BadData, which speaks of `file`.
    """
    if isinstance(content, dict) and "format" not in content and "cpuid" in content:
        from pyqom.hosts import leaves

        return leaves.host_of(content, name, file or name)
    reader = Reader()
    host = reader.host(content, name)
    if reader.faults:
        raise bad(file or name, faults_of(content))
    return host


def _called(path: str) -> str:
    """What a host is called that does not say it: as its file."""
    printable = "".join(char for char in os.path.basename(path) if char.isprintable())
    return printable.removesuffix(".json")[:1000] or "host"
