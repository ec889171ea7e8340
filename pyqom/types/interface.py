"""Interfaces: abstract types that object types implement beside their parent.

    class Nmi(Interface, typename="nmi"):
        def inject(self) -> None: ...

An interface class may be a Python base of the object classes that implement
it, or be named in their `interfaces=`; the registry counts both.
QEMU: include/qom/object.h (InterfaceClass).
"""

from __future__ import annotations

from pyqom.types.registry import Registry, builtin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Interface:
    """QOM "interface", the root of all interface types; all are abstract."""

    typename = "interface"
    abstract = True
    is_interface = True
    parent: Any = None
    own_interfaces: tuple[str, ...] = ()
    registry: Registry = builtin

    def __init_subclass__(
        cls, *, typename: str | None = None, registry: Registry | None = None, **kwargs: Any
    ) -> None:
        if hasattr(cls, "declarations"):
            # an object class with this interface as a base: what is left is Object's business
            if typename is not None:
                kwargs["typename"] = typename
            if registry is not None:
                kwargs["registry"] = registry
            super().__init_subclass__(**kwargs)
            return
        super().__init_subclass__(**kwargs)
        if typename is None:
            return
        cls.typename = typename
        cls.parent = next(base for base in cls.__mro__[1:] if "typename" in base.__dict__)
        if registry is not None:
            cls.registry = registry
        cls.registry.register(cls)


builtin.register(Interface)


class UserCreatable(Interface, typename="user-creatable"):
    """Objects that -object and object-add may make (qom/object_interfaces.c)."""

    def complete(self) -> None:
        """Hook: all properties are set; may raise to refuse the object."""

    def can_be_deleted(self) -> bool:
        """Hook: False while something needs the object."""
        return True
