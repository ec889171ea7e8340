"""Block nodes made from BlockdevOptions: names and checks, no data (QEMU ``block.c``)."""

from __future__ import annotations

import os

from pyqom.devices.blocks import Blocks, Node
from pyqom.errors import PyqomError
from pyqom.types.user_creatable import id_wellformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

NULLS = ("null-co", "null-aio")
NULL_SIZE = 1 << 30
FILES = ("file", "host_device", "host_cdrom")
MAGIC = {
    "bochs": b"Bochs Virtual HD Image",
    "luks": b"LUKS\xba\xbe",
    "parallels": b"WithoutFreeSpace",
    "qcow": b"QFI\xfb",
    "qcow2": b"QFI\xfb",
    "qed": b"QED\0",
}
"""How images of a format begin."""
FORMATS = ("raw", "copy-on-read", "throttle", "blkdebug", "preallocate", *MAGIC)
"""Drivers with a node below them."""


def make_node(blocks: Blocks, options: Mapping[str, Any]) -> Node:
    """Make the node that BlockdevOptions ask for, and those below it (``blockdev-add``).

    Raises PyqomError, and leaves no node behind.
    """
    if "node-name" not in options:
        raise PyqomError("'node-name' must be specified for the root node")
    return _open(blocks, options)


def _open(blocks: Blocks, options: Mapping[str, Any]) -> Node:
    name = options.get("node-name")
    if name is None:
        name = _generated(blocks)
    elif not id_wellformed(name):
        raise PyqomError(f"Invalid node-name: '{name}'")
    driver = options["driver"]
    read_only = bool(options.get("read-only", False))
    if driver in NULLS:
        node = Node(name, driver, options, options.get("size", NULL_SIZE), read_only)
    elif driver in FILES:
        node = _open_file(name, options, read_only)
    elif driver in FORMATS:
        node = _open_format(blocks, name, options, read_only)
    else:
        raise PyqomError(f"pyqom has no block driver '{driver}'")
    node.owned = "node-name" in options
    blocks.add(node)
    return node


def _generated(blocks: Blocks) -> str:
    """The name of a node that nobody names."""
    number = 0
    while f"#block{number}00" in blocks.nodes:
        number += 1
    return f"#block{number}00"


def _open_file(name: str, options: Mapping[str, Any], read_only: bool) -> Node:
    path = options["filename"]
    if not read_only and options.get("auto-read-only") and not os.access(path, os.W_OK):
        read_only = True
    try:
        with open(path, "rb" if read_only else "r+b"):
            size = os.stat(path).st_size
    except OSError as error:
        raise PyqomError(f"Could not open '{path}': {error.strerror}") from None
    return Node(name, options["driver"], options, size, read_only, path)


def _open_format(
    blocks: Blocks, name: str, options: Mapping[str, Any], read_only: bool
) -> Node:
    reference = options["file"]
    if isinstance(reference, str):
        found = blocks.nodes.get(reference)
        if found is None:
            raise PyqomError(f"Cannot find device='{reference}' nor node-name='{reference}'")
        child = found
    else:
        inherited = {"read-only": read_only} if read_only else {}
        child = _open(blocks, {**inherited, **reference})
    driver = options["driver"]
    try:
        _check_format(driver, child)
    except PyqomError:
        if not child.owned:
            blocks.drop_node(child)
        raise
    return Node(name, driver, options, child.size, read_only or child.read_only, child.file, child)


def _check_format(driver: str, child: Node) -> None:
    """Whether an image is of that format.  Raises PyqomError."""
    magic = MAGIC.get(driver)
    if magic is None:
        return
    begin = b""
    if child.file is not None:
        with open(child.file, "rb") as file:
            begin = file.read(len(magic))
    if begin != magic:
        raise PyqomError(f"Image is not in {driver} format")
