"""The network commands (``qapi/net.json``, ``net/net.c``)."""

from __future__ import annotations

from pyqom.monitor.command import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.monitor.command import Args
    from pyqom.monitor.dispatcher import Dispatcher


@command("netdev_add")
def netdev_add(monitor: Dispatcher, args: Args) -> None:
    """Make a network backend."""
    monitor.vm.board.network.add(args)


@command("netdev_del")
def netdev_del(monitor: Dispatcher, args: Args) -> None:
    """Delete a network backend."""
    monitor.vm.board.network.remove(args["id"])
