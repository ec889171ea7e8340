"""Properties made from their declarations (`pyqom.devices.catalog`).

A declaration's ``type`` names a kind: one of `SIMPLE`, an enumeration or another entry of
``data/kinds.json``, ``link<T>``, or a list of values.
"""

from __future__ import annotations

import os.path
from functools import partial

from pyqom.devices import backend_names, values
from pyqom.devices.cpu.x86.data import known, within
from pyqom.devices.interior import OutLine
from pyqom.quick import memo, read_json
from pyqom.types import (
    Bool,
    Computed,
    Enum,
    Int,
    Int32,
    Link,
    OnOffAuto,
    Size,
    Size32,
    Str,
    String,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
)
from pyqom.types.composite import Array, ArrayLength

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pyqom.release import Release
    from pyqom.types import Property

    Record = Mapping[str, Any]

FOLDER = os.path.join(os.path.dirname(__file__), "data")

SIMPLE: dict[str, Any] = {
    "bool": Bool,
    "bit": values.BitFlag,
    "uint8": UInt8,
    "uint16": UInt16,
    "uint32": UInt32,
    "uint64": UInt64,
    "int": Int,
    "int32": Int32,
    "size": Size,
    "size32": Size32,
    "str": Str,
    "string": String,
    "OnOffAuto": OnOffAuto,
    "pci-devfn": values.PCIDevfn,
    "busnr": values.BusNumber,
    "mac": values.MAC,
    "uuid": values.UUID,
    "block-size": values.BlockSize,
    "bootindex": backend_names.BootIndex,
    "nv-gpudirect-clique": UInt8,
    "reserved-region": Str,
    "drive": backend_names.Drive,
    "netdev": backend_names.NetDev,
    "chardev": backend_names.CharDev,
    "audiodev": backend_names.AudioDev,
    "struct tm": partial(values.Untyped, type="struct tm", writable=False),
    "tpm": backend_names.TPMBackend,
    **dict.fromkeys(("nguid", "xen-vdev", "host-pci-address"), Str),
}
"""Kinds that are a Python class."""


@memo
def _records() -> dict[str, Record]:
    """What ``kinds.json`` says, by kind."""
    content = read_json(os.path.join(FOLDER, "kinds.json"), "kinds")
    return {record["kind"]: record for record in content["kinds"]}


def chosen(value: Any, release: Release) -> Any:
    """A fact as the release has it: the value itself, or what is known of its alternatives."""
    if isinstance(value, list):
        return next(iter(known(value, release)), None)
    return within(value, release)


def of_record(record: Record, release: Release) -> Property:
    """The property that a record of a type's ``properties`` declares."""
    name: str = record["name"]
    kind: str = record["type"]
    options: dict[str, Any] = {"name": name}
    if "description" in record:
        options["description"] = chosen(record["description"], release)
    if record.get("qom"):
        options.update(qdev=False, show_default=False)
    if record.get("late"):
        options["after_realize"] = True
    if "default" in record:
        options["default"] = record["default"]
    if kind.startswith("link<"):
        made = OutLine if kind == "link<irq>" else Link
        return made(kind[5:-1], **{**options, "show_default": False})
    if kind.startswith("list<"):
        return Array(of_record({"name": "", "type": kind[5:-1]}, release), **options)
    if kind.startswith("length<"):
        element = {"name": "", "type": kind[7:-1]}
        array = name.removeprefix("len-").replace("-", "_")
        return ArrayLength(lambda: of_record(element, release), array, **options)
    return _plain(kind, options, release)


def _plain(kind: str, options: dict[str, Any], release: Release) -> Property:
    """The property of a kind that is a class, or that ``kinds.json`` tells of."""
    facts = _records().get(kind, {})
    if options.get("description") is None and "description" in facts:
        options["description"] = chosen(facts["description"], release)
    made: Property
    if "values" in facts:
        made = Enum(known(facts["values"], release), kind, **options)
    elif kind in SIMPLE:
        made = SIMPLE[kind](**options)
    else:
        made = values.Untyped(type=kind, **options)
    if "type" in facts:
        made.type = chosen(facts["type"], release)
    return made


def legacy_text(prop: Property) -> Property | None:
    """The older form of a property, ``legacy-NAME``, where older releases had one.

    They show PCI addresses as text, and links, which have no getter of their own, not at all
    (``qdev_class_add_legacy_property``).
    """
    name = f"legacy-{prop.name}"
    if isinstance(prop, values.PCIDevfn):
        place = prop
        return Computed("str", lambda obj: place.text(place.fget(obj)), name=name)  # type: ignore[misc]
    return Computed("str", name=name) if isinstance(prop, Link) else None
