"""The device commands (``qapi/qdev.json``, ``system/qdev-monitor.c``)."""

from __future__ import annotations

from pyqom.answers.property_list import device_list_properties
from pyqom.errors import MissingParameter
from pyqom.monitor.command import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.monitor.command import Args
    from pyqom.monitor.dispatcher import Dispatcher


@command("device-list-properties")
def list_properties(monitor: Dispatcher, args: Args) -> Any:
    """The properties that ``-device`` can set."""
    return device_list_properties(args["typename"], types=monitor.vm.types)


@command("device_add")
def device_add(monitor: Dispatcher, args: Args) -> None:
    """Make and plug a device."""
    props = dict(args)
    driver = props.pop("driver", None)
    if driver is None:
        raise MissingParameter("Parameter 'driver' is missing")
    monitor.vm.add_device(driver, props.pop("id", None), props)


@command("device_del")
def device_del(monitor: Dispatcher, args: Args) -> None:
    """Ask a device to leave."""
    monitor.vm.del_device(args["id"])
