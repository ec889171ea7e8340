"""CPUs and CPU models (``qapi/machine.json``, ``hw/core/machine-qmp-cmds.c``)."""

from __future__ import annotations

from pyqom.answers.cpu_definitions import definitions_of
from pyqom.answers.expansion import expansion_of, expansion_text
from pyqom.answers.target import Target
from pyqom.devices.cpu.x86.featurestring import ModelString
from pyqom.errors import PyqomError
from pyqom.monitor.command import command
from pyqom.monitor.writer import Encoded, as_qemu_escapes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.monitor.command import Args
    from pyqom.monitor.dispatcher import Dispatcher


@command("query-cpu-definitions")
def query_cpu_definitions(monitor: Dispatcher, args: Args) -> Any:
    """Every model, what its name stands for here, and what it lacks."""
    return definitions_of(target_of(monitor))


@command("query-cpu-model-expansion")
def query_cpu_model_expansion(monitor: Dispatcher, args: Args) -> Any:
    """What a model is on this machine."""
    target, name = target_of(monitor), args["model"]["name"]
    props = args["model"].get("props")
    text = expansion_text(target, name, args["type"], props)
    if text is not None:
        return Encoded(as_qemu_escapes(text))
    return expansion_of(target, ModelString(name), args["type"], props)


def target_of(monitor: Dispatcher) -> Target:
    """The running machine, to ask about models."""
    vm = monitor.vm
    target = Target(vm.machine_type, vm.accel, types=vm.types)
    target.context = vm.context
    return target


@command("query-cpus-fast")
def query_cpus_fast(monitor: Dispatcher, args: Args) -> Any:
    """The CPUs that are there."""
    vm = monitor.vm
    infos: list[dict[str, Any]] = []
    if vm.cpus is None:
        return infos
    for cpu in vm.cpus.present.values():
        info = {
            "cpu-index": cpu.cpu_index,
            "qom-path": cpu.canonical_path(),
            "thread-id": vm.thread_id(cpu),
            "target": "x86_64",
            "props": vm.cpus.props(cpu.cpu_index),
        }
        if "cpus-fast-tells-type" in vm.release.rules:
            info["qom-type"] = cpu.typename
        infos.append(info)
    return infos


@command("query-hotpluggable-cpus")
def query_hotpluggable_cpus(monitor: Dispatcher, args: Args) -> Any:
    """Every place for a CPU, and who is there."""
    vm = monitor.vm
    if not vm.machine_type.hotpluggable_cpus or vm.cpus is None:
        if "missing-features-are-named" in vm.release.rules:
            raise PyqomError("The feature 'query-hotpluggable-cpus' is not enabled")
        raise PyqomError("machine does not support hot-plugging CPUs")
    return vm.cpus.hotpluggable()
