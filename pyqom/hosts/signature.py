"""What of a host decides answers, as one short text to compare hosts by."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyqom.hosts.host import Host, Registers

ALL = 0xFFFFFFFF

OWN_OF_A_CPU: dict[int, Registers] = {
    0x1: (ALL, 0x00FFFFFF, ALL, ALL),  # the initial APIC id
    0xB: (ALL, ALL, ALL, 0),  # the x2APIC id
    0x1F: (ALL, ALL, ALL, 0),
    0x8000001E: (0, 0xFFFFFF00, 0xFFFFFF00, ALL),  # APIC, core and node id
    0x80000026: (ALL, ALL, ALL, 0),
}
"""The bits of leaves that a host's CPUs have in common, where they differ otherwise."""


def signature(host: Host) -> str:
    """The SHA-256 of a host's deciding facts as canonical JSON, in hexadecimal.

    A leaf of zeros counts as much as none, and of entries for one leaf the first, as for QEMU.
    """
    facts = {
        "hardware": common(host.hardware),
        "supported": _table(host.supported),
        "emulated": _table(host.emulated),
        "hyperv": None if host.hyperv is None else _table(host.hyperv),
        "extensions": sorted(
            (number, each.kvm, each.vm)
            for number, each in host.extensions.items()
            if each.kvm or each.vm
        ),
        "msr_features": sorted(host.msr_features.items()),
        "msr_indices": sorted(set(host.msr_indices)),
        "mce_cap": host.mce_cap,
        "xcomp_guest_supp": host.xcomp_guest_supp,
        "tsc_khz": host.tsc_khz,
    }
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def common(leaves: Mapping[tuple[int, int], Registers]) -> list[list[int]]:
    """The leaves of a CPU as all CPUs of its host have them, without zeros, sorted."""
    return _leaves((*place, registers) for place, registers in leaves.items())


def _table(entries: Iterable[tuple[int, int, int, Registers]]) -> list[list[int]]:
    first: dict[tuple[int, int], Registers] = {}
    for leaf, subleaf, _, registers in entries:
        first.setdefault((leaf, subleaf), registers)
    return _leaves((*place, registers) for place, registers in first.items())


def _leaves(entries: Iterable[tuple[int, int, Registers]]) -> list[list[int]]:
    found = []
    for leaf, subleaf, registers in entries:
        mask = OWN_OF_A_CPU.get(leaf)
        if mask is not None:
            eax, ebx, ecx, edx = (a & b for a, b in zip(registers, mask, strict=True))
            registers = (eax, ebx, ecx, edx)
        if any(registers):
            found.append([leaf, subleaf, *registers])
    return sorted(found)
