"""Accelerators as QOM types (``accel/``, ``target/i386/*/``)."""

from __future__ import annotations

import os.path

from pyqom.devices.cpu.x86.data import known, within
from pyqom.quick import read_json
from pyqom.types import Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pyqom.types import Registry

DATA = os.path.join(os.path.dirname(__file__), "data", "types.json")


def declare_accelerators(registry: Registry) -> None:
    """Enter the accelerator types of the registry's release in a registry."""
    assert registry.release is not None
    records = known(read_json(DATA, "types")["types"], registry.release)
    for record in records:
        abstract = bool(within(record.get("abstract"), registry.release))
        maker = _maker(registry, record, abstract)
        registry.declare(record["type"], record["parent"], maker, abstract=abstract)


def _maker(registry: Registry, record: Any, abstract: bool) -> Callable[[], Any]:
    name: str = record["type"]

    def make() -> Any:
        from pyqom.accel.objects import TEMPLATES

        if name in TEMPLATES:
            return registry.adopt(TEMPLATES[name])
        base = registry.get(record["parent"])
        kind: Any = type(Object)
        return kind(name, (base,), {}, typename=name, abstract=abstract, registry=registry)

    return make
