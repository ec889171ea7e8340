"""What one release knows of CPUID's leaves, compiled from ``data/cpuid*.json``."""

from __future__ import annotations

from pyqom.devices.cpu.x86.data import known, load, within
from pyqom.devices.cpu.x86.facts import facts
from pyqom.devices.cpu.x86.features import number
from pyqom.quick import memo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pyqom.devices.cpu.x86.facts import XsaveArea
    from pyqom.release import Release

REGISTERS = ("EAX", "EBX", "ECX", "EDX")
"""The order of the registers in every answer."""

Registers = tuple[int, int, int, int]

ZERO: Registers = (0, 0, 0, 0)


class LeafFacts:
    """CPUID's constants in one release.

    ``words`` tells of (leaf, subleaf) which feature word each register is, as (register, word);
    the subleaf is None where the leaf has none.
    """

    def __init__(self, release: Release) -> None:
        data = load("cpuid.json")
        x86 = facts(release)
        self.rules = release.rules
        self.words: dict[tuple[int, int | None], list[tuple[int, int]]] = {}
        for word in x86.features.words:
            if word.leaf is not None and word.register is not None:
                place = REGISTERS.index(word.register), word.index
                self.words.setdefault((word.leaf, word.subleaf), []).append(place)
        self.counted = frozenset(map(number, known(data["kvm-counted"]["leaves"], release)))
        self.areas: dict[int, XsaveArea] = {area.number: area for area in x86.xsave}
        self.absent: dict[str, bool] = data["absent"]
        self.monitor = registers(data["monitor"]["registers"])
        self.clflush_line: int = data["clflush-line"]["value"] << 8
        signature = text_words(data["tcg"]["signature"].encode(), 3)
        self.tcg: Registers = (number(data["tcg"]["last"]), *signature)  # type: ignore[assignment]
        self.hypervisor_last = number(data["hypervisor-last"])
        self.svm: dict[str, int] = data["svm"]
        unset = within(data["unset"], release)
        self.unset = ZERO if unset is None else registers(unset["registers"])
        self.subleaves = {
            leaf: tuple(registers(each) for each in data[name]["subleaves"])
            for leaf, name in ((0x14, "intel-pt"), (0x1D, "amx-tile"), (0x1E, "amx-tmul"))
        }
        self.tlb = Tlb(data)


class Tlb:
    """EAX and EBX of the leaves 80000005h and 80000006h, which no CPU has otherwise."""

    def __init__(self, data: dict[str, Any]) -> None:
        tlb = data["tlb"]
        self.ways: dict[int, int] = {
            int(ways): code for ways, code in data["associativity"].items() if ways.isdigit()
        }

        def l1(kind: str) -> int:
            known_as = tlb[f"l1-{kind}"]
            return int(known_as["associativity"] << 8 | known_as["entries"])

        def l2(kind: str) -> int:
            known_as = tlb[f"l2-{kind}"]
            return self.ways[known_as["associativity"]] << 12 | int(known_as["entries"])

        self.l1 = tuple(l1(f"data-{page}") << 16 | l1(f"instruction-{page}") for page in PAGES)
        self.l2 = tuple(l2(f"data-{page}") << 16 | l2(f"instruction-{page}") for page in PAGES)


PAGES = ("2m", "4k")


def registers(values: Sequence[int | str]) -> Registers:
    """Four registers of a data file."""
    eax, ebx, ecx, edx = map(number, values)
    return eax, ebx, ecx, edx


def text_words(text: bytes, count: int) -> tuple[int, ...]:
    """A text in `count` registers, the first letter lowest; zeros behind it."""
    padded = text[: count * 4].ljust(count * 4, b"\0")
    return tuple(int.from_bytes(padded[at : at + 4], "little") for at in range(0, count * 4, 4))


@memo
def leaf_facts(release: Release) -> LeafFacts:
    """CPUID's constants in a release."""
    return LeafFacts(release)
