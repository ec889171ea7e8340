"""``qom-list-properties`` and ``device-list-properties``: what a type can be told, without one."""

from __future__ import annotations

from pyqom import release as releases
from pyqom.catalog import registry
from pyqom.devices.parts import blocks, in_table, of_instances
from pyqom.errors import DeviceNotFound, InvalidParameterValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from pyqom.answers.results import PropertyInfo
    from pyqom.types import Property, Registry

NOT_LISTED = frozenset({"type", "realized", "hotpluggable", "hotplugged", "parent_bus"})
"""What ``device-list-properties`` leaves out: nothing to set on a new device."""


def qom_list_properties(
    typename: str, *, release: str | None = None, types: Registry | None = None
) -> list[PropertyInfo]:
    """What QEMU answers to ``qom-list-properties``: all properties, in QEMU's order.

    An abstract type lacks the properties that QEMU adds to each instance.  Raises DeviceNotFound
    for a type that does not exist, UnknownRelease.
    """
    known = _types(release, types)
    if typename not in known:
        raise DeviceNotFound(f"Class '{typename}' not found")
    if not known.implements(typename, "object"):
        raise InvalidParameterValue("Parameter 'typename' expects a QOM type")
    cls = known.get(typename)
    shows_default = known.release is None or "qom-list-tells-defaults" in known.release.rules
    return _infos(cls, _listed(cls), shows_default)


def device_list_properties(
    typename: str, *, release: str | None = None, types: Registry | None = None
) -> list[PropertyInfo]:
    """What QEMU answers to ``device-list-properties``: what ``-device`` can set.

    Raises DeviceNotFound for a type that does not exist, InvalidParameterValue for one that is no
    device or is abstract, UnknownRelease.
    """
    known = _types(release, types)
    if typename not in known:
        raise DeviceNotFound(f"Device '{typename}' not found")
    if not known.implements(typename, "device") or known.abstract(typename):
        raise InvalidParameterValue("Parameter 'typename' expects a non-abstract device type")
    cls = known.get(typename)
    listed = [
        prop
        for prop in _listed(cls)
        if prop.name not in NOT_LISTED and not (_hides_legacy(known) and _is_legacy(prop))
    ]
    return _infos(cls, listed, True)


def _types(release: str | None, types: Registry | None) -> Registry:
    return registry(releases.get(release)) if types is None else types


def _hides_legacy(known: Registry) -> bool:
    """Older releases have, as ``legacy-NAME``, properties as text; all of that name are hidden."""
    return known.release is not None and "legacy-properties-are-hidden" in known.release.rules


def _is_legacy(prop: Property) -> bool:
    return prop.name.startswith("legacy-")


def _listed(cls: Any) -> list[Property]:
    """The properties of a type as QEMU lists them.

    From the root type down, each type's own; then what each instance has beside them, which an
    abstract type has none of.  Each lot is a hash table of QEMU's, read backwards.
    """
    lots = blocks(cls)
    if not cls.abstract:
        lots.append(of_instances(cls))
    return [prop for lot in lots for prop in reversed(in_table(lot))]


def _infos(cls: Any, listed: Iterable[Property], defaults: bool) -> list[PropertyInfo]:
    release = cls.registry.release
    terse = release is not None and "plain-bools-have-no-description" in release.rules
    infos = []
    for prop in listed:
        info: PropertyInfo = {"name": prop.name, "type": prop.type}
        if prop.description and not (terse and prop.qdev and prop.plain):
            info["description"] = prop.description
        if defaults and prop.has_default:
            info["default-value"] = prop.wire(prop.default)
        infos.append(info)
    return infos
