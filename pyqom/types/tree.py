"""The composition tree: children, parents, canonical paths, references.

Every object has at most one parent, which holds it as a child property; the
path of child names from the root is its canonical path.  A child property and
each strong link count as a reference; when the last one goes, the object is
finalized.  An object that was never given away belongs to whoever made it.
QEMU: qom/object.c, hw/core/ and include/qom/object.h.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from pyqom.types.property import Property

_NOTHING: dict[str, Any] = {}


class Coming:
    """Properties and children of an object that are made when somebody looks for them.

    Most of what a machine's tree shows is never looked at.  One instance may serve many objects.
    """

    def has(self, obj: Any, name: str) -> bool:
        """Whether a property of that name is among those that will be made."""
        raise NotImplementedError

    def bring(self, obj: Any) -> None:
        """Make them."""
        raise NotImplementedError

    def take_back(self, obj: Any) -> None:
        """Take away what `bring` made: the object is put to rest."""


class Node:
    """What makes an object a part of a tree; the base of `Object` only."""

    _dynamic: dict[str, Property] = _NOTHING
    _coming: tuple[Coming, ...] = ()
    _child_property: Any = None
    _references = 0
    _finalized = False
    _home: Any = None
    _finalize_chain: tuple[Callable[[Any], None], ...] = ()

    parent_object: Any = None
    """The object whose child this is; None for the root and detached objects."""

    def cast(self, typename: str) -> bool:
        """Is this object a `typename`? (`Object` knows)"""
        raise NotImplementedError

    def add_child(self, name: str, child: Any) -> Any:
        """Make a detached object a child; "NAME[*]" takes the next free index.

        Returns the child.  Raises DuplicateProperty; ValueError when the child
        has a parent already.
        """
        from pyqom.types.links import Child

        if child.parent_object is not None:
            raise ValueError(f"{child!r} has a parent already")
        prop = self.add_property(Child(child.typename, target_object=child), name)  # type: ignore[attr-defined]
        child.parent_object = self
        child._child_property = prop
        child.ref()
        return child

    def unparent(self) -> None:
        """Leave the tree; the last reference gone, the object is finalized.

        An object without parent is left alone.
        """
        if self.parent_object is not None:
            self.parent_object.del_property(self._child_property.name)

    def unparented(self) -> None:
        """Hook: the object is about to lose its parent (ObjectClass.unparent)."""

    @property
    def path_component(self) -> str | None:
        """The name under which the parent holds the object; None when detached."""
        return self._child_property.name if self._child_property is not None else None

    def root(self) -> Any:
        """The root of the tree the object belongs to; None when it has none.

        A detached object belongs to the tree it was `settle`d in.
        """
        top: Any = self
        while top.parent_object is not None:
            top = top.parent_object
        return top._home

    def settle(self, root: Any) -> None:
        """Say which tree a detached object belongs to: links find their targets there.

        A root is settled in itself.
        """
        self._home = root

    def canonical_path(self) -> str | None:
        """The path from the root, "/" for the root itself; None when detached."""
        parts: list[str] = []
        node: Any = self
        while node.parent_object is not None:
            parts.append(node._child_property.name)
            node = node.parent_object
        if node._home is not node:
            return None
        return "/" + "/".join(reversed(parts))

    def expect(self, coming: Coming) -> None:
        """Have properties of this object made when somebody looks for them."""
        self._coming = (*self._coming, coming)

    def forget(self, coming: Coming) -> None:
        """Undo `expect`, whether somebody has looked or not."""
        if coming in self._coming:
            self._coming = tuple(each for each in self._coming if each is not coming)
        else:
            coming.take_back(self)

    def bring(self, name: str | None = None) -> bool:
        """Make what was put off; with `name` only if that is among it.  Tells whether it was."""
        coming = self._coming
        if not coming or (name is not None and not any(each.has(self, name) for each in coming)):
            return False
        self._coming = ()
        for each in coming:
            each.bring(self)
        return True

    def children(self) -> Iterator[Any]:
        """The children, in the order they were added."""
        if self._coming:
            self.bring()
        for prop in tuple(self._dynamic.values()):
            if prop.is_child:
                yield prop.resolve(self)

    def descendants(self) -> Iterator[Any]:
        """All objects below this one, a parent before its children."""
        for child in self.children():
            yield child
            yield from child.descendants()

    # --- references ----------------------------------------------------------

    def ref(self) -> None:
        """Hold the object: it is not finalized before `unref`."""
        self._references += 1

    def unref(self) -> None:
        """Let go of the object; the last one to do so finalizes it."""
        self._references -= 1
        if self._references <= 0:
            self.finalize()

    def finalize(self) -> None:
        """Let go of children and links, then run `instance_finalize`, child first.

        Happens once; `unref` calls it.
        """
        if self._finalized:
            return
        self._finalized = True
        self._coming = ()
        for prop in self.property_list():  # type: ignore[attr-defined]
            prop.released(self)
        self._dynamic = {}
        for hook in self._finalize_chain:
            hook(self)
