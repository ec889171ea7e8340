"""Smaller commands (``qapi/misc.json`` and others)."""

from __future__ import annotations

from pyqom.devices.dimm import PCDimm
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
    """What the guest last said of memory and CPUs: nothing."""
    vm = monitor.vm
    if vm.cpus is None or vm.machine_type.family not in ("pc-i440fx", "pc-q35", "microvm"):
        raise PyqomError("command is not supported, missing ACPI device")
    if vm.machine_type.family == "microvm":
        return []
    memory = {dimm.slot: dimm for dimm in vm.memory_devices() if isinstance(dimm, PCDimm)}
    slots = [_ospm("DIMM", slot, memory.get(slot)) for slot in range(vm.machine.memory_slots)]
    if "cpu-hotplug-is-never-legacy" in vm.release.rules:
        present = vm.cpus.present
        slots += [_ospm("CPU", index, present.get(index)) for index in range(vm.cpus.smp.maxcpus)]
    return slots


def _ospm(kind: str, slot: int, device: Any) -> dict[str, Any]:
    """QMP's ACPIOSTInfo of a slot, and what is in it."""
    info: dict[str, Any] = {"slot-type": kind, "slot": str(slot), "source": 0, "status": 0}
    return info if device is None or device.id is None else {"device": device.id, **info}


@command("device-sync-config")
def device_sync_config(monitor: Dispatcher, args: Args) -> None:
    """No device here can."""
    found = resolve_at(monitor.vm.root, monitor.vm.peripheral, args["id"])
    if found is None:
        raise PyqomError(f"Device '{args['id']}' not found")
    raise PyqomError(f"device-sync-config is not supported for '{found.typename}'")


@command("human-monitor-command")
def human_monitor_command(monitor: Dispatcher, args: Args) -> Any:
    """Run a line of the human monitor."""
    from pyqom.monitor.hmp import HumanMonitor

    index = args.get("cpu-index")
    if index is not None and (monitor.vm.cpus is None or index not in monitor.vm.cpus.present):
        raise PyqomError("Parameter 'cpu-index' expects a CPU number")
    return HumanMonitor(monitor, index).run(args["command-line"])


@command("x-query-numa")
def x_query_numa(monitor: Dispatcher, args: Args) -> Any:
    """The NUMA nodes, as a text."""
    return {"human-readable-text": monitor.vm.numa_text()}
