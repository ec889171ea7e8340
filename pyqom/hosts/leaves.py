"""Hosts from a JSON list of the CPU's leaves, perhaps with what a QEMU with KVM said there.

The shape is that of ``schema/host-leaves.json``; members that it does not name are not looked at.
Where QEMU's ``host`` model was recorded, a feature that QEMU knew is supported where it was on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from pyqom.document import bad
from pyqom.hosts import contradictions
from pyqom.hosts.flags import REGISTERS
from pyqom.hosts.host import NOTHING, Host
from pyqom.hosts.passes import table, with_kvm
from pyqom.hosts.record import is_text
from pyqom.quick import memo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pyqom.hosts.host import Registers
    from pyqom.schema import Fault

    Leaves = dict[tuple[int, int], Registers]
    Place = tuple[int, int, int] | int

SOURCE = "leaves"

_NAME = re.compile("[ -~]{1,100}").fullmatch

KNOWN_BY_QEMU = (
    "what KVM supports: the features that QEMU's host model had on; those that this QEMU did not"
    " know, or does not switch on by itself, as for the CPU's leaves alone"
)

LEVELS = (("min-level", 0), ("min-xlevel", 0x80000000))

ALLOWED_1 = frozenset({0x48B, 0x48D, 0x48E, 0x48F, 0x490})
"""VMX control MSRs: what may be set stands in the high half."""


def host_of(content: Any, name: str, file: str) -> Host:
    """The host of a parsed content.  Raises BadData with all faults as (path, text)."""
    found = _faults(content)
    if found:
        from pyqom import schema

        raise bad(file, schema.told(content, found))
    leaves: Leaves = {}
    for leaf, subleaf, eax, ebx, ecx, edx in content["cpuid"]:
        leaves.setdefault((leaf, subleaf), (eax, ebx, ecx, edx))
    msrs = {index: edx << 32 | eax for index, eax, edx in content.get("msrs", ())}
    host = with_kvm(Host(content.get("name", name), leaves, source=SOURCE), msrs)
    said = content.get("qemu", {}).get("host")
    return host if said is None else _as_said(host, said)


def _faults(content: Any) -> list[Fault]:
    """What is wrong with a content: its shape, then its leaves."""
    from pyqom import document

    if not _sound(content):
        from pyqom import schema

        found, sound = document.texts(content)
        told = {path for path, _ in found}
        found += [fault for fault in schema.found(sound, "host-leaves") if fault[0] not in told]
        return found or [((), "is not as the schema has it")]
    return [*_contradictions(content["cpuid"], "cpuid", 2), *_twice(content.get("msrs", ()))]


def _contradictions(rows: list[list[int]], member: str, keys: int) -> Iterator[Fault]:
    seen: dict[tuple[int, ...], tuple[int, ...]] = {}
    for at, row in enumerate(rows):
        place, values = tuple(row[:keys]), tuple(row[keys:])
        if seen.setdefault(place, values) != values:
            yield (member, at), "contradicts an entry before it, of the same place"
        if keys == 2:
            leaf, subleaf, eax, ebx, ecx, edx = row
            path = (member, at)
            yield from contradictions.of_registers(leaf, subleaf, (eax, ebx, ecx, edx), path)


def _twice(rows: Iterable[list[int]]) -> Iterator[Fault]:
    return _contradictions(list(rows), "msrs", 1)


def _sound(content: Any) -> bool:
    """Whether a content has the shape; the schema tells what is wrong with another."""
    name, said = content.get("name", "host"), content.get("qemu", {})
    if type(content) is not dict or type(name) is not str or not is_text(name):
        return False
    rows, msrs = content["cpuid"], content.get("msrs", [])
    if not _rows(rows, 6) or not rows or not _rows(msrs, 3) or type(said) is not dict:
        return False
    if "host" not in said:
        return True
    host = said["host"]
    if type(host) is not dict or "on" not in host or type(host.get("values", {})) is not dict:
        return False
    return all(_names(host.get(member, [])) for member in ("on", "off"))


def _rows(rows: Any, length: int) -> bool:
    return (
        type(rows) is list
        and len(rows) <= 4096
        and all(type(row) is list and len(row) == length for row in rows)
        and all(type(word) is int and 0 <= word < 1 << 32 for row in rows for word in row)
    )


def _names(names: Any) -> bool:
    return (
        type(names) is list
        and len(names) <= 4096
        and all(type(each) is str and _NAME(each) for each in names)
    )


# --- what QEMU said --------------------------------------------------------------------------


@memo
def _feature_bits() -> dict[str, list[tuple[Place, int]]]:
    """The bits of each feature name of QEMU's, in any release, by (leaf, subleaf, register) or MSR.

    Names that QEMU does not switch on by itself are left out: that they are off says nothing.
    """
    from pyqom.devices.cpu.x86.data import load

    found: dict[str, list[tuple[Place, int]]] = {}
    for word in load("features.json")["words"]:
        reserved = {
            each if isinstance(each, str) else each["name"]
            for each in (*word.get("no-autoenable", ()), *word.get("unmigratable", ()))
        }
        place: Place
        if "msr" in word:
            place = int(word["msr"], 16)
        else:
            at = word["cpuid"]
            register = REGISTERS.index(at["register"])
            place = int(at["leaf"], 16), at.get("subleaf", 0), register
        for bit, entry in word["bits"].items():
            name = entry if isinstance(entry, str) else entry["name"]
            if name not in reserved:
                found.setdefault(name, []).append((place, int(bit)))
    for alias, name in load("aliases.json")["aliases"]:
        if name in found:
            found[alias] = found[name]
    return found


def _as_said(host: Host, said: Mapping[str, Any]) -> Host:
    """The host with the features that a QEMU had on there, and none that it had off."""
    bits = _feature_bits()
    leaves = {(each.leaf, each.subleaf): list(each.registers) for each in host.supported}
    msrs = dict(host.msr_features)
    on, off = said["on"], said.get("off", ())
    unplaced = [name for name in on if name not in bits]
    for names, value in ((off, 0), (on, 1)):
        for name in names:
            for place, bit in bits.get(name, ()):
                if isinstance(place, int):
                    _set_msr(msrs, place, bit, value)
                else:
                    _set_bit(leaves, place, bit, value)
    _set_levels(leaves, said.get("values", {}))
    return attrs.evolve(
        host,
        supported=table({place: (a, b, c, d) for place, (a, b, c, d) in leaves.items()}),
        msr_features=msrs,
        unplaced=tuple(unplaced),
        assumed=(KNOWN_BY_QEMU, *host.assumed),
    )


def _set_bit(
    leaves: dict[tuple[int, int], list[int]], place: tuple[int, int, int], bit: int, value: int
) -> None:
    leaf, subleaf, register = place
    if value:
        leaves.setdefault((leaf, subleaf), list(NOTHING))[register] |= 1 << bit
    elif (leaf, subleaf) in leaves:
        leaves[leaf, subleaf][register] &= ~(1 << bit)


def _set_msr(msrs: dict[int, int], index: int, bit: int, value: int) -> None:
    bit += 32 if index in ALLOWED_1 else 0
    if value:
        msrs[index] = msrs.get(index, 0) | 1 << bit
    elif index in msrs:
        msrs[index] &= ~(1 << bit)


def _set_levels(leaves: dict[tuple[int, int], list[int]], values: Mapping[str, Any]) -> None:
    """The highest leaves that KVM listed there."""
    for name, leaf in LEVELS:
        level = values.get(name)
        if type(level) is int and leaf <= level <= contradictions.HIGHEST[leaf] and level:
            leaves.setdefault((leaf, 0), list(NOTHING))[0] = level
