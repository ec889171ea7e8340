"""Property kinds that lead to objects: child<T>, link<T> and aliases.

As a Python attribute they are the object itself, for QMP its canonical path.
QEMU: qom/object.c.
"""

from __future__ import annotations

from pyqom.errors import DeviceNotFound, PathError, SetAfterRealize
from pyqom.types import path as paths
from pyqom.types import visitor
from pyqom.types.property import Property
from pyqom.types.tree import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def path_of(obj: Any) -> str:
    """The path QMP shows for a link: "" for none, and for a detached object."""
    return (obj.canonical_path() or "") if obj is not None else ""


class Child(Property):
    """A part of the object ("child<T>"): read-only, made by `Object.add_child`."""

    is_child = True

    def __init__(self, target: str, target_object: Any = None, **options: Any) -> None:
        options.setdefault("qdev", False)
        super().__init__(writable=False, **options)
        self.type = f"child<{target}>"
        self.target_object = target_object

    def make_getter(self) -> Callable[[Any], Any]:
        return self.resolve

    def wire(self, value: Any) -> Any:
        return path_of(value)

    def format(self, value: Any, human: bool = False) -> str:
        return visitor.format_str(path_of(value), human)

    def resolve(self, obj: Any) -> Any:
        return self.target_object

    def released(self, obj: Any) -> None:
        child, self.target_object = self.target_object, None
        if child is None:
            return
        child.unparented()
        child.parent_object = child._child_property = None
        obj._dynamic.pop(self.name, None)
        self.forget()
        child.unref()


class Link(Property):
    """A pointer to another object of type `target` ("link<T>").

    Set to an object or None, or to a path as QMP does ("" for none).  `strong`
    links hold their object.  `allow(obj, name, target)` may refuse a target by
    raising.  Raises on setting: PathError, InvalidParameterType, DeviceNotFound.
    """

    is_link = True

    def __init__(
        self,
        target: str,
        *,
        strong: bool = True,
        allow: Callable[[Any, str, Any], None] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.target = target
        self.type = f"link<{target}>"
        self.strong = strong
        self.allow = allow

    def set(self, obj: Any, value: Any, name: str | None = None, how: str = "check") -> None:
        if not self.writable:
            self.allow_set(obj)
        target = getattr(self, how)(value, name or self.name, obj)
        self._allow_link(obj)
        if self.allow is not None:
            self.allow(obj, self.name, target)
        self.store(obj, target)

    def _allow_link(self, obj: Any) -> None:
        """qdev_prop_allow_set_link_before_realize(): asked after the target is found."""
        if obj._realized and not self.after_realize:
            raise SetAfterRealize(
                f"Attempt to set link property '{self.name}' on device"
                f" '{getattr(obj, 'id', None) or '(null)'}' (type '{obj.typename}')"
                " after it was realized"
            )

    def check(self, value: Any, name: str, owner: Any = None) -> Any:
        if value is None:
            return None
        if isinstance(value, Node):
            if not value.cast(self.target):
                raise visitor.wrong_type(self.name, self.target)
            return value
        return self._find(visitor.json_str(value, name), owner)

    def _find(self, path: str, owner: Any) -> Any:
        """object_resolve_link()."""
        if not path:
            return None
        root = owner.root() if isinstance(owner, Node) else None
        if root is None:
            raise DeviceNotFound(f"Device '{path}' not found")
        try:
            found = paths.lookup(root, path, self.target)
        except paths.Ambiguous:
            raise PathError(f"Path '{path}' does not uniquely identify an object") from None
        if found is not None:
            return found
        try:
            other = paths.lookup(root, path)
        except paths.Ambiguous:
            other = root
        if other is not None:
            raise visitor.wrong_type(self.name, self.target)
        raise DeviceNotFound(f"Device '{path}' not found")

    def store(self, obj: Any, value: Any) -> None:
        old = getattr(obj, self.slot)
        setattr(obj, self.slot, value)
        if self.strong:
            if value is not None:
                value.ref()
            if old is not None:
                old.unref()

    def wire(self, value: Any) -> Any:
        return path_of(value)

    def format(self, value: Any, human: bool = False) -> str:
        return visitor.format_str(path_of(value), human)

    def resolve(self, obj: Any) -> Any:
        return getattr(obj, self.slot)

    def released(self, obj: Any) -> None:
        target = getattr(obj, self.slot, None)
        if self.strong and target is not None:
            setattr(obj, self.slot, None)
            target.unref()


class Alias(Property):
    """Another name for property `target` of the same object, or of one it holds.

    `path` names the child or link that has the target ("" for the object
    itself); `target_object` may give the object for an alias that is added to
    an instance.  Type, description and checks are the target's.  `type` tells
    the type where it must be known without an instance.
    """

    def __init__(
        self,
        target: str,
        path: str = "",
        *,
        type: str = "any",
        target_object: Any = None,
        **options: Any,
    ) -> None:
        options.setdefault("qdev", False)
        super().__init__(**options)
        self.target = target
        self.path = path
        self.type = type
        self.target_object = target_object
        if target_object is not None:
            self.copy(target_object.property(target))

    def __set_name__(self, owner: Any, attr: str) -> None:
        super().__set_name__(owner, attr)
        if not self.path:
            for prop in (*owner.__dict__.values(), *owner.declarations()):
                if isinstance(prop, Property) and prop.name == self.target:
                    self.copy(prop)

    def copy(self, prop: Property) -> None:
        """Take what is told of the target: its type, default and description."""
        self.type = "link" + prop.type[5:] if prop.is_child else prop.type
        self.has_default, self.default = prop.has_default, prop.default
        self.description = self.description or prop.description

    def declare_default(self, owner: type) -> None:
        """The target has it."""

    def override(self, cls: Any, value: Any) -> None:
        if self.path:
            raise TypeError(f"property '{self.name}' is another object's: no default to override")
        cls.find(self.target).override(cls, value)

    def default_of(self, cls: Any) -> Any:
        return self.default if self.path else cls.find(self.target).default_of(cls)

    def make_getter(self) -> Callable[[Any], Any]:
        def get_alias(obj: Any) -> Any:
            holder = self._holder(obj)
            return holder.property(self.target).fget(holder)

        return get_alias

    def _holder(self, obj: Any) -> Any:
        """The object that has the target.  Raises DeviceNotFound."""
        if self.target_object is not None:
            return self.target_object
        for part in self.path.split("/"):
            if part:
                obj = paths.resolve_component(obj, part)
                if obj is None:
                    raise DeviceNotFound(f"Device '{self.path}' not found")
        return obj

    def get(self, obj: Any) -> Any:
        return self._holder(obj).get(self.target)

    def set(self, obj: Any, value: Any, name: str | None = None, how: str = "check") -> None:
        holder = self._holder(obj)
        holder.property(self.target).set(holder, value, name or self.name, how)

    def print(self, obj: Any, human: bool = False) -> str:
        return self._holder(obj).print(self.target, human)  # type: ignore[no-any-return]

    def resolve(self, obj: Any) -> Any:
        holder = self._holder(obj)
        return holder.property(self.target).resolve(holder)
