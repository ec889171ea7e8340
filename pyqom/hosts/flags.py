"""Which CPUID bit each of Linux's CPU flags stands for (``data/linux-flags.json``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pyqom.hosts.names import load
from pyqom.quick import memo

if TYPE_CHECKING:
    from collections.abc import Iterator

REGISTERS = ("EAX", "EBX", "ECX", "EDX")


class Bit(NamedTuple):
    """A bit of what CPUID says; `register` is 0 to 3 for EAX to EDX."""

    leaf: int
    subleaf: int
    register: int
    bit: int


def _bit(record: dict[str, Any], bit: int) -> Bit:
    leaf, subleaf = int(record["leaf"], 16), record["subleaf"]
    return Bit(leaf, subleaf, REGISTERS.index(record["register"]), bit)


def _flags() -> Iterator[tuple[str, str | None, tuple[Bit, ...]]]:
    """Name in the kernel's source, name in ``/proc/cpuinfo`` if it is there, and its bits."""
    data = load("linux-flags.json", "words", "kvm-only", "derived")
    for word in data["words"]:
        for number, entry in word["flags"].items():
            plain = isinstance(entry, str)
            record: dict[str, Any] = {"name": entry, "shown": entry} if plain else entry
            if "cpuid" in word:
                bits: tuple[Bit, ...] = (_bit(word["cpuid"], int(number)),)
            else:
                bits = tuple(_bit(at, at["bit"]) for at in record.get("at", ()))
            yield record["name"], record["shown"], bits


@memo
def source_bits() -> dict[str, Bit]:
    """The bit of each flag by its name in the kernel's source, in lower case."""
    found = {name: bits[0] for name, _, bits in _flags() if bits}
    for word in load("linux-flags.json", "words", "kvm-only", "derived")["kvm-only"]:
        for number, name in word["flags"].items():
            found[name] = _bit(word["cpuid"], int(number))
    return found


@memo
def shown_bits(vendor: str) -> dict[str, tuple[Bit, ...]]:
    """The bits that are set where ``/proc/cpuinfo`` of that vendor's CPU shows a flag.

    A flag that Linux made up, and that no single bit decides, has none.
    """
    found = {shown: bits for _, shown, bits in _flags() if shown is not None}
    for record in load("linux-flags.json", "words", "kvm-only", "derived")["derived"]:
        if vendor in record.get("vendors", (vendor,)):
            found[record["shown"]] = (_bit(record["at"], record["at"]["bit"]),)
    return found
