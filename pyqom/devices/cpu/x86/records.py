"""CPU model records as Python objects: how a person reads, changes and writes a model.

A record has the shape of ``schema/cpu-models.json``, with Python's names (``model_id`` for
``model-id``).  `structure` makes one of a mapping, `unstructure` the mapping again, and nothing is
lost on the way.  Records are immutable; ``attrs.evolve`` makes a changed one::

    old = record_of(types.get("SandyBridge-x86_64-cpu"))
    new = evolve(old, name="Sandy2", stepping=7)
    types = pyqom.load_models(new)

pyqom itself computes from the mappings, since attrs and cattrs take longer to import than most
answers take to compute.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from attrs import field, fields, frozen
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from pyqom.devices.cpu.x86.features import number
from pyqom.errors import BadData, UnknownModel

Value = bool | int | str

RENAMED = {
    "model_id": "model-id",
    "avx10_version": "avx10-version",
}
"""Attributes that the file spells differently."""


@frozen
class Feature:
    """A feature of some releases only: its name, the first release with it, the first without."""

    name: str
    since: str | None = None
    until: str | None = None


@frozen
class Setting:
    """A value of some releases only, of a property or a cache description.

    ``Setting(None)`` as ``caches`` are the legacy caches, also where the parent has others.
    """

    value: Value | None
    since: str | None = None
    until: str | None = None


Features = Mapping[str, tuple[str | Feature, ...]]
"""Feature names by feature word."""

Props = Mapping[str, Value | Setting]
"""Property values by name, in the order in which they are set."""


def _no_features() -> Features:
    return {}


def _no_props() -> Props:
    return {}


@frozen(kw_only=True)
class VersionRecord:
    """One version: what changes from the version before it (QEMU's X86CPUVersionDefinition).

    ``alias`` is a second name, ``note`` what ``-cpu help`` says of it, ``caches`` the name of a
    cache description.
    """

    version: int
    since: str | None = None
    until: str | None = None
    alias: str | None = None
    note: str | None = None
    caches: str | Setting | None = None
    props: Props = field(factory=_no_props)


@frozen(kw_only=True)
class ModelRecord:
    """A CPU model and its versions (QEMU's X86CPUDefinition).

    ``family`` is 0 to 270, ``model`` 0 to 255, ``stepping`` 0 to 15; ``level`` and ``xlevel`` the
    least highest CPUID leaves; ``model_id`` at most 48 bytes, ``vendor`` twelve characters.  With a
    ``parent`` what is None comes from that model, ``features`` are added to its own and those in
    ``without`` taken away; without one, only ``caches``, ``avx10_version`` and ``deprecated`` may
    be None.
    """

    name: str
    since: str | None = None
    until: str | None = None
    parent: str | None = None
    without: tuple[str, ...] = ()
    vendor: str | None = None
    family: int | None = None
    model: int | None = None
    stepping: int | None = None
    level: int | None = None
    xlevel: int | None = None
    avx10_version: int | None = None
    model_id: str | None = None
    features: Features = field(factory=_no_features)
    props: Props = field(factory=_no_props)
    caches: str | Setting | None = None
    deprecated: str | None = None
    versions: tuple[VersionRecord, ...] = ()


def structure(record: Mapping[str, Any]) -> ModelRecord:
    """The record of a model's mapping.

    Raises BadData with all faults where the mapping has another shape, also for a model that a
    class makes (``max``, ``host``, ``base``).
    """
    from pyqom import schema

    faults = [
        (path.removeprefix("models[0]").lstrip("."), text)
        for path, text in schema.faults({"models": [record]}, "cpu-models")
    ]
    if not faults and "class" in record:
        faults = [("class", "a model that a class makes has no record")]
    if faults:
        raise BadData("no record of a CPU model", faults)
    made: ModelRecord = converter().structure(record, ModelRecord)
    return made


def unstructure(record: ModelRecord) -> dict[str, Any]:
    """The mapping of a record: plain dicts, lists, texts and numbers, as in a model file."""
    content: dict[str, Any] = converter().unstructure(record)
    return content


def record_of(cls: Any) -> ModelRecord:
    """The record that a CPU model's class was made from; complete, also where it had a parent.

    Raises UnknownModel for a class that no record defines (``max``, ``host``, ``base``).
    """
    if cls.definition is None:
        raise UnknownModel(f"CPU model '{cls.typename}' has no definition", cls.typename)
    return structure(cls.definition.record)


# --- the converter -----------------------------------------------------------


@cache
def converter() -> Converter:
    """The cattrs converter between mappings and records."""
    made = Converter(forbid_extra_keys=True)
    made.register_structure_hook(str | Feature, _partly(made, Feature))
    for union in (Value | Setting, str | Setting | None):
        made.register_structure_hook(union, _partly(made, Setting))
    made.register_structure_hook(Value | None, lambda value, _: value)
    for kind in (Feature, Setting, VersionRecord, ModelRecord):
        _register(made, kind)
    return made


def _partly(made: Converter, kind: type) -> Any:
    """A hook for what is an object with a lifetime, or else a plain value.

    A null is a setting too: with a parent it is not the same as nothing.
    """

    def plain_or_object(value: Any, _: Any) -> Any:
        if value is None:
            return Setting(None)
        return made.structure(value, kind) if isinstance(value, Mapping) else value

    return plain_or_object


def _register(made: Converter, kind: type) -> None:
    """Reading and writing of one record class: the file's spellings, defaults left out."""
    spelt: dict[str, Any] = {}
    for attribute in fields(kind):
        options: dict[str, Any] = {}
        if attribute.name in RENAMED:
            options["rename"] = RENAMED[attribute.name]
        if attribute.name == "xlevel":
            # The file has it as a person reads it: in hexadecimal.
            options["struct_hook"] = lambda value, _: None if value is None else number(value)
            options["unstruct_hook"] = lambda value: None if value is None else f"{value:#x}"
        if attribute.name == "value":
            options["omit_if_default"] = False
        if options:
            spelt[attribute.name] = override(**options)
    made.register_structure_hook(
        kind, make_dict_structure_fn(kind, made, _cattrs_forbid_extra_keys=True, **spelt)
    )
    write: Any = make_dict_unstructure_fn(kind, made, _cattrs_omit_if_default=True, **spelt)
    made.register_unstructure_hook(kind, _write_setting(write) if kind is Setting else write)


def _write_setting(write: Any) -> Any:
    """A setting without a lifetime is written as its plain value."""

    def plain_or_object(setting: Setting) -> Any:
        bare = setting.since is None and setting.until is None
        return setting.value if bare else write(setting)

    return plain_or_object
