"""The host, as far as it decides whether an object can be made: its files, memory and nodes.

Nothing is created, changed or kept open: a file that QEMU would make is only asked for whether it
could be made.
"""

from __future__ import annotations

import os

from pyqom.devices.backends.fields import Fact
from pyqom.errors import ObjectRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.types import Registry

PAGE = os.sysconf("SC_PAGE_SIZE")
ADDRESS_SPACE = 1 << 47
"""Bytes that one process may map."""
FILE_SIZE_END = 1 << 63
NODES = "/sys/devices/system/node"
FDSET = "/dev/fdset/"

FD_SETS_ARE_NAMED = Fact(since="11.1")


def as_bytes(value: str) -> bytes:
    """A property's text as the bytes that QEMU has."""
    try:
        return value.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return value.encode(errors="surrogatepass")


def page_aligned(size: int) -> int:
    """The size in whole pages, in bytes."""
    return -(-size // PAGE) * PAGE


def ranges(text: str) -> frozenset[int]:
    """A list of the kernel's: ``0-3,8``."""
    found: set[int] = set()
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        if first:
            found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def _sysfs(path: str) -> frozenset[int] | None:
    try:
        with open(path, encoding="ascii") as file:
            return ranges(file.read())
    except (OSError, ValueError):
        return None


def memory_nodes() -> frozenset[int]:
    """The host's NUMA nodes that have memory."""
    nodes = _sysfs(f"{NODES}/has_memory")
    return frozenset((0,)) if nodes is None else nodes


def cpus_of_node(node: int) -> frozenset[int]:
    """The host CPUs of a NUMA node; none where the host does not tell."""
    return _sysfs(f"{NODES}/node{node}/cpulist") or frozenset()


def read_file(path: str) -> bytes:
    """All that is in a file.  Raises ObjectRefused with GLib's text (``g_file_get_contents()``)."""
    try:
        file = os.open(os.fsencode(path), os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise ObjectRefused(f"Failed to open file “{path}”: {reason(error)}") from None
    try:
        with os.fdopen(file, "rb") as stream:
            return stream.read()
    except OSError as error:
        # fdopen() refuses a directory, and leaves it open
        if error.filename is not None:
            os.close(file)
        raise ObjectRefused(f"Error reading file “{path}”: {reason(error)}") from None


def reason(error: OSError | ValueError) -> str:
    """What strerror() says of an error; a NUL in a path ends it there, for C."""
    return (error.strerror if isinstance(error, OSError) else None) or "No such file or directory"


def open_file(path: str, flags: int, registry: Registry) -> int:
    """qemu_open(): a file descriptor, the caller's to close.  Raises ObjectRefused."""
    if path.startswith(FDSET) and FD_SETS_ARE_NAMED.holds(registry):
        # there never is one: no monitor of pyqom passes descriptors
        known = path[len(FDSET) :].isdecimal()
        raise ObjectRefused(
            f"Failed to find fdset {path}" if known else f"Could not parse fdset {path}"
        )
    if path.startswith(FDSET) and not path[len(FDSET) :].isdecimal():
        raise ObjectRefused(f"Could not open '{path}': Invalid argument")
    try:
        return os.open(os.fsencode(path), flags | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise ObjectRefused(f"Could not open '{path}': {reason(error)}") from None


def readable(path: str) -> OSError | None:
    """Why a file cannot be read (``access(path, R_OK)``); None where it can."""
    try:
        os.stat(path)
    except (OSError, ValueError) as error:
        return error if isinstance(error, OSError) else missing()
    return None if os.access(path, os.R_OK) else PermissionError(13, "Permission denied")


def missing() -> FileNotFoundError:
    """The error of a file that is not there."""
    return FileNotFoundError(2, "No such file or directory")


def writable(path: str) -> OSError | None:
    """Why a file cannot be written, or made and written; None where it can."""
    if os.path.isdir(path):
        return IsADirectoryError(21, "Is a directory")
    if os.path.exists(path):
        return None if os.access(path, os.W_OK) else PermissionError(13, "Permission denied")
    return creatable(path)


def creatable(path: str) -> OSError | None:
    """Why a file that does not exist could not be made; None where it could."""
    folder = os.path.dirname(path) or "."
    if not os.path.basename(path):
        return missing()
    try:
        os.stat(folder)
        os.fsencode(path)
    except (OSError, ValueError) as error:
        return error if isinstance(error, OSError) else missing()
    if not os.path.isdir(folder):
        return NotADirectoryError(20, "Not a directory")
    if not os.access(folder, os.W_OK | os.X_OK):
        return PermissionError(13, "Permission denied")
    return None
