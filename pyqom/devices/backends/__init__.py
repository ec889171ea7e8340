"""Objects that users make: memory backends, I/O threads, secrets, filters and their like."""

from __future__ import annotations

from pyqom.devices.backends.declaration import declare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.devices.backends.objects import object_add, object_del
    from pyqom.devices.backends.surroundings import Surroundings

__all__ = ["Surroundings", "declare", "object_add", "object_del"]


def __getattr__(name: str) -> Any:
    """Hand on what is only needed where objects are made."""
    if name == "Surroundings":
        from pyqom.devices.backends import surroundings as module
    elif name in __all__:
        from pyqom.devices.backends import objects as module  # type: ignore[no-redef]
    else:
        raise AttributeError(f"module 'pyqom.devices.backends' has no attribute '{name}'")
    return getattr(module, name)
