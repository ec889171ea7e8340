"""The device commands (``qapi/qdev.json``, ``system/qdev-monitor.c``)."""

from __future__ import annotations

from pyqom.answers.property_list import device_list_properties
from pyqom.errors import DeviceNotActive, DeviceNotFound, InvalidParameterValue, PyqomError
from pyqom.monitor.command import command
from pyqom.types.user_creatable import id_wellformed
from pyqom.vm import Texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.monitor.command import Args
    from pyqom.monitor.dispatcher import Dispatcher


@command("device-list-properties")
def list_properties(monitor: Dispatcher, args: Args) -> Any:
    """The properties that ``-device`` can set."""
    if monitor.vm.modules.asked_for(args["typename"]) is None:
        raise DeviceNotFound(f"Device '{args['typename']}' not found")
    return device_list_properties(args["typename"], types=monitor.vm.types)


@command("device_add")
def device_add(monitor: Dispatcher, args: Args) -> None:
    """Make and plug a device."""
    identifier = args.get("id")
    props = _options(args) if "device-add-takes-texts" in monitor.vm.release.rules else dict(args)
    # What is no text names nothing.
    for name in ("driver", "bus", "id"):
        if not isinstance(props.get(name), str):
            props.pop(name, None)
    driver = props.pop("driver", None)
    props.pop("id", None)
    monitor.vm.add_device(driver, identifier if isinstance(identifier, str) else None, props)


def _options(args: Args) -> Texts:
    """The arguments as the options that they would be on a command line.

    Lists, objects and null are dropped.  Raises InvalidParameterValue for an id that is none.
    """
    identifier = args.get("id")
    if isinstance(identifier, str) and not id_wellformed(identifier):
        raise InvalidParameterValue("Parameter 'id' expects an identifier")
    texts = Texts()
    for name, value in args.items():
        if isinstance(value, bool):
            texts[name] = "on" if value else "off"
        elif isinstance(value, float):
            texts[name] = f"{value:.17g}"
        elif isinstance(value, (int, str)):
            texts[name] = str(value)
    return texts


@command("device_del")
def device_del(monitor: Dispatcher, args: Args) -> None:
    """Ask a device to leave."""
    monitor.vm.del_device(args["id"])


def _balloon(monitor: Dispatcher) -> Any:
    found = monitor.vm.board.balloon
    if found is None:
        raise DeviceNotActive("No balloon device has been activated")
    return found


@command("balloon")
def balloon(monitor: Dispatcher, args: Args) -> None:
    """Ask the guest for memory."""
    _balloon(monitor)
    if not args["value"] > 0:
        raise InvalidParameterValue("Parameter 'target' expects a size")


@command("query-balloon")
def query_balloon(monitor: Dispatcher, args: Args) -> Any:
    """How much memory the guest has: all, as it gives none away."""
    _balloon(monitor)
    return {"actual": monitor.vm.machine.memory_size}


@command("query-vm-generation-id")
def query_vm_generation_id(monitor: Dispatcher, args: Args) -> Any:
    """The id of this incarnation of the machine."""
    found = monitor.vm.board.find("vmgenid")
    if found is None:
        raise PyqomError("VM Generation ID device not found")
    return {"guid": found.get("guid")}
