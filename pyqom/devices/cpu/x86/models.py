"""Every CPU model and every version a class of its own, by release.

`x86_types` enters them in a registry without making any; a class is made when it is first asked
for.  A record of a user's file goes the same way (`define`).
"""

from __future__ import annotations

from pyqom.devices.cpu.cpu import CPU
from pyqom.devices.cpu.x86.cpu import X86CPU
from pyqom.devices.cpu.x86.data import known, load
from pyqom.devices.cpu.x86.definition import Definition
from pyqom.devices.cpu.x86.facts import facts
from pyqom.devices.cpu.x86.kinds import FeatureBit, InstanceAlias
from pyqom.devices.cpu.x86.special import BaseX86CPU, HostX86CPU, MaxX86CPU
from pyqom.devices.device import Device, Resettable, VMStateIf
from pyqom.types import Registry, attribute_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from pyqom.devices.cpu.x86.records import ModelRecord
    from pyqom.release import Release

    Record = Mapping[str, Any] | ModelRecord

SUFFIX = "-x86_64-cpu"
"""What a model's name becomes a type's name with (``X86_CPU_TYPE_SUFFIX``)."""

FILES = ("qemu.json", "intel.json", "amd.json", "hygon.json", "zhaoxin.json")


def x86_types(registry: Registry, release: Release, models: Iterable[Record] | None = None) -> None:
    """Enter the x86 CPU types of `release` in a registry; classes are made when asked for.

    `models` are the records to make CPU models from (None: pyqom's own, `records`).
    """
    declare_interface(registry, VMStateIf)
    declare_interface(registry, Resettable)
    for template in (Device, CPU):
        declare_template(registry, template)
    registry.declare("x86_64-cpu", "cpu", lambda: x86_class(registry, release), abstract=True)
    for special in (MaxX86CPU, HostX86CPU, BaseX86CPU):
        declare_template(registry, special)
    for record in records(release) if models is None else models:
        define(registry, record, release)


def declare_interface(registry: Registry, interface: Any) -> None:
    """Enter an interface class."""
    registry.declare(interface.typename, "interface", lambda: interface, abstract=True)


def declare_template(registry: Registry, template: Any) -> None:
    """Enter a template class, as the registry's release knows it, when it is first asked for."""
    registry.declare(
        template.typename,
        template.parent.typename,
        lambda: registry.adopt(template),
        abstract=template.abstract,
        interfaces=template.own_interfaces,
    )


def records(release: Release) -> Iterator[Mapping[str, Any]]:
    """The records of all models that `release` has, file by file; without the special ones."""
    for file in FILES:
        for record in known(load(f"models/{file}")["models"], release):
            if "class" not in record:
                yield record


def x86_class(registry: Registry, release: Release) -> Any:
    """``x86_64-cpu`` with the feature properties of a release."""
    compiled = facts(release)
    body: dict[str, Any] = {"facts": compiled, "words": (0,) * len(compiled.features.words)}
    known_here = registry.knows
    by_name = {
        prop.name: prop for prop in X86CPU.declarations() if known_here(prop, X86CPU.typename)
    }
    for name, (index, mask) in compiled.features.places.items():
        attr = attribute_of(name)
        body[attr] = by_name[name] = FeatureBit(name, attr, index, mask)
    for number, (alias, target) in enumerate(load("aliases.json")["aliases"]):
        if target not in by_name:
            continue
        attr = attribute_of(alias)
        # Most spell the same attribute: that one is the target's.
        body[attr if attr not in body else f"alias_{number}"] = InstanceAlias(
            alias, by_name[target]
        )
    return registry.adopt(X86CPU, body)


def define(registry: Registry, record: Record, release: Release) -> None:
    """Enter a model's types: its plain name, each version, and each version's alias.

    The record is a mapping or a `records.ModelRecord` and must be sound
    (``schema/cpu-models.json``); one with a ``parent`` becomes a type below its parent's.  Raises
    DuplicateType where a name is taken.
    """
    content = record if isinstance(record, dict) else _content(record)
    parent = content.get("parent")
    base = "x86_64-cpu" if parent is None else parent + SUFFIX
    definition = _Once(registry, content, release)
    for name, number, is_alias in names_of(content, release):
        registry.declare(
            name + SUFFIX, base, _maker(registry, base, definition, name, number, is_alias)
        )


def names_of(record: Mapping[str, Any], release: Release) -> Iterator[tuple[str, int | None, bool]]:
    """The names that a record gives to types: (name, version or None, whether it is an alias)."""
    name = record["name"]
    yield name, None, True
    for version in known(record.get("versions", ()), release) or [{"version": 1}]:
        number = version["version"]
        yield f"{name}-v{number}", number, False
        if "alias" in version:
            yield version["alias"], number, True


def _content(record: Any) -> Mapping[str, Any]:
    """The mapping that a record stands for."""
    if not hasattr(record, "__attrs_attrs__"):
        return record  # type: ignore[no-any-return]
    from pyqom.devices.cpu.x86.records import unstructure

    return unstructure(record)


class _Once:
    """A definition that is compiled when the first of its classes is made."""

    def __init__(self, registry: Registry, record: Mapping[str, Any], release: Release) -> None:
        self.registry, self.record, self.release = registry, record, release
        self.made: Definition | None = None

    def get(self) -> Definition:
        if self.made is None:
            self.made = Definition(self._whole(), self.release)
        return self.made

    def _whole(self) -> Mapping[str, Any]:
        if "parent" not in self.record:
            return self.record
        from pyqom.devices.cpu.x86.derivation import derived

        return derived(self.record, self.registry.get(self.record["parent"] + SUFFIX))


def _maker(
    registry: Registry,
    parent: str,
    definition: _Once,
    name: str,
    number: int | None,
    is_alias: bool,
) -> Any:
    def make() -> Any:
        base = registry.get(parent)
        body = {
            "__module__": __name__,
            "definition": definition.get(),
            "model_version": number,
            "is_alias": is_alias,
            "migration_safe": True,
        }
        return type(base)(name, (base,), body, typename=name + SUFFIX, registry=registry)

    return make
