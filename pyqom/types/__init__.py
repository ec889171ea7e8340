"""QOM: types, properties, objects and the tree they live in."""

from pyqom.types.container import Container, container_get, make_root
from pyqom.types.interface import Interface
from pyqom.types.links import Alias, Child, Link
from pyqom.types.object import Object
from pyqom.types.property import UNSET, Property, attribute_of, name_of
from pyqom.types.registry import Registry, builtin
from pyqom.types.scalars import (
    Bool,
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

__all__ = [
    "UNSET",
    "Alias",
    "Bit",
    "Bool",
    "Child",
    "Computed",
    "Container",
    "Enum",
    "Int",
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "Interface",
    "Link",
    "Number",
    "Object",
    "OnOffAuto",
    "OnOffAutoBit",
    "Property",
    "Registry",
    "Size",
    "Size32",
    "Str",
    "String",
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
    "attribute_of",
    "builtin",
    "container_get",
    "make_root",
    "name_of",
]
