"""Who a host's CPU is, by its own CPUID: vendor, brand, family, model, stepping, microcode."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pyqom.hosts.host import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyqom.hosts.host import Host, Registers

UCODE_REV = 0x8B
"""IA32_UCODE_REV: Intel has the revision in its high half, AMD in its low one."""

INTEL = "GenuineIntel"


class Identity(NamedTuple):
    """What a person calls a CPU; None for what its record does not tell.

    ``vendor`` and ``brand`` are texts, "" where there are none.
    """

    vendor: str
    brand: str
    family: int | None
    model: int | None
    stepping: int | None
    microcode: int | None
    physical_bits: int | None
    linear_bits: int | None


def vendor_of(hardware: Mapping[tuple[int, int], Registers]) -> str:
    """The vendor's twelve characters; "" where leaf 0 is not known."""
    _, ebx, ecx, edx = hardware.get((0, 0), NOTHING)
    return _characters(ebx, edx, ecx) if ebx else ""


def identity(host: Host) -> Identity:
    """Who the CPU of a host is."""
    eax = host.cpuid(1)[0] if (1, 0) in host.hardware else None
    widths = host.cpuid(0x80000008)[0]
    vendor = vendor_of(host.hardware)
    words = [word for at in (2, 3, 4) for word in host.cpuid(0x80000000 + at)]
    family, model, stepping = (None, None, None) if eax is None else _version(eax)
    return Identity(
        vendor,
        _characters(*words).strip("\0 "),
        family,
        model,
        stepping,
        _microcode(host, vendor),
        widths & 0xFF or None,
        widths >> 8 & 0xFF or None,
    )


def _version(eax: int) -> tuple[int, int, int]:
    """Family, model and stepping of EAX of leaf 1, with the extended fields where they count."""
    family, model = eax >> 8 & 0xF, eax >> 4 & 0xF
    if family in (0x6, 0xF):
        model |= eax >> 12 & 0xF0
    if family == 0xF:
        family += eax >> 20 & 0xFF
    return family, model, eax & 0xF


def _microcode(host: Host, vendor: str) -> int | None:
    value = host.msr_features.get(UCODE_REV)
    if value is None:
        return None
    return value >> 32 if vendor == INTEL else value & 0xFFFFFFFF


def _characters(*words: int) -> str:
    """The characters of registers; what is none is shown as an escape."""
    raw = b"".join(word.to_bytes(4, "little") for word in words)
    text = raw.split(b"\0")[0].decode("latin-1")
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
