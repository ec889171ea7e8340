"""QOM: types, properties, objects and the tree they live in."""

from __future__ import annotations

from pyqom.types.container import Container, container_get, make_root
from pyqom.types.interface import Interface, UserCreatable
from pyqom.types.links import Alias, Child, Link
from pyqom.types.object import Object
from pyqom.types.property import UNSET, Property, attribute_of, name_of
from pyqom.types.registry import Registry, builtin
from pyqom.types.scalars import (
    Bool,
    CInt,
    Enum,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Number,
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
from pyqom.types.views import Bit, Computed, OnOffAutoBit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.types.composite import (
        Array,
        ArrayLength,
        Int64List,
        ListOf,
        StrList,
        Struct,
        UInt8List,
        UInt16List,
        UInt32List,
        UInt64List,
    )

__all__ = [
    "UNSET",
    "Alias",
    "Array",
    "ArrayLength",
    "Bit",
    "Bool",
    "CInt",
    "Child",
    "Computed",
    "Container",
    "Enum",
    "Int",
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "Int64List",
    "Interface",
    "Link",
    "ListOf",
    "Number",
    "Object",
    "OnOffAuto",
    "OnOffAutoBit",
    "Property",
    "Registry",
    "Size",
    "Size32",
    "Str",
    "StrList",
    "String",
    "Struct",
    "UInt8",
    "UInt8List",
    "UInt16",
    "UInt16List",
    "UInt32",
    "UInt32List",
    "UInt64",
    "UInt64List",
    "UserCreatable",
    "attribute_of",
    "builtin",
    "container_get",
    "make_root",
    "name_of",
]


def __getattr__(name: str) -> Any:
    """Hand on the list, array and struct kinds when one is first used."""
    if name not in __all__:
        raise AttributeError(f"module 'pyqom.types' has no attribute '{name}'")
    from pyqom.types import composite

    return getattr(composite, name)
