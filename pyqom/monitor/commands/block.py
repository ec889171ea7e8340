"""The block commands (``qapi/block-core.json``, ``block/qapi.c``, ``blockdev.c``)."""

from __future__ import annotations

import os

from pyqom.devices.block_nodes import make_node
from pyqom.monitor.command import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.devices.blocks import Backend, Node
    from pyqom.monitor.command import Args
    from pyqom.monitor.dispatcher import Dispatcher

SECTOR = 512
LIMITS = {
    "request-alignment": 1,
    "min-mem-alignment": 512,
    "opt-mem-alignment": 4096,
    "max-iov": 1024,
}
THROTTLE = dict.fromkeys(("iops", "iops_rd", "iops_wr", "bps", "bps_rd", "bps_wr"), 0)


@command("blockdev-add")
def blockdev_add(monitor: Dispatcher, args: Args) -> None:
    """Make a block node."""
    make_node(monitor.vm.board.blocks, args)


@command("blockdev-del")
def blockdev_del(monitor: Dispatcher, args: Args) -> None:
    """Delete a block node."""
    monitor.vm.board.blocks.remove(args["node-name"])


@command("query-named-block-nodes")
def query_named_block_nodes(monitor: Dispatcher, args: Args) -> Any:
    """The block nodes, the newest first."""
    nodes = reversed(monitor.vm.board.blocks.nodes.values())
    return [_node(monitor, node) for node in nodes]


@command("query-block")
def query_block(monitor: Dispatcher, args: Args) -> Any:
    """The drives, and the block backends of devices."""
    return [
        _backend(monitor, backend)
        for backend in monitor.vm.board.blocks.backends
        if backend.id is not None or backend.device is not None
    ]


def _backend(monitor: Dispatcher, backend: Backend) -> dict[str, Any]:
    """QMP's BlockInfo."""
    info: dict[str, Any] = {
        "device": backend.id or "",
        "locked": False,
        "removable": backend.removable,
        "type": "unknown",
    }
    if backend.keeps_status:
        info["io-status"] = "ok"
    device = backend.device
    if device is not None:
        info["qdev"] = device.id or device.canonical_path()
    if backend.removable:
        info["tray_open"] = False
    if backend.node is not None:
        info["inserted"] = _node(monitor, backend.node)
    return info


def _node(monitor: Dispatcher, node: Node) -> dict[str, Any]:
    """QMP's BlockDeviceInfo."""
    cache = node.options.get("cache", {})
    file = _filename(node)
    info: dict[str, Any] = {
        **THROTTLE,
        "file": file,
        "node-name": node.name,
        "ro": node.read_only,
        "drv": node.driver,
        "encrypted": False,
        "detect_zeroes": node.options.get("detect-zeroes", "off"),
        "write_threshold": 0,
        "backing_file_depth": 0,
        "cache": {
            "writeback": True,
            "direct": cache.get("direct", False),
            "no-flush": cache.get("no-flush", False),
        },
        "image": {
            "filename": file,
            "format": node.driver,
            "virtual-size": node.size,
            "actual-size": _used(node),
        },
    }
    if "block-nodes-tell-children" in monitor.vm.release.rules:
        child = node.child
        info["active"] = True
        info["children"] = (
            [] if child is None else [{"node-name": child.name, "child": "file"}]
        )
        info["image"]["limits"] = LIMITS
    return info


def _filename(node: Node) -> str:
    """What the node stands for."""
    if node.file is not None:
        return node.file
    return _filename(node.child) if node.child is not None else f"{node.driver}://"


def _used(node: Node) -> int:
    """How many bytes it takes on the host."""
    return 0 if node.file is None else os.stat(node.file).st_blocks * SECTOR
