"""What QEMU lacks: any machine type, release and accelerator, asked of one process."""

from __future__ import annotations

from pyqom.answers.cpu_definitions import definitions_of
from pyqom.answers.expansion import expansion_of
from pyqom.answers.target import Target
from pyqom.devices.cpu.x86.featurestring import ModelString
from pyqom.monitor.command import command
from pyqom.monitor.commands.cpus import target_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.monitor.command import Args
    from pyqom.monitor.dispatcher import Dispatcher


def asked(monitor: Dispatcher, args: Args) -> Target:
    """The machine type, release and accelerator asked about; the running machine's by default."""
    vm = monitor.vm
    if not {"machine", "release", "accel", "host"} & args.keys():
        return target_of(monitor)
    machine = args.get("machine")
    if machine is None and "release" not in args:
        machine = vm.machine_type
    host = args.get("host")
    if host is None and "accel" not in args:
        host = getattr(vm.accel, "host", None)
    return Target(machine, args.get("accel", vm.accel.name), args.get("release"), host=host)


@command("x-query-cpu-model-expansion")
def expansion(monitor: Dispatcher, args: Args) -> Any:
    """A model on any machine type."""
    model = args["model"]
    return expansion_of(
        asked(monitor, args), ModelString(model["name"]), args["type"], model.get("props")
    )


@command("x-query-cpu-definitions")
def definitions(monitor: Dispatcher, args: Args) -> Any:
    """Every model on any machine type."""
    return definitions_of(asked(monitor, args))


@command("x-explain-cpu-property")
def explain(monitor: Dispatcher, args: Args) -> Any:
    """Why a property of a model has its value."""
    from attrs import asdict

    from pyqom.answers.explanation import explanation_of

    model = args["model"]
    explanation = explanation_of(
        asked(monitor, args), ModelString(model["name"]), args["property"], model.get("props")
    )
    return _without_none(asdict(explanation))


def _without_none(value: Any) -> Any:
    """Optional members that are absent are left out."""
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value
