"""Types that come in loadable modules, and are unknown until theirs is loaded.

Older releases find such a type for ``qom-list-properties`` only once something else has loaded its
module: listing all types, or asking for the device by its name.  Newer ones load it for any
question, so that nobody can tell.  QEMU: util/module.c, qom/object.c.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.types import Registry


class Modules:
    """Which modules one QEMU has loaded."""

    def __init__(self, types: Registry) -> None:
        self.types = types
        self.loaded: set[str] = set()
        release = types.release
        self.all_loaded = release is None or "modules-wait-to-be-asked-for" not in release.rules

    def knows(self, name: str) -> bool:
        """Is there such a type, as far as modules are loaded?"""
        if name not in self.types:
            return False
        module = self._module(name)
        return module is None or module in self.loaded

    def asked_for(self, name: str) -> str | None:
        """The type's name after its module was loaded for it; None for one there is not."""
        if not self.knows(name):
            if name not in self.types or not self._facts(name).get("loads_module", True):
                return None
            self.loaded.add(self._module(name) or "")
        return name

    def load_all(self) -> None:
        """Load what there is, as a list of all types does."""
        self.all_loaded = True

    def _module(self, name: str) -> str | None:
        """The module that a type waits for; None for one that waits for none."""
        if self.all_loaded or not self.types.implements(name, "object"):
            return None
        module: str | None = self._facts(name).get("module")
        return module

    def _facts(self, name: str) -> Any:
        """What the type's own class says; nothing of it holds for the types below it."""
        return self.types.get(name).__dict__
