"""Hosts from Linux's ``/proc/cpuinfo``: what its first CPU's flags tell, and no more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pyqom.document import bad
from pyqom.hosts.flags import shown_bits
from pyqom.hosts.host import Host
from pyqom.hosts.passes import with_kvm

if TYPE_CHECKING:
    from pyqom.hosts.host import Registers

SOURCE = "/proc/cpuinfo"

FIRST = re.compile(r"^processor\s*:", re.MULTILINE)
"""A line by which the format is known."""

FLAG = re.compile("[!-~]{1,64}")
MOST_FLAGS = 1000

ASSUMED = (
    "the CPU: only what /proc/cpuinfo shows; a feature that its kernel hides or has no flag for"
    " counts as missing, and so do caches, topology and the sizes of the XSAVE area"
)
X87_AND_SSE = 0x3
XCR0 = {
    "avx": 0x4,
    "mpx": 0x18,
    "avx512f": 0xE0,
    "pku": 0x200,
    "amx_tile": 0x60000,
}
"""The XSAVE components that Linux has switched on where it shows a flag (SDM volume 1, 13.1)."""


def host_of(text: str, name: str, file: str) -> Host:
    """The host of the first CPU in a ``/proc/cpuinfo``.

    ``unplaced`` has the flags that stand for no CPUID bit, and those that are not known.
    Raises BadData with all faults as (member, text).
    """
    fields = _fields(text)
    reader = _Reader(fields)
    vendor = reader.vendor()
    flags = reader.flags()
    leaves: dict[tuple[int, int], list[int]] = {(1, 0): [reader.version(), 0, 0, 0]}
    unplaced = _place(flags, vendor, leaves)
    _levels(leaves, vendor, reader.number("cpuid level", 0, 0xFFFF))
    _brand(leaves, fields.get("model name", ""))
    leaves[0x80000008, 0][0] = reader.widths()
    _areas(leaves, flags)
    if reader.faults:
        raise bad(file, reader.faults)
    hardware: dict[tuple[int, int], Registers] = {
        place: (eax, ebx, ecx, edx) for place, (eax, ebx, ecx, edx) in sorted(leaves.items())
    }
    host = Host(name, hardware, source=SOURCE, assumed=(ASSUMED,), unplaced=tuple(unplaced))
    return with_kvm(host)


def _fields(text: str) -> dict[str, str]:
    """The first CPU's lines; of a truncated file the last one may lack its end."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        member, colon, value = line.partition(":")
        if not colon:
            if fields:
                break
            continue
        fields.setdefault(member.strip(), value.strip())
    return fields


class _Reader:
    def __init__(self, fields: dict[str, str]) -> None:
        self.fields = fields
        self.faults: list[tuple[str, str]] = []

    def number(self, member: str, default: int | None, most: int) -> int:
        text = self.fields.get(member)
        if text is None and default is not None:
            return default
        if text is None:
            self.faults.append((member, "is missing"))
        elif not re.fullmatch("[0-9]{1,10}", text):
            self.faults.append((member, f"{text[:40]!r} is no number"))
        elif int(text) > most:
            self.faults.append((member, f"{text} is more than {most}"))
        else:
            return int(text)
        return 0

    def vendor(self) -> str:
        vendor = self.fields.get("vendor_id", "")
        if len(vendor) > 12 or not vendor.isascii() or not vendor.isprintable() or not vendor:
            text = f"{vendor[:40]!r} is no vendor" if vendor else "is missing"
            self.faults.append(("vendor_id", text))
            return ""
        # Shanghai's vendor begins and ends with blanks, which the line does not show.
        return vendor if len(vendor) == 12 else vendor.center(12)

    def flags(self) -> list[str]:
        flags = self.fields.get("flags", "").split()
        if not flags:
            self.faults.append(("flags", "there are none"))
        elif len(flags) > MOST_FLAGS:
            self.faults.append(("flags", f"{len(flags)}, at most {MOST_FLAGS} allowed"))
        self.faults += [
            ("flags", f"{flag[:40]!r} is no flag") for flag in flags if not FLAG.fullmatch(flag)
        ]
        return flags

    def version(self) -> int:
        """EAX of leaf 1."""
        family = self.number("cpu family", None, 0xF + 0xFF)
        model = self.number("model", None, 0xFF)
        stepping = self.number("stepping", 0, 0xF)
        extended = max(family - 0xF, 0) << 20
        return extended | model >> 4 << 16 | min(family, 0xF) << 8 | (model & 0xF) << 4 | stepping

    def widths(self) -> int:
        """EAX of leaf 80000008."""
        sizes = self.fields.get("address sizes")
        if sizes is None:
            return 0
        match = re.fullmatch("([0-9]{1,2}) bits physical, ([0-9]{1,2}) bits virtual", sizes)
        if match is None or int(match[1]) > 52 or int(match[2]) > 64:
            self.faults.append(("address sizes", f"{sizes[:60]!r} are none"))
            return 0
        return int(match[2]) << 8 | int(match[1])


def _place(flags: list[str], vendor: str, leaves: dict[tuple[int, int], list[int]]) -> list[str]:
    """Set the bits of flags; what is returned stands for none."""
    known = shown_bits(vendor)
    unplaced = []
    for flag in dict.fromkeys(flags):
        bits = known.get(flag, ())
        if not bits:
            unplaced.append(flag)
        for leaf, subleaf, register, bit in bits:
            leaves.setdefault((leaf, subleaf), [0, 0, 0, 0])[register] |= 1 << bit
    if vendor in ("AuthenticAMD", "HygonGenuine"):
        # AMD repeats leaf 1 there; Linux shows a flag once.
        features = leaves.setdefault((0x80000001, 0), [0, 0, 0, 0])
        features[3] |= leaves[1, 0][3] & 0x0183F3FF
    return unplaced


def _levels(leaves: dict[tuple[int, int], list[int]], vendor: str, level: int) -> None:
    for leaf in (0x80000001, 0x80000008):
        leaves.setdefault((leaf, 0), [0, 0, 0, 0])
    basic = max(leaf for leaf, _ in leaves if leaf < 0x40000000)
    extended = max(leaf for leaf, _ in leaves if leaf >> 28 == 8)
    raw = vendor.encode().ljust(12, b"\0")
    ebx, edx, ecx = (int.from_bytes(raw[at : at + 4], "little") for at in (0, 4, 8))
    leaves[0, 0] = [max(basic, level), ebx, ecx, edx]
    leaves[0x80000000, 0] = [extended, 0, 0, 0]


def _brand(leaves: dict[tuple[int, int], list[int]], brand: str) -> None:
    raw = brand.encode("ascii", "replace")[:48].ljust(48, b"\0")
    words = [int.from_bytes(raw[at : at + 4], "little") for at in range(0, 48, 4)]
    for at in range(3):
        leaves[0x80000002 + at, 0] = words[4 * at : 4 * at + 4]


def _areas(leaves: dict[tuple[int, int], list[int]], flags: list[str]) -> None:
    """Which XSAVE components there are; where they stand is not told."""
    if "xsave" in flags:
        areas = X87_AND_SSE
        for flag, mask in XCR0.items():
            areas |= mask if flag in flags else 0
        leaves[0xD, 0] = [areas, 0, 0, 0]
