"""``query-cpu-model-expansion``, for any machine type, with nothing running.

As in QEMU (``target/i386/cpu-system.c``) a CPU object is made, configured and expanded, and its
properties are read; here for a machine *type*, and an answer that was computed is kept with the
class it belongs to.
"""

from __future__ import annotations

from pyqom.answers.edge import edge
from pyqom.answers.target import Target
from pyqom.devices.cpu.x86 import rules
from pyqom.devices.cpu.x86.featurestring import parse_model
from pyqom.errors import InvalidParameterType, InvalidParameterValue, PyqomError
from pyqom.quick import quoted
from pyqom.types.qdict import qdict_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from pyqom.accel.accelerator import Accelerator
    from pyqom.answers.results import Expansion
    from pyqom.devices.context import Context, Trace
    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.devices.cpu.x86.featurestring import ModelString
    from pyqom.hosts.host import Host
    from pyqom.machines import MachineType
    from pyqom.types import Registry

TYPES = ("static", "full")
"""``CpuModelExpansionType``."""


def expand(
    model: str,
    *,
    machine: str | MachineType | None = None,
    accel: str | Accelerator = "tcg",
    type: str = "full",
    props: Mapping[str, Any] | None = None,
    release: str | None = None,
    types: Registry | None = None,
    host: Host | str | None = None,
) -> Expansion:
    """What QEMU answers to ``query-cpu-model-expansion``: QMP's ``return`` object, a new dict.

    `model` may carry features as ``-cpu`` does (``"Haswell,+vmx,-avx2,level=7"``); `props` are
    typed as in QMP.  `machine` is a machine type's name or alias (None: ``none``), `release` the
    QEMU release (None: the newest that has the machine type).  `types` is a registry with types of
    one's own (None: the release's).  `host` is the host of KVM, a record or its file, and implies
    ``accel="kvm"``.

    Raises UnknownModel, UnknownMachine, UnknownRelease, PropertyNotFound, PropertyNotWritable,
    InvalidParameterType or InvalidParameterValue, each with QEMU's text.
    """
    target = Target(machine, accel, release, types, host)
    return expansion_of(target, parse_model(model), type, props)


def expansion_of(target: Target, model: ModelString, type: str, props: Any = None) -> Expansion:
    """What `expand` answers, of a model string that is parsed and for a target that is found."""
    check_type(type)
    cpu = expanded(target, model, props)
    name = "base" if type == "static" else model.name
    return {"model": {"name": name, "props": props_of(cpu, type)}}


def expansion_text(target: Target, model: str, type: str, props: Any = None) -> str | None:
    """The JSON text of what `expand` answers, at less cost; None for one with properties."""
    if props or not isinstance(props, dict | None):
        return None
    check_type(type)
    cls = target.model(model)
    cpu = plain(cls, target.context)
    return _text(model, type, edge(cls, type).text(cpu))


def _text(model: str, type: str, props: str) -> str:
    name = quoted("base" if type == "static" else model)
    return f'{{"model": {{"name": {name}, "props": {props}}}}}'


def check_type(type: str) -> None:
    """Refuse what is no ``CpuModelExpansionType``."""
    if type not in TYPES:
        raise InvalidParameterValue(f"Parameter 'type' does not accept value '{type}'")


def expanded(target: Target, model: ModelString, props: Any = None) -> X86CPU:
    """The expanded CPU of a model; to be read only, since the plain ones are shared."""
    cls = target.model(model.name)
    if model.is_plain and not props and isinstance(props, dict | None):
        return plain(cls, target.context)
    return configured(cls, target, model, props)


def plain(cls: Any, context: Context) -> X86CPU:
    """The expanded CPU of a model without further properties, made once for all that are alike.

    Raises PyqomError where the accelerator is such that it cannot be expanded.
    """
    cpu = expanded_as_far(cls, context)
    if cpu.cannot_expand is not None:
        raise cpu.cannot_expand
    return cpu


def expanded_as_far(cls: Any, context: Context) -> X86CPU:
    """As `plain`; where the rules failed, ``cannot_expand`` of the CPU is why."""
    memo = context.accel.kept(cls)
    key = alike(cls, context)
    cpu: X86CPU | None = memo.get(key)
    if cpu is None:
        told, context.warnings = context.warnings, []
        try:
            cpu = cls(context)
            _expand(cpu)
            cpu.expansion_warnings = tuple(context.warnings)
        finally:
            context.warnings = told
        memo[key] = cpu
    for text in cpu.expansion_warnings:
        context.warn(text)
    return cpu


def _expand(cpu: X86CPU) -> None:
    """Run the rules; the CPU remembers why they failed."""
    try:
        rules.expand(cpu)
    except PyqomError as error:
        cpu.cannot_expand = error


def alike(cls: Any, context: Context) -> tuple[object, ...]:
    """What two contexts share in which a model is the same."""
    default = context.default_cpu_version if cls.model_version is None else cls.model_version
    return context.accel.expands_like(cls), default, context.bound(cls), context.switches


def configured(
    cls: Any, target: Target, model: ModelString, props: Any = None, trace: Trace | None = None
) -> X86CPU:
    """An expanded CPU of its own, with the model string's and QMP's properties."""
    context = target.configured(model, cls.typename, trace)
    cpu: X86CPU = cls(context)
    apply_props(cpu, props, trace)
    rules.expand(cpu, trace)
    return cpu


def apply_props(cpu: X86CPU, props: Any, trace: Trace | None = None) -> None:
    """Set QMP's ``model.props``, in the order in which QEMU walks a dictionary."""
    known = cpu.facts.rules
    if not isinstance(props, dict):
        if props is not None and "expansion-ignores-props-that-are-no-object" not in known:
            raise InvalidParameterType("Invalid parameter type for 'model.props', expected: object")
        return
    prefix = "" if "expansion-errors-name-the-plain-property" in known else "model.props."
    for name in props:
        if not isinstance(name, str):
            raise TypeError(f"the name of a property is a string, not {name!r}")
    for name in qdict_order(props):
        cpu.set(name, props[name], prefix + name)
        if trace:
            trace.did("user", f"props {name}", name, value=props[name])


def props_of(cpu: X86CPU, type: str) -> dict[str, Any]:
    """The properties of an expanded CPU, a new dict."""
    kept: dict[str, dict[str, Any]] = cpu.__dict__.setdefault("_props", {})
    props = kept.get(type)
    if props is None:
        props = kept[type] = edge(cpu.__class__, type).props(cpu)
    return props.copy()


def expansion_lines(
    machines: Iterable[str | MachineType],
    type: str = "full",
    accel: str | Accelerator = "tcg",
    release: str | None = None,
    types: Registry | None = None,
    host: Host | str | None = None,
) -> Iterator[str]:
    """JSON lines ``{"machine", "model", "type", "return"}`` of all models on some machine types."""
    from pyqom.answers.target import model_name

    check_type(type)
    tails: dict[tuple[X86CPU, str], str] = {}
    names: list[tuple[str, Any]] = []
    for machine in machines:
        target = Target(machine, accel, release, types, host)
        if not names or names[0][1].registry is not target.types:
            names = [(model_name(cls), cls) for cls in target.models()]
        head = f'{{"machine": "{target.machine.name}", "model": "'
        for name, cls in names:
            cpu = plain(cls, target.context)
            tail = tails.get((cpu, name))
            if tail is None:
                answer = _text(name, type, edge(cls, type).text(cpu))
                tail = f'{name}", "type": "{type}", "return": {answer}}}\n'
                tails[cpu, name] = tail
            yield head + tail
