"""QOM properties: a declaration in a class body that is also the attribute.

    class PCITestDevice(PCIDevice, typename="edu"):
        dma_mask = UInt64(default=(1 << 28) - 1, description="DMA address mask")

A `Property` is a builtin `property` whose getter is an `attrgetter`, so reading
costs what C code costs.  The value lives in the instance attribute `_<attr>`;
the default is the class attribute of the same name, so an untouched instance
holds nothing and a subclass overrides a default by assigning it in its body:

    class Wide(PCITestDevice, typename="wide"):
        dma_mask = (1 << 40) - 1

The device's own code may write the underscore attribute to get round the
checks and the read-only rule.  This module has the base; the kinds are in
`scalars`, `composite` and `links`.  QEMU: include/qom/object.h,
hw/core/qdev-properties.c.
"""

from __future__ import annotations

from keyword import iskeyword
from operator import attrgetter

from pyqom.errors import PropertyNotReadable, PropertyNotWritable, SetAfterRealize
from pyqom.types import visitor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Final


class _Unset:
    """The mark of a property that was declared without a default."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final[Any] = _Unset()


def attribute_of(name: str) -> str:
    """The Python attribute of a QOM property name; the one rule there is.

    "-" and "." become "_"; a name that begins with a digit, or that Python
    keeps for itself, gets a "_" in front: "3dnow" is `_3dnow`.
    """
    attr = name.replace("-", "_").replace(".", "_")
    return "_" + attr if attr[:1].isdigit() or iskeyword(attr) else attr


def name_of(attr: str) -> str:
    """The QOM property name of a Python attribute: "_" becomes "-"."""
    return attr.replace("_", "-")


class Property(property):
    """One QOM property of a class (or, added later, of one instance).

    default      initial value; given, it is shown by device-list-properties
    name         QOM name; else made from the attribute by `name_of`
    description  text for help and introspection; a qdev bool says "on/off"
    since/until  lifetime in releases; `until` is the first without it
    readable     False: has no getter
    writable     False: has no setter
    after_realize  may be set although the device is realized
    qdev         a qdev property (device_class_set_props), False: plain QOM
    show_default tells device-list-properties the default; else: is one given?
    """

    type: str = "any"
    qdev_description: str | None = None
    initial: Any = None
    # a boolean that older releases do not describe
    plain = False
    is_child = False
    is_link = False
    # QEMU adds it to each instance: qom-list-properties of an abstract type, of
    # which there is none, does not have it
    per_instance = False

    def __init__(
        self,
        default: Any = UNSET,
        *,
        name: str | None = None,
        description: str | None = None,
        since: str | None = None,
        until: str | None = None,
        readable: bool = True,
        writable: bool = True,
        after_realize: bool = False,
        qdev: bool = True,
        show_default: bool | None = None,
    ) -> None:
        if description is None and qdev:
            description = self.qdev_description
        self.name: str = name or ""
        self.attr: str = ""
        self.slot: str = ""
        self.description = description
        self.since = since
        self.until = until
        self.readable = readable
        self.writable = writable
        self.after_realize = after_realize
        self.qdev = qdev
        self.has_default = default is not UNSET if show_default is None else show_default
        self.default: Any = self.initial if default is UNSET else default

    # --- declaration ---------------------------------------------------------

    def __set_name__(self, owner: Any, attr: str) -> None:
        if self.attr:
            return  # one declaration shown under a second attribute
        self.bind(attr)
        self.declare_default(owner)

    def bind(self, attr: str) -> None:
        """Become the property of attribute `attr`: make getter and setter."""
        self.attr = attr
        self.slot = "_" + attr
        if not self.name:
            self.name = name_of(attr)
        getter = self.make_getter() if self.readable else self._refuse_get
        setter = self.make_setter() if self.writable else self._refuse_set
        property.__init__(self, getter, setter)

    def declare_default(self, owner: Any) -> None:
        """Put the declared default where instances of `owner` will find it."""
        setattr(owner, self.slot, self.default)

    def override(self, cls: Any, value: Any) -> None:
        """Give the class `cls` and its subclasses another default."""
        setattr(cls, self.slot, self.check(value, self.name, cls))

    def default_of(self, cls: Any) -> Any:
        """The default that instances of `cls` start with."""
        return getattr(cls, self.slot)

    def make_getter(self) -> Callable[[Any], Any]:
        """The `fget`: by default the stored value."""
        return attrgetter(self.slot)

    def make_setter(self) -> Callable[[Any, Any], None]:
        """The `fset`: by default check, then store."""
        return self.set

    def _refuse_get(self, obj: Any) -> Any:
        raise PropertyNotReadable(f"Property '{obj.typename}.{self.name}' is not readable")

    def _refuse_set(self, obj: Any, value: Any) -> None:
        raise PropertyNotWritable(f"Property '{obj.typename}.{self.name}' is not writable")

    # --- values --------------------------------------------------------------

    def check(self, value: Any, name: str, owner: Any = None) -> Any:
        """The stored form of a typed (JSON) value.

        `name` is what the visitor calls it ("model.props.level"); `owner` the
        object or class for the texts that name the type.  Raises
        InvalidParameterType or InvalidParameterValue with QEMU's text.
        """
        return value

    def parse(self, text: str, name: str, owner: Any = None) -> Any:
        """The stored form of a text, as QEMU's string visitor reads it."""
        return self.check(text, name, owner)

    def keyval(self, value: Any, name: str, owner: Any = None) -> Any:
        """The stored form of a key=value option's text (or nested texts)."""
        return self.parse(visitor.keyval_text(value, name), name, owner)

    def format(self, value: Any, human: bool = False) -> str:
        """The text of a stored value, as QEMU's string output visitor prints it."""
        return visitor.format_str(None if value is None else str(value), human)

    def wire(self, value: Any) -> Any:
        """The JSON value of a stored value, as QMP shows it."""
        return value

    # --- access --------------------------------------------------------------

    def get(self, obj: Any) -> Any:
        """The JSON value of the property of `obj`.  Raises PropertyNotReadable."""
        return self.wire(self.fget(obj))  # type: ignore[misc]

    def set(self, obj: Any, value: Any, name: str | None = None, how: str = "check") -> None:
        """Check a value and store it.

        `how` the value is read: "check" (typed), "parse" (text, string visitor)
        or "keyval" (text of a key=value option).  Raises PropertyNotWritable,
        SetAfterRealize and what reading raises.
        """
        self.allow_set(obj)
        self.store(obj, getattr(self, how)(value, name or self.name, obj))

    def print(self, obj: Any, human: bool = False) -> str:
        """object_property_print(): the value of `obj` as text."""
        return self.format(self.fget(obj), human)  # type: ignore[misc]

    def store(self, obj: Any, value: Any) -> None:
        """Keep a checked value in `obj`."""
        setattr(obj, self.slot, value)

    def allow_set(self, obj: Any) -> None:
        """Refuse a property without setter, or one that is set too late."""
        if not self.writable:
            self._refuse_set(obj, None)
        if obj._realized and not self.after_realize:
            raise set_after_realize(obj, self.name)

    def resolve(self, obj: Any) -> Any:
        """The object that this child or link leads to; None for other kinds."""
        return None

    def released(self, obj: Any) -> None:
        """The property goes away, or its object does: let go what it holds."""

    def forget(self) -> None:
        """Let go of getter and setter, which lead back here: Python's collector leaves such rings.

        For the property of a single object, when that has lost it.
        """
        property.__init__(self)

    def __repr__(self) -> str:
        return f"<Property {self.name}: {self.type}>"


def set_after_realize(obj: Any, name: str) -> SetAfterRealize:
    """The error of qdev_prop_set_after_realize() for property `name` of `obj`."""
    identity = getattr(obj, "id", None)
    device = f"device '{identity}'" if identity else "anonymous device"
    return SetAfterRealize(
        f"Attempt to set property '{name}' on {device} (type '{obj.typename}')"
        " after it was realized"
    )
