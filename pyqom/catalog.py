"""All types that a release of QEMU has, in one registry."""

from __future__ import annotations

from functools import cache

from pyqom.accel.types import declare_accelerators
from pyqom.devices.cpu.x86.models import x86_types
from pyqom.machines.qom import declare_machines
from pyqom.types import Registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.release import Release


@cache
def registry(release: Release) -> Registry:
    """The types of a release.  Shared and not to be added to: prototypes take a `copy` of it."""
    types = Registry(release)
    x86_types(types, release)
    types.later(declare_machines)
    types.later(declare_accelerators)
    return types
