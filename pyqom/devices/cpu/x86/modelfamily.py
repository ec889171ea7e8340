"""The models of a file beside each other: whose names they take, and who stands above whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pyqom.devices.cpu.x86.models import SUFFIX
from pyqom.schema import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from pyqom.schema import Fault, Path
    from pyqom.types import Registry

MOST_PARENTS = 64
"""How many models may stand above one.  QEMU's have none; a class is slower to make for each."""

VERSIONED = re.compile(r"(?P<model>.+)-v\d+", re.DOTALL)
"""What a version of a model is called."""


def records_in(entries: Any, path: Path) -> list[tuple[Path, dict[str, Any]]]:
    """The objects of an array, each with its path."""
    if not isinstance(entries, list):
        return []
    return [((*path, i), entry) for i, entry in enumerate(entries) if isinstance(entry, dict)]


class Family:
    """All models of a file, each with its path in it, beside those of a registry.

    `has` tells whether the release knows a record, `near` suggests names for one that is unknown.
    After `parents`, `order` has the models with parents before children.
    """

    def __init__(
        self,
        models: list[tuple[Path, dict[str, Any]]],
        registry: Registry,
        has: Callable[[Any], bool],
        near: Callable[[str, Iterable[str]], str],
    ) -> None:
        self.models = models
        self.registry = registry
        self.has = has
        self.near = near
        self.places: dict[str, int] = {}
        """Which model gives a name."""
        self.order: list[dict[str, Any]] = []

    # --- names ---------------------------------------------------------------

    def names(self) -> Iterator[Fault]:
        """The names that are no name for a model, and those that are taken."""
        for place, (path, model) in enumerate(self.models):
            if not self.has(model) or "class" in model or not isinstance(model.get("name"), str):
                continue
            name = model["name"]
            fault = self._refused(name, place)
            if fault:
                yield (*path, "name"), fault
            for where, version in self._versions(path, model):
                found = self._taken(f"{name}-v{shown(version['version'])}", place)
                if found and not fault:
                    yield where, found
                alias = version.get("alias")
                found = self._refused(alias, place) if isinstance(alias, str) else None
                if found:
                    yield (*where, "alias"), found

    def _versions(self, path: Path, model: dict[str, Any]) -> list[tuple[Path, dict[str, Any]]]:
        """The versions that a model has in the release."""
        versions = [
            (where, version)
            for where, version in records_in(model.get("versions"), (*path, "versions"))
            if self.has(version) and isinstance(version.get("version"), int)
        ]
        return versions or [((*path, "name"), {"version": 1})]

    def _refused(self, name: str, place: int) -> str | None:
        """What is wrong with a name that somebody gave, None where nothing is."""
        taken = self._taken(name, place)
        versioned = VERSIONED.fullmatch(name)
        if taken is None and versioned is not None:
            return f"'{name}' is what a version of a model '{versioned['model']}' is called"
        return taken

    def _taken(self, name: str, place: int) -> str | None:
        """Take a name for a model; who has it already, None where nobody does."""
        if name in self.places:
            return f"the name '{name}' stands twice"
        typename = name + SUFFIX
        if typename not in self.registry:
            self.places[name] = place
            return None
        if not self._is_model(typename):
            return f"there is a type '{typename}' already"
        by_class = ", which a class makes" if self._definition(typename) is None else ""
        return f"there is a CPU model '{name}' already{by_class}"

    # --- parents -------------------------------------------------------------

    def parents(self) -> Iterator[Fault]:
        """The faults of the models' ``parent``."""
        above: dict[int, int | None] = {}
        for place in range(len(self.models)):
            self._climb(place, above)
        for place, (path, model) in enumerate(self.models):
            fault = self._parent_fault(model, above[place])
            if fault:
                yield (*path, "parent"), fault

    def _climb(self, place: int, above: dict[int, int | None]) -> None:
        """Find how many models stand above one and its ancestors; None: they go in a circle."""
        chain: dict[int, None] = {}
        at: int | None = place
        while at is not None and at not in above and at not in chain:
            chain[at] = None
            parent = self.models[at][1].get("parent")
            at = self.places.get(parent) if isinstance(parent, str) else None
        circle = at is not None and (at in chain or above[at] is None)
        for each in reversed(chain):
            model = self.models[each][1]
            over = None if at is None else above.get(at)
            above[each] = None if circle else self._outside(model) if over is None else over + 1
            self.order.append(model)
            at = each

    def _outside(self, model: dict[str, Any]) -> int:
        """How many models of the registry stand above one."""
        typename = f"{model.get('parent')}{SUFFIX}"
        if "parent" not in model or typename not in self.registry or not self._is_model(typename):
            return 0
        return 1 + self.registry.ancestors(typename).index("x86_64-cpu")

    def _parent_fault(self, model: dict[str, Any], above: int | None) -> str | None:
        """What is wrong with the parent of a model that has so many models above it."""
        if above is None:
            return f"model {shown(model.get('name'))} has parents that go in a circle"
        if above == MOST_PARENTS + 1:  # those below have even more: told once
            name = shown(model.get("name"))
            return f"model {name} has {above} models above it, at most {MOST_PARENTS} are allowed"
        parent = model.get("parent")
        if not isinstance(parent, str) or parent in self.places:
            return None
        if "class" in model or not self.has(model):
            return None
        typename = parent + SUFFIX
        if typename not in self.registry or not self._is_model(typename):
            have = [name.removesuffix(SUFFIX) for name in self.registry.list("x86_64-cpu")]
            return f"unknown parent '{parent}'" + self.near(parent, [*self.places, *have])
        if self._definition(typename) is None:
            return f"parent '{parent}' has no definition to start from"
        return None

    # --- the registry --------------------------------------------------------

    def _is_model(self, typename: str) -> bool:
        """Whether a type of the registry is a CPU model."""
        registry = self.registry
        return registry.implements(typename, "x86_64-cpu") and not registry.abstract(typename)

    def _definition(self, typename: str) -> Any:
        """The definition that a CPU model is made from, None for one made by a class."""
        return self.registry.get(typename).definition
