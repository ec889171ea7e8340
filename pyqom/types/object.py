"""QOM classes and objects: declare, inherit, instantiate, get and set.

A class statement is QEMU's TypeInfo:

    class Edu(PCIDevice, typename="edu", interfaces=("conventional-pci-device",)):
        dma_mask = UInt64(default=(1 << 28) - 1)

Hooks, each defined in the body of the class that wants it and run in QEMU's
order: `class_init(cls)` once for the class, `instance_init(self)` parent first,
`instance_post_init(self)` from the root type down, `instance_finalize(self)`
child first.  The composition tree is in `tree`, paths in `path`.
QEMU: qom/object.c.
"""

from __future__ import annotations

from pyqom.errors import AbstractType, DuplicateProperty, PropertyNotFound
from pyqom.types.property import Property, attribute_of
from pyqom.types.registry import Registry, builtin
from pyqom.types.tree import Node
from pyqom.types.views import Computed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

_view = type(type.__dict__)  # a read-only mapping, types.MappingProxyType


class Absent:
    """Covers an inherited attribute that the registry's release does not have."""

    def __init__(self, attr: str) -> None:
        self.attr = attr

    def __get__(self, obj: Any, owner: Any) -> Any:
        raise AttributeError(f"'{owner.typename}' has no property '{self.attr}' in this release")

    def __set__(self, obj: Any, value: Any) -> None:
        self.__get__(obj, type(obj))


class Object(Node):
    """QOM "object", the root of all types that have instances.

    Class facts, all known without an instance: `typename`, `abstract`, `parent`
    (the parent's class), `own_interfaces`, `registry`, `properties()`.
    """

    typename = "object"
    abstract = True
    parent: Any = None
    own_interfaces: tuple[str, ...] = ()
    registry: Registry = builtin

    _own: tuple[Property, ...] = ()
    _properties: Any = None
    _init_chain: tuple[Callable[[Any], None], ...] = ()
    _finalize_chain: tuple[Callable[[Any], None], ...] = ()
    _realized = False

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The `_<attr>` of a property, and attributes of classes made from data."""

        def __setattr__(self, name: str, value: Any) -> None:
            """The same, written."""

    # --- the class -----------------------------------------------------------

    def __init_subclass__(
        cls,
        *,
        typename: str | None = None,
        abstract: bool = False,
        interfaces: Iterable[str] = (),
        registry: Registry | None = None,
        user_creatable: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)
        _take_body(cls)
        _chain_hooks(cls)
        if registry is not None:
            cls.registry = registry
        if typename is not None:
            cls.typename = typename
            cls.abstract = abstract
            cls.own_interfaces = _interfaces(cls, interfaces, user_creatable)
            cls.parent = _qom_parent(cls)
        if "class_init" in cls.__dict__:
            cls.class_init()
        if typename is not None:
            cls.registry.register(cls)

    @classmethod
    def class_init(cls) -> None:
        """QEMU's class_init: sets class data, once, after the parent's did."""

    @classmethod
    def declarations(cls) -> Iterator[Property]:
        """Every property declared by the class and its ancestors, parents first.

        Also those that the registry's release does not know.
        """
        for base in reversed(cls.__mro__):
            yield from base.__dict__.get("_own", ())

    @classmethod
    def properties(cls) -> Mapping[str, Property]:
        """The properties of the class by QOM name, inherited ones first.

        Only what the registry's release knows.  A class that declares nothing
        shares the mapping of its parent.
        """
        mapping = cls.__dict__.get("_properties")
        if mapping is None:
            mapping = _properties_of(cls)
            cls._properties = mapping
        return mapping

    @classmethod
    def find(cls, name: str) -> Property:
        """The class's property of a QOM name.  Raises PropertyNotFound."""
        prop = cls.properties().get(name)
        if prop is None:
            raise _not_found(cls, name, cls.properties())
        return prop

    @classmethod
    def interfaces(cls) -> tuple[str, ...]:
        """The names of the interfaces the type implements, inherited first."""
        return cls.registry.interfaces(cls.typename)

    @classmethod
    def implements(cls, typename: str) -> bool:
        """object_class_dynamic_cast(): is the type, or does it implement, `typename`?"""
        return cls.registry.implements(cls.typename, typename)

    # --- the instance --------------------------------------------------------

    def __init__(self, **values: Any) -> None:
        """A detached object with its defaults; `values` are then set by attribute.

        Raises AbstractType, and what setting a property raises.
        """
        if self.abstract:
            raise AbstractType(f"object type '{self.typename}' is abstract")
        for hook in self._init_chain:
            hook(self)
        for attr, value in values.items():
            if not isinstance(getattr(type(self), attr, None), Property):
                raise _not_found(self, attr, self.properties())
            setattr(self, attr, value)

    type = Computed("string", lambda obj: obj.typename)

    def property(self, name: str) -> Property:
        """The property of a QOM name, of the class or of this instance alone.

        Raises PropertyNotFound with QEMU's text.
        """
        prop = self.properties().get(name) or self._dynamic.get(name)
        if prop is None:
            if self._coming and self.bring(name):
                return self.property(name)
            raise _not_found(self, name, (*self.properties(), *self._dynamic))
        return prop

    def has_property(self, name: str) -> bool:
        """Is there a property of that QOM name?"""
        if name in self.properties() or name in self._dynamic:
            return True
        return bool(self._coming) and self.bring(name) and self.has_property(name)

    def property_list(self) -> tuple[Property, ...]:
        """All properties of the object: its own, then those of its class (qom-list)."""
        if self._coming:
            self.bring()
        return (*self._dynamic.values(), *self.properties().values())

    def own_properties(self) -> tuple[Property, ...]:
        """The properties that this object has beside those of its class: children, links ..."""
        if self._coming:
            self.bring()
        return tuple(self._dynamic.values())

    def get(self, name: str) -> Any:
        """The JSON value of a property.  Raises PropertyNotFound, PropertyNotReadable."""
        return self.property(name).get(self)

    def set(self, name: str, value: Any, path: str | None = None) -> None:
        """Set a property to a typed (JSON) value.

        `path` is what the error texts call it, when that is not the plain name
        ("model.props.level").  Raises PropertyNotFound, PropertyNotWritable,
        SetAfterRealize, InvalidParameterType, InvalidParameterValue.
        """
        prop = self.property(name)
        if path is None:
            prop.fset(self, value)  # type: ignore[misc]
        else:
            prop.set(self, value, path)

    def parse(self, name: str, text: str) -> None:
        """Set a property from a text, as -global and compat properties do.

        Raises as `set`.
        """
        self.property(name).set(self, text, None, "parse")

    def set_keyval(self, name: str, value: Any) -> None:
        """Set a property from the text of a -device or -object option.

        Raises as `set`.
        """
        self.property(name).set(self, value, None, "keyval")

    def print(self, name: str, human: bool = False) -> str:
        """A property as text (object_property_print()), `human` as HMP shows it."""
        return self.property(name).print(self, human)

    def add_property(self, prop: Property, name: str | None = None) -> Property:
        """Give this instance one more property; "NAME[*]" takes the next free index.

        Returns the property, which has its final name.  Raises DuplicateProperty.
        """
        wanted = name or prop.name
        if wanted.endswith("[*]"):
            wanted = self._next_index(wanted[:-3])
        if self.has_property(wanted):
            raise DuplicateProperty(
                f"attempt to add duplicate property '{wanted}' to object (type '{self.typename}')"
            )
        prop.name = wanted
        if not prop.attr:
            prop.bind(attribute_of(wanted))
            if not hasattr(self, prop.slot):
                self.__dict__[prop.slot] = prop.default
        if "_dynamic" not in self.__dict__:
            self._dynamic = {}
        self._dynamic[wanted] = prop
        return prop

    def _next_index(self, stem: str) -> str:
        index = 0
        while self.has_property(f"{stem}[{index}]"):
            index += 1
        return f"{stem}[{index}]"

    def del_property(self, name: str) -> None:
        """Take a property away that was added to this instance.

        Raises PropertyNotFound; a property of the class cannot be taken away.
        """
        prop = self._dynamic.get(name)
        if prop is None:
            if self._coming and self.bring(name):
                self.del_property(name)
                return
            raise _not_found(self, name, self._dynamic)
        prop.released(self)
        self._dynamic.pop(name, None)

    def cast(self, typename: str) -> bool:
        """object_dynamic_cast(): is this object a `typename`?"""
        return self.implements(typename)

    def __repr__(self) -> str:
        path = self.canonical_path()
        return f"<{self.typename} {path}>" if path else f"<{self.typename}>"


def _not_found(holder: Any, name: str, known: Iterable[str]) -> PropertyNotFound:
    return PropertyNotFound(f"Property '{holder.typename}.{name}' not found", name, known)


def _take_body(cls: Any) -> None:
    """Collect the declarations of a class body; other values are new defaults."""
    own: list[Property] = []
    overrides: list[tuple[str, Property]] = []
    bases = cls.__mro__[1:]
    for key, value in cls.__dict__.items():
        if isinstance(value, Property):
            if key == value.attr:
                own.append(value)
        elif key[:2] != "__":
            for base in bases:
                if key in base.__dict__:
                    inherited = base.__dict__[key]
                    if isinstance(inherited, Property) and not isinstance(value, Absent):
                        overrides.append((key, inherited))
                    break
    if own:
        cls._own = tuple(own)
    for key, prop in overrides:
        value = cls.__dict__[key]
        delattr(cls, key)
        prop.override(cls, value)


def _chain_hooks(cls: Any) -> None:
    """Line up the instance hooks, where the class changes anything about them."""
    body = cls.__dict__
    if not ("instance_init" in body or "instance_post_init" in body or "instance_finalize" in body):
        if len(cls.__bases__) == 1:
            return
    downwards = [base.__dict__ for base in reversed(cls.__mro__)]
    cls._init_chain = tuple(
        base[hook]
        for hook in ("instance_init", "instance_post_init")
        for base in downwards
        if hook in base
    )
    cls._finalize_chain = tuple(
        base["instance_finalize"] for base in reversed(downwards) if "instance_finalize" in base
    )


def _interfaces(cls: Any, names: Iterable[str], user_creatable: bool) -> tuple[str, ...]:
    """The names of the interfaces that the class statement itself adds."""
    found = [
        base.typename
        for base in cls.__bases__
        if getattr(base, "is_interface", False) and not issubclass(base, Object)
    ]
    found.extend(name for name in names if name not in found)
    if user_creatable and "user-creatable" not in found:
        found.append("user-creatable")
    return tuple(found)


def _qom_parent(cls: Any) -> Any:
    """The class of the parent type: the nearest base with another type name.

    The template of an adopted class has the same name and is passed over.
    """
    for base in cls.__mro__[1:]:
        if "typename" in base.__dict__ and issubclass(base, Object):
            if base.__dict__["typename"] != cls.typename:
                return base
    return None


def _properties_of(cls: Any) -> Mapping[str, Property]:
    """The whole property table of a class; its parent's own if it adds nothing."""
    parent = cls.parent if "typename" in cls.__dict__ else cls.__base__
    if parent is not None and parent.registry.release is cls.registry.release:
        inherited = parent.__mro__
        if not any("_own" in base.__dict__ for base in cls.__mro__ if base not in inherited):
            shared: Mapping[str, Property] = parent.properties()
            return shared
    knows = cls.registry.knows
    return _view(
        {
            prop.name: prop
            for base in reversed(cls.__mro__)
            for prop in base.__dict__.get("_own", ())
            if knows(prop, base.typename)
        }
    )


_take_body(Object)
builtin.register(Object)
