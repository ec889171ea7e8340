"""Hosts from what the ``cpuid`` program prints with ``-r``, with or without ``-1``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pyqom.document import bad
from pyqom.hosts import contradictions
from pyqom.hosts.host import Host
from pyqom.hosts.passes import with_kvm
from pyqom.hosts.signature import common

if TYPE_CHECKING:
    from pyqom.hosts.host import Registers

    Leaves = dict[tuple[int, int], Registers]

SOURCE = "cpuid -r"

LEAF = re.compile(
    r"\s*((?:0x)?[0-9a-fA-F]+)\s+((?:0x)?[0-9a-fA-F]+):"
    r"\s+eax=([0-9a-zA-Z]+)\s+ebx=([0-9a-zA-Z]+)\s+ecx=([0-9a-zA-Z]+)\s+edx=([0-9a-zA-Z]+)\s*"
)
CPU = re.compile(r"\s*CPU(?:\s+([0-9]+))?:\s*")

FIRST = re.compile(rf"^(?:{CPU.pattern}|{LEAF.pattern})$", re.MULTILINE)
"""A line by which the format is known."""

MOST = 1 << 16
"""How many lines with a fault are told at most."""


def host_of(text: str, name: str, file: str) -> Host:
    """The host of a dump: its first CPU; `assumed` says where others differ from it.

    Raises BadData with all faults as (line, text).
    """
    reader = _Reader()
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            reader.line(number, line)
    if not reader.faults and not any(reader.cpus):
        reader.faults.append(("", "no CPU in it"))
    if reader.faults:
        raise bad(file, reader.faults)
    first, *others = (cpu for cpu in reader.cpus if cpu)
    return with_kvm(Host(name, first, source=SOURCE, assumed=_said_of(first, others)))


class _Reader:
    def __init__(self) -> None:
        self.cpus: list[Leaves] = []
        self.faults: list[tuple[str, str]] = []

    def line(self, number: int, line: str) -> None:
        if CPU.fullmatch(line):
            self.cpus.append({})
            return
        match = LEAF.fullmatch(line)
        if match is None:
            self.bad(number, "neither a CPU nor a leaf")
            return
        if not self.cpus:
            self.cpus.append({})
        words = self.words(number, match)
        if words is None:
            return
        leaf, subleaf, eax, ebx, ecx, edx = words
        self.leaf(number, (leaf, subleaf), (eax, ebx, ecx, edx))

    def words(self, number: int, match: re.Match[str]) -> list[int] | None:
        words = []
        for text in match.groups():
            try:
                words.append(int(text[:40], 16))
            except ValueError:
                self.bad(number, f"{text[:40]} is no hexadecimal number")
                return None
            if words[-1] >> 32:
                self.bad(number, f"{text[:40]} has more than 32 bits")
                return None
        return words

    def leaf(self, number: int, place: tuple[int, int], registers: Registers) -> None:
        leaves = self.cpus[-1]
        if leaves.setdefault(place, registers) != registers:
            leaf, subleaf = place
            self.bad(number, f"contradicts a line before it, of leaf {leaf:08x}.{subleaf:x} too")
        for _, text in contradictions.of_registers(*place, registers, ()):
            self.bad(number, text)

    def bad(self, number: int, text: str) -> None:
        if len(self.faults) < MOST:
            self.faults.append((f"line {number}", text))


def _said_of(first: Leaves, others: list[Leaves]) -> tuple[str, ...]:
    """What is to be said of a host with several CPUs."""
    if not others:
        return ()
    alike = common(first)
    differing = [str(at) for at, cpu in enumerate(others, 1) if common(cpu) != alike]
    if not differing:
        return (f"all {len(others) + 1} CPUs are as the first",)
    few = ", ".join(differing[:8]) + (", ..." if len(differing) > 8 else "")
    return (f"all CPUs are as the first, though these differ from it: {few}",)


def written(host: Host) -> str:
    """What ``cpuid -1 -r`` would print on a host."""
    lines = ["CPU:"]
    for (leaf, subleaf), (eax, ebx, ecx, edx) in sorted(host.hardware.items()):
        lines.append(
            f"   0x{leaf:08x} 0x{subleaf:02x}:"
            f" eax=0x{eax:08x} ebx=0x{ebx:08x} ecx=0x{ecx:08x} edx=0x{edx:08x}"
        )
    return "\n".join(lines) + "\n"
