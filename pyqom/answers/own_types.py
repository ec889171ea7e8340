"""Types of one's own beside QEMU's: a user's models in every answer.

A prototype takes a copy of a release's registry, enters its types, and gives the copy to the
answers as ``types=``; the built-in types stay as they are.
"""

from __future__ import annotations

from pyqom import release as releases
from pyqom.catalog import build, own_registry, registry
from pyqom.devices.cpu.x86.models import define

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyqom.devices.cpu.x86.modelfile import Source
    from pyqom.devices.cpu.x86.models import Record
    from pyqom.types import Registry


def new_types(release: str | None = None, models: Iterable[Record] | None = None) -> Registry:
    """A registry with all types of a release, to add one's own to.

    `models` are the records (mappings or `ModelRecord`) to make CPU models from instead of
    pyqom's own, which are `pyqom.devices.cpu.x86.models.records`; they must be sound.
    Raises UnknownRelease, DuplicateType.
    """
    if models is not None:
        return build(releases.get(release), models)
    return registry(releases.get(release)).copy()


def load_models(
    source: Source,
    *,
    release: str | None = None,
    types: Registry | None = None,
) -> Registry:
    """Enter the models of a file (a path, or its parsed content) in a registry, and return it.

    The file has the shape of ``schema/cpu-models.json``, that of the built-in models; it is
    checked whole first, and nothing is entered unless all of it is sound.  A single `ModelRecord`
    goes the same way.  `types` is the registry to add to (None: a new one of `release`).
    Raises BadData with all faults, UnknownRelease, TypeError for what is none of these.
    """
    from pyqom.devices.cpu.x86.modelfile import read_models

    target = new_types(release) if types is None else own_registry(types)
    if target.release is None:
        raise TypeError("types are a Registry of a release, see new_types")
    for record in read_models(source, target):
        define(target, record, target.release)
    return target
