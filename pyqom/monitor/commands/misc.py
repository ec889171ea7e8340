"""Smaller commands (``qapi/misc.json`` and others)."""

from __future__ import annotations

from pyqom.errors import PyqomError
from pyqom.monitor.command import command
from pyqom.monitor.commands.machine import objects
from pyqom.types.path import resolve_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.monitor.command import Args
    from pyqom.monitor.dispatcher import Dispatcher


@command("query-iothreads")
def query_iothreads(monitor: Dispatcher, args: Args) -> Any:
    """The I/O threads."""
    names = ("poll-max-ns", "poll-grow", "poll-shrink", "aio-max-batch", "poll-weight")
    return [
        {
            "id": thread.path_component,
            "thread-id": monitor.vm.thread_id(thread),
            **{name: thread.get(name) for name in names if thread.has_property(name)},
        }
        for thread in reversed(objects(monitor))
        if thread.typename == "iothread"
    ]


@command("query-chardev")
def query_chardev(monitor: Dispatcher, args: Args) -> Any:
    """The character devices."""
    return [
        {
            "label": chardev.label,
            "filename": chardev.filename,
            "frontend-open": chardev.frontend is not None,
        }
        for chardev in monitor.vm.chardevs.children()
    ]


@command("query-acpi-ospm-status")
def query_acpi_ospm_status(monitor: Dispatcher, args: Args) -> Any:
    """What the guest last said of CPUs: nothing."""
    vm = monitor.vm
    if vm.cpus is None or not ({"pc-i440fx", "pc-q35"} & {vm.machine_type.family}):
        raise PyqomError("command is not supported, missing ACPI device")
    if "cpus-tell-ospm-status" not in vm.release.rules:
        return []
    return [
        {"slot-type": "CPU", "slot": str(index), "source": 0, "status": 0}
        for index in range(vm.cpus.smp.maxcpus)
    ]


@command("device-sync-config")
def device_sync_config(monitor: Dispatcher, args: Args) -> None:
    """No device here can."""
    found = resolve_at(monitor.vm.root, monitor.vm.peripheral, args["id"])
    if found is None:
        raise PyqomError(f"Device '{args['id']}' not found")
    raise PyqomError(f"device-sync-config is not supported for '{found.typename}'")
