"""Loading a model into a CPU (QEMU's ``x86_cpu_load_model``).

What a model and its version set is the same for every CPU made of it, so it is computed once per
class and version, by the very function that a trace listens to.
"""

from __future__ import annotations

from pyqom.types import Bit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.devices.cpu.x86.definition import Version
    from pyqom.types import Property

_STATE = ("context", "accel", "words", "user_words", "filtered_words")


def load(cpu: X86CPU) -> None:
    """Give a new CPU what its class says: definition, versions, then the class bodies' values."""
    if cpu.context.trace is not None:
        load_model(cpu)
        return
    cls: Any = type(cpu)
    default = cpu.context.default_cpu_version if cls.model_version is None else cls.model_version
    memo = cls.__dict__.get("_loaded")
    if memo is None:
        memo = cls._loaded = {}
    loaded = memo.get(default)
    if loaded is None:
        load_model(cpu)
        values = {k: v for k, v in cpu.__dict__.items() if k not in _STATE}
        memo[default] = tuple(cpu.words), tuple(cpu.user_words), values
    else:
        words, user_words, values = loaded
        cpu.words, cpu.user_words = list(words), list(user_words)
        cpu.__dict__.update(values)


def loaded_words(cpu: X86CPU) -> tuple[int, ...]:
    """The feature words that the CPU's class alone gives it, before accelerator and overrides.

    For a CPU that was made without a trace.
    """
    cls: Any = type(cpu)
    default = cpu.context.default_cpu_version if cls.model_version is None else cls.model_version
    return cls._loaded[default][0]  # type: ignore[no-any-return]


def version_of(cls: Any, default: int | str) -> int | None:
    """The version that a model class is where `default` is the machine type's default version.

    None for the plain name of a model on a machine type from before versions.
    """
    if cls.model_version is not None or cls.definition is None:
        return cls.model_version  # type: ignore[no-any-return]
    return cls.definition.resolve(default)  # type: ignore[no-any-return]


def load_model(cpu: X86CPU) -> None:
    """Set what the definition says, then each version up to the CPU's own, then class bodies."""
    trace, definition, features = cpu.context.trace, cpu.definition, cpu.facts.features
    cpu.words = [0] * len(features.words)
    if trace:
        _cover_class_values(cpu)
        trace.did("class", "x86_64-cpu")
    if definition is not None:
        versions = versions_of(cpu)
        cpu.words[:] = definition.words
        index, hypervisor = features.place("hypervisor")
        cpu.words[index] |= hypervisor
        for name, value in definition.scalars.items():
            cpu.set(name, value)
        told = {
            "legacy-cache": caches_of(cpu, versions) is None,
            "avx10-version": definition.avx10_version,
        }
        for name, value in told.items():
            if cpu.has_property(name):
                cpu.set(name, value)
        for name, value in definition.props:
            cpu.set(name, value)
        if trace:
            trace.did("model", definition.name)
        for version in versions:
            _apply_version(cpu, definition.name, version)
    # What a model sets was not asked for by name; what a class body says is.
    cpu.user_words = [0] * len(features.words)
    _apply_class_values(cpu)


def versions_of(cpu: X86CPU) -> tuple[Version, ...]:
    """The versions whose changes make a CPU of a defined model."""
    assert cpu.definition is not None
    return cpu.definition.up_to(version_of(type(cpu), cpu.context.default_cpu_version))


def caches_of(cpu: X86CPU, versions: tuple[Version, ...]) -> str | None:
    """The name of the model's cache description, as the last of its versions has it.

    A release without ``versions-have-caches`` knows only the one of the definition.
    """
    assert cpu.definition is not None
    caches = cpu.definition.caches
    if "versions-have-caches" in cpu.facts.rules:
        for version in versions:
            caches = version.caches or caches
    return caches


def _apply_version(cpu: X86CPU, model: str, version: Version) -> None:
    trace = cpu.context.trace
    for name, value in version.props:
        cpu.set(name, value)
        if trace:
            trace.did("version", f"{model}-v{version.number}", name, value=value)


def _bodies(cls: Any) -> list[Any]:
    """The hand-written classes below the model's own class, the nearest to it first."""
    classes = []
    for base in cls.__mro__:
        if "definition" in base.__dict__:
            break
        classes.append(base)
    return classes[::-1]


def _class_values(cls: Any) -> list[tuple[Any, Property, str]]:
    """The properties whose default hand-written classes override: the class, and the slot."""
    found = []
    for body in _bodies(cls):
        above = body.__mro__[1]
        for prop in cls.properties().values():
            slot = prop.class_word(cls) if isinstance(prop, Bit) else prop.slot
            if slot in body.__dict__ and hasattr(above, slot):
                if not isinstance(prop, Bit) or prop.default_of(body) != prop.default_of(above):
                    found.append((body, prop, slot))
    return found


def _cover_class_values(cpu: X86CPU) -> None:
    """Let a trace see the classes one after another, though Python has them all at once."""
    for body, _, slot in reversed(_class_values(type(cpu))):
        cpu.__dict__[slot] = getattr(body.__mro__[1], slot)


def _apply_class_values(cpu: X86CPU) -> None:
    """What the bodies of hand-written classes below the model's own class say."""
    cls: Any = type(cpu)
    bodies = _bodies(cls)
    trace = cpu.context.trace
    for body in bodies:
        inherited = body.__mro__[1].feature_defaults
        for name, on in body.feature_defaults.items():
            if inherited.get(name) is not on:
                cpu.set(name, on)
                if trace:
                    trace.did("class", body.typename, name)
    values = _class_values(cls) if bodies else []
    for body, prop, slot in values:
        if trace:
            cpu.__dict__[slot] = getattr(body, slot)
            trace.did("class", body.typename, prop.name)
    for _, _, slot in values:
        cpu.__dict__.pop(slot, None)
