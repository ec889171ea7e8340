"""The type registry: which QOM types there are, by name.

A `Registry` holds types, made (classes) or only declared (a name, a parent and
a function that makes the class when it is first asked for).  Questions about
names, parents and interfaces never make a class.  A registry belongs to one
QEMU release, or to none; it is filled once, and a copy takes new types without
showing them to the original.  QEMU: type_table of qom/object.c.
"""

from __future__ import annotations

from pyqom.errors import (
    AbstractType,
    DuplicateType,
    MissingInterface,
    MissingParent,
    TypeCycle,
    UnknownType,
)
from pyqom.types.property import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from pyqom.release import Release

# what every registry knows from its birth
ROOTS = ("object", "interface", "container", "user-creatable")


class Entry:
    """One registered type; `cls` is None until it is made."""

    __slots__ = ("abstract", "cls", "interfaces", "make", "making", "name", "parent")

    def __init__(
        self,
        name: str,
        parent: str | None,
        *,
        abstract: bool = False,
        interfaces: Iterable[str] = (),
        cls: Any = None,
        make: Callable[[], Any] | None = None,
    ) -> None:
        self.name = name
        self.parent = parent
        self.abstract = abstract
        self.interfaces = tuple(interfaces)
        self.cls = cls
        self.make = make
        self.making = False


class Registry:
    """QOM types by name, of one release (None: of no release in particular).

    A new registry knows the root types (`object`, `interface`, `container`,
    `user-creatable`) and nothing else.
    """

    def __init__(self, release: Release | None = None) -> None:
        self.release = release
        self._entries: dict[str, Entry] = {}
        self._later: list[Callable[[Registry], None]] = []
        for name in ROOTS:
            if name in builtin._entries:
                self._entries[name] = builtin._entries[name]

    # --- filling -------------------------------------------------------------

    def register(self, cls: Any) -> None:
        """Enter a class under its `typename`.

        Class statements with `typename=` do this themselves.  Raises
        DuplicateType, MissingParent, MissingInterface.
        """
        name: str = cls.typename
        parent: str | None = cls.parent.typename if cls.parent is not None else None
        entry = self._entries.get(name)
        if entry is not None and entry.making and entry.cls is None:
            if entry.parent != parent:
                raise MissingParent(
                    f"Type '{name}' was declared with parent '{entry.parent}', not '{parent}'"
                )
            entry.cls = cls
            return
        self._refuse_duplicate(name)
        if parent is not None and parent not in self._entries:
            raise _missing_parent(name, parent)
        for interface in cls.own_interfaces:
            self._check_interface(name, interface)
        self._entries[name] = Entry(
            name, parent, abstract=cls.abstract, interfaces=cls.own_interfaces, cls=cls
        )

    def declare(
        self,
        name: str,
        parent: str,
        make: Callable[[], Any],
        *,
        abstract: bool = False,
        interfaces: Iterable[str] = (),
    ) -> None:
        """Enter a type whose class `make()` returns when it is first needed.

        The parent may be declared later; `check` finds what is missing.
        Raises DuplicateType.
        """
        self._refuse_duplicate(name)
        self._entries[name] = Entry(
            name, parent, abstract=abstract, interfaces=interfaces, make=make
        )

    def later(self, declare: Callable[[Registry], None]) -> None:
        """Have more types declared when a name is not found, or all are asked for."""
        self._later.append(declare)

    def _complete(self) -> None:
        """Declare what was left for later."""
        while self._later:
            self._later.pop(0)(self)

    def _refuse_duplicate(self, name: str) -> None:
        if name in self._entries:
            raise DuplicateType(f"Registering '{name}' which already exists")

    def _check_interface(self, name: str, interface: str) -> None:
        if interface not in self._entries or "interface" not in self._chain(interface):
            raise MissingInterface(f"missing interface '{interface}' for object '{name}'")

    def check(self) -> None:
        """Look at every type's ancestors and interfaces; makes no class.

        Raises MissingParent, MissingInterface or TypeCycle.
        """
        self._complete()
        for name, entry in self._entries.items():
            self._chain(name)
            for interface in entry.interfaces:
                self._check_interface(name, interface)

    def copy(self) -> Registry:
        """A registry with the same types; what is added to it stays in it."""
        self._complete()
        twin = Registry(self.release)
        twin._entries = dict(self._entries)
        return twin

    def adopt(self, template: Any, body: Mapping[str, Any] | None = None) -> Any:
        """Enter a template class as this registry's release knows it.

        Makes and returns a subclass of `template` with the same type name, whose
        QOM parent is this registry's class of the template's parent.  Properties
        that the release does not know are gone from it.  A template that is
        here already is returned as it is.  `body` is more for the class's body:
        what only this release's class has.  Raises UnknownType when the parent
        is not here.
        """
        entry = self._entries.get(template.typename)
        if entry is not None and entry.cls is not None:
            return entry.cls
        bases: tuple[Any, ...] = (template,)
        parent = self.get(template.parent.typename)
        if parent not in template.__mro__:
            bases = (template, parent)
        namespace = {"__module__": template.__module__, "__doc__": template.__doc__}
        namespace.update(self._hidden(template, parent))
        namespace.update(body or {})
        return type(template)(
            template.__name__,
            bases,
            namespace,
            typename=template.typename,
            abstract=template.abstract,
            interfaces=template.own_interfaces,
            registry=self,
        )

    def _hidden(self, template: Any, parent: Any) -> dict[str, Any]:
        """What covers the template's attributes that the release lacks.

        What the template inherits is covered in the parent.
        """
        from pyqom.types.object import Absent

        inherited = parent.__mro__
        known, gone = {}, []
        for base in template.__mro__:
            if base not in inherited:
                for prop in base.__dict__.get("_own", ()):
                    if self.knows(prop, base.typename):
                        known[prop.name] = prop
                    else:
                        gone.append(prop)
        # a property that the releases declare twice is reached by its first attribute
        return {prop.attr: known.get(prop.name) or Absent(prop.attr) for prop in gone}

    def knows(self, fact: Any, owner: str | None = None) -> bool:
        """Does the release have what lives from `since` until `until`?

        What the release itself says of the fact (`Release.declared`) comes first.  There a fact
        with an `owner`, a property that this type's class declares, goes by ``OWNER.ATTRIBUTE``,
        with "-" for "_": most often the property's own name.  Others go by their `name`.
        """
        release = self.release
        if release is None:
            return True
        if release.declared:
            named = getattr(fact, "name", "") if owner is None else f"{owner}.{name_of(fact.attr)}"
            said = release.declared.get(named)
            if said is not None:
                return said
        if fact.since is None and fact.until is None:
            return True
        return release.knows(fact.since, fact.until)

    # --- asking --------------------------------------------------------------

    def __contains__(self, name: str) -> bool:
        if name not in self._entries:
            self._complete()
        return name in self._entries

    def names(self) -> tuple[str, ...]:
        """All type names, in the order they were registered."""
        self._complete()
        return tuple(self._entries)

    def _entry(self, name: str) -> Entry:
        entry = self._entries.get(name)
        if entry is None and self._later:
            self._complete()
            entry = self._entries.get(name)
        if entry is None:
            raise UnknownType(f"unknown type '{name}'", name, self._entries)
        return entry

    def get(self, name: str) -> Any:
        """The class of a type, made now if it never was.

        Raises UnknownType (with the nearest names in `.suggestions`), TypeCycle.
        """
        entry = self._entry(name)
        if entry.cls is None:
            self._make(entry)
        return entry.cls

    def _make(self, entry: Entry) -> None:
        if entry.making:
            raise _cycle(entry.name)
        self._chain(entry.name)
        assert entry.make is not None
        entry.making = True
        try:
            cls = entry.make()
            if entry.cls is None:
                entry.cls = cls
        finally:
            entry.making = False

    def parent(self, name: str) -> str | None:
        """The name of a type's parent; None for a root.  Raises UnknownType."""
        return self._entry(name).parent

    def ancestors(self, name: str) -> tuple[str, ...]:
        """The parents of a type, nearest first.

        Raises UnknownType, MissingParent, TypeCycle.
        """
        self._entry(name)
        return self._chain(name)[1:]

    def _chain(self, name: str) -> tuple[str, ...]:
        """The type and its ancestors."""
        chain = [name]
        parent = self._entry(name).parent
        while parent is not None:
            if parent in chain:
                raise _cycle(name)
            entry = self._entries.get(parent)
            if entry is None:
                raise _missing_parent(chain[-1], parent)
            chain.append(parent)
            parent = entry.parent
        return tuple(chain)

    def abstract(self, name: str) -> bool:
        """Is the type abstract?  Raises UnknownType."""
        return self._entry(name).abstract

    def interfaces(self, name: str) -> tuple[str, ...]:
        """The interfaces a type implements, inherited ones first.

        One that is an ancestor of one already there is not repeated, as
        type_initialize() does it.
        """
        found: list[str] = []
        for ancestor in reversed(self._chain(name)):
            for interface in self._entries[ancestor].interfaces:
                if not any(interface in self._chain(have) for have in found):
                    found.append(interface)
        return tuple(found)

    def implements(self, name: str, target: str) -> bool:
        """object_class_dynamic_cast(): is type `name` a `target`?

        True for an ancestor and for an interface; false when several interfaces
        of the type inherit from `target`, which QEMU takes for ambiguous, and
        for a target that does not exist.
        """
        if name == target:
            return True
        if target not in self._entries:
            return False
        chain = self._chain(name)
        if "interface" in self._chain(target):
            interfaces = self.interfaces(name)
            if interfaces:
                return sum(target in self._chain(have) for have in interfaces) == 1
        return target in chain

    def list(self, implements: str | None = None, abstract: bool = False) -> tuple[str, ...]:
        """QMP qom-list-types: type names, sorted; makes no class.

        implements  only types that are one (see `implements`)
        abstract    abstract types too
        """
        self._complete()
        return tuple(
            sorted(
                name
                for name, entry in self._entries.items()
                if (abstract or not entry.abstract)
                and (implements is None or self.implements(name, implements))
            )
        )

    def children(self, name: str) -> tuple[str, ...]:
        """The types whose parent is `name`, sorted.  Raises UnknownType."""
        self._complete()
        self._entry(name)
        return tuple(sorted(key for key, entry in self._entries.items() if entry.parent == name))

    def new(self, name: str) -> Any:
        """A new detached object of a type.  Raises UnknownType, AbstractType."""
        if self._entry(name).abstract:
            raise AbstractType(f"object type '{name}' is abstract")
        return self.get(name)()


def _missing_parent(name: str, parent: str) -> MissingParent:
    return MissingParent(f"Type '{name}' is missing its parent '{parent}'")


def _cycle(name: str) -> TypeCycle:
    return TypeCycle(f"Type '{name}' is its own ancestor")


# the registry of templates and of everything that belongs to no release
builtin: Registry = Registry.__new__(Registry)
builtin.release = None
builtin._entries = {}
builtin._later = []
