"""Reading a file of CPU models, and finding everything that is wrong with it at once.

The file is JSON of the shape of ``schema/cpu-models.json``, that of pyqom's own records.  First
the text is looked at, then the shape, then (`modelcheck`) what only a release can tell: whether the
features, properties and parents exist there and take the values.  Whatever is in a file, it is
read, or `BadData` says why not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pyqom import schema
from pyqom.devices.cpu.x86.data import known
from pyqom.devices.cpu.x86.modelcheck import check_models
from pyqom.document import bad, json_like, parse, read_text, texts

if TYPE_CHECKING:
    from pyqom.devices.cpu.x86.records import ModelRecord
    from pyqom.schema import Fault
    from pyqom.types import Registry

    Source = str | os.PathLike[str] | Mapping[str, Any] | ModelRecord


def read_models(source: Source, registry: Registry) -> list[dict[str, Any]]:
    """The records of a model file, checked for a registry and its release; parents come first.

    `source` is a path, the parsed content, or one `ModelRecord`.  Records that the release does not
    have are left out.  Raises BadData with all faults as (path in the file, text); where the text
    is no JSON the path is ``line:column``.
    """
    name, content = read(source)
    return _checked(name, content, registry)


def read(source: Source) -> tuple[str, Any]:
    """What to call the source, and what is in it, of whatever shape.

    Raises BadData where it is no JSON, TypeError where it is no source.
    """
    if isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
        if isinstance(name, str):
            return name, parse(read_text(name), name)
    elif isinstance(source, (Mapping, list, tuple)):
        try:
            return "models", json_like(source)
        except RecursionError as error:
            raise bad("models", [("", "nested too deep")]) from error
    elif hasattr(source, "__attrs_attrs__"):
        from pyqom.devices.cpu.x86.records import ModelRecord, unstructure

        if isinstance(source, ModelRecord):
            return f"model '{source.name}'", {"models": [unstructure(source)]}
    raise TypeError(f"models are a path, what is in a file, or a ModelRecord, not {source!r}")


def _checked(name: str, content: Any, registry: Registry) -> list[dict[str, Any]]:
    found, ordered = faults_of(content, registry)
    if found:
        raise bad(name, schema.told(content, found))
    assert registry.release is not None
    return known(ordered, registry.release)


def faults_of(
    content: Any, registry: Registry, *, special: bool = False
) -> tuple[list[Fault], list[Any]]:
    """The faults of a file's content, in no special order, and its models, parents first.

    `special` allows models that a class makes, as only QEMU's own are.
    """
    found, sound = texts(content)
    checked, ordered = check_models(sound, registry, special=special)
    # Where several have something to say, the text is told first, then what a release says.
    for more in (checked, schema.found(sound, "cpu-models")):
        better = {path for path, _ in found}
        found += [each for each in more if each[0] not in better]
    return found, ordered
