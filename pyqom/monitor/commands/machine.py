"""The machine and its memory (``qapi/machine.json``, ``hw/core/machine-qmp-cmds.c``)."""

from __future__ import annotations

from pyqom.answers.machine_list import machines
from pyqom.devices.dimm import PCDimm
from pyqom.errors import PyqomError
from pyqom.machines.memory import size_summary
from pyqom.monitor.command import command
from pyqom.types.hashtable import hash_order
from pyqom.vm import NO_UUID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.monitor.command import Args
    from pyqom.monitor.dispatcher import Dispatcher


@command("query-machines")
def query_machines(monitor: Dispatcher, args: Args) -> Any:
    """The machine types of the release."""
    return machines(release=monitor.vm.release.name, compat_props=args.get("compat-props", False))


@command("query-current-machine")
def query_current_machine(monitor: Dispatcher, args: Args) -> Any:
    """What the machine can do at run time: PCs can be woken."""
    pc = "generic-pc-machine" in monitor.vm.machine_type.ancestors
    return {"wakeup-suspend-support": pc}


@command("query-target")
def query_target(monitor: Dispatcher, args: Args) -> Any:
    """The architecture."""
    return {"arch": "x86_64"}


@command("query-kvm")
def query_kvm(monitor: Dispatcher, args: Args) -> Any:
    """Whether KVM is in use; it is always built in."""
    return {"enabled": monitor.vm.accel.name == "kvm", "present": True}


@command("query-accelerators")
def query_accelerators(monitor: Dispatcher, args: Args) -> Any:
    """The accelerator in use, and those that are built in."""
    present = [
        name.removesuffix("-accel") for name in monitor.vm.types.list("accel") if name != "accel"
    ]
    hidden = ("nitro",)
    return {
        "enabled": monitor.vm.accel.name,
        "present": [name for name in present if name not in hidden],
    }


@command("query-memory-size-summary")
def query_memory_size_summary(monitor: Dispatcher, args: Args) -> Any:
    """The memory at the start, and what was plugged."""
    plugged = sum(dimm.memory.get("size") for dimm in monitor.vm.memory_devices())
    return size_summary(monitor.vm.machine, plugged)


@command("query-memory-devices")
def query_memory_devices(monitor: Dispatcher, args: Args) -> Any:
    """The plugged memory devices."""
    return [_memory_device(device) for device in monitor.vm.memory_devices()]


def _memory_device(device: Any) -> Any:
    """QMP's MemoryDeviceInfo."""
    if isinstance(device, PCDimm):
        kind = "nvdimm" if device.cast("nvdimm") else "dimm"
        return {"type": kind, "data": device.info()}
    return device.backend.info(device.id)


@command("query-memdev")
def query_memdev(monitor: Dispatcher, args: Args) -> Any:
    """The memory backends."""
    names = ("size", "merge", "dump", "prealloc", "share", "policy", "host-nodes")
    infos = []
    for backend in objects(monitor):
        if not backend.cast("memory-backend"):
            continue
        info = {"id": backend.path_component, **{name: backend.get(name) for name in names}}
        if backend.has_property("reserve"):
            info["reserve"] = backend.get("reserve")
        infos.append(info)
    return infos


def objects(monitor: Dispatcher) -> list[Any]:
    """What stands under /objects, in the order in which QEMU's queries list it."""
    known = {each.path_component: each for each in monitor.vm.objects.children()}
    return [known[name] for name in reversed(hash_order(known))]


@command("query-uuid")
def query_uuid(monitor: Dispatcher, args: Args) -> Any:
    """The UUID, all zero where none was given."""
    return {"UUID": monitor.vm.uuid or NO_UUID}


@command("query-name")
def query_name(monitor: Dispatcher, args: Args) -> Any:
    """The name, if it has one."""
    name = monitor.vm.name
    return {} if name is None else {"name": name}


@command("set-numa-node")
def set_numa_node(monitor: Dispatcher, args: Args) -> None:
    """Configure NUMA, as long as the machine is not initialised."""
    if monitor.vm.has_reached("machine-initialized"):
        raise PyqomError("The command is permitted only before the machine has been created")
    monitor.vm.set_numa_node(args)


@command("x-exit-preconfig")
def exit_preconfig(monitor: Dispatcher, args: Args) -> None:
    """Go on from preconfig."""
    monitor.vm.exit_preconfig()
