"""All types that a release of QEMU has, in one registry."""

from __future__ import annotations

from pyqom.devices.cpu.x86.models import x86_types
from pyqom.quick import memo
from pyqom.types import Registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyqom.devices.cpu.x86.models import Record
    from pyqom.release import Release


def build(release: Release, models: Iterable[Record] | None = None) -> Registry:
    """A new registry with the types of a release.

    `models` are the records to make CPU models from (None: pyqom's own).  Raises DuplicateType.
    """
    types = Registry(release)
    x86_types(types, release, models)
    types.later(_further)
    return types


def _further(types: Registry) -> None:
    """What most questions about CPU models never need."""
    from pyqom.accel.types import declare_accelerators
    from pyqom.devices.backends import declare as declare_backends
    from pyqom.devices.catalog import declare as declare_devices
    from pyqom.devices.chardevs import declare as declare_chardevs
    from pyqom.devices.dimm import declare as declare_dimm
    from pyqom.machines.qom import declare_machines

    declare_devices(types)
    declare_machines(types)
    declare_accelerators(types)
    declare_backends(types)
    declare_chardevs(types)
    declare_dimm(types)


def own_registry(types: Registry) -> Registry:
    """What somebody gave as types of their own.  Raises TypeError where it is no registry."""
    if not isinstance(types, Registry):
        raise TypeError(f"types are a Registry, not {types!r}")
    return types


@memo
def registry(release: Release) -> Registry:
    """The types of a release.  Shared and not to be added to: prototypes take a `copy` of it."""
    return build(release)
