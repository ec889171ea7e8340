"""Hosts from libvirt's ``<cpudata>``: CPUID leaves and MSRs as XML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyqom.document import bad
from pyqom.hosts import contradictions
from pyqom.hosts.host import Host
from pyqom.hosts.passes import with_kvm

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

    from pyqom.hosts.host import Registers

SOURCE = "cpudata"

CPUID = ("eax_in", "ecx_in", "eax", "ebx", "ecx", "edx")
MSR = ("index", "eax", "edx")

ARCHITECTURES = ("x86", "x86_64", "i686")

DEEPEST = 32


def host_of(text: str, name: str, file: str) -> Host:
    """The host of a ``<cpudata>`` element, wherever it stands in the XML.

    Entities are not looked at.  Raises BadData with all faults as (line, text).
    """
    from xml.parsers import expat

    parser = expat.ParserCreate()
    reader = _Reader(parser)
    try:
        parser.Parse(text.encode(), True)
    except _NoMore:
        pass
    except expat.ExpatError as error:
        message = expat.ErrorString(error.code) or str(error)
        reader.faults.append((f"line {error.lineno}", f"not XML: {message}"))
    if not reader.faults and not reader.leaves:
        reader.faults.append(("", "no <cpuid> in a <cpudata> in it"))
    if reader.faults:
        raise bad(file, reader.faults)
    return with_kvm(Host(name, reader.leaves, source=SOURCE), reader.msrs)


class _NoMore(Exception):
    """There is no reading on."""


class _Reader:
    """Gathers what the elements of an XML parser say."""

    def __init__(self, parser: XMLParserType) -> None:
        self.parser = parser
        self.faults: list[tuple[str, str]] = []
        self.leaves: dict[tuple[int, int], Registers] = {}
        self.msrs: dict[int, int] = {}
        self.inside: list[str] = []
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.EntityDeclHandler = self.entity

    def bad(self, text: str) -> None:
        self.faults.append((f"line {self.parser.CurrentLineNumber}", text))

    def entity(self, name: str, *_: object) -> None:
        self.bad(f"an entity is declared: {name}")
        raise _NoMore  # what follows may be endless

    def start(self, name: str, attributes: dict[str, str]) -> None:
        within = "cpudata" in self.inside
        self.inside.append(name)
        if len(self.inside) > DEEPEST:
            self.bad("nested too deep")
            raise _NoMore
        if name == "cpudata":
            arch = attributes.get("arch", "x86")
            if arch not in ARCHITECTURES:
                self.bad(f"a CPU of architecture {arch[:40]!r}, not x86")
        elif within and name == "cpuid":
            self.cpuid(attributes)
        elif within and name == "msr":
            self.msr(attributes)

    def end(self, name: str) -> None:
        self.inside.pop()

    def cpuid(self, attributes: dict[str, str]) -> None:
        words = self.words("cpuid", attributes, CPUID, {"ecx_in": "0"})
        if words is None:
            return
        leaf, subleaf, eax, ebx, ecx, edx = words
        registers = eax, ebx, ecx, edx
        if self.leaves.setdefault((leaf, subleaf), registers) != registers:
            self.bad(f"contradicts an element before it, of leaf {leaf:08x}.{subleaf:x} too")
        for _, text in contradictions.of_registers(leaf, subleaf, registers, ()):
            self.bad(text)

    def msr(self, attributes: dict[str, str]) -> None:
        words = self.words("msr", attributes, MSR, {})
        if words is None:
            return
        index, eax, edx = words
        value = edx << 32 | eax
        if self.msrs.setdefault(index, value) != value:
            self.bad(f"contradicts an element before it, of MSR {index:08x} too")

    def words(
        self, element: str, given: dict[str, str], names: tuple[str, ...], default: dict[str, str]
    ) -> list[int] | None:
        words = []
        for name in names:
            text = given.get(name, default.get(name))
            if text is None:
                self.bad(f"<{element}> without {name}")
                return None
            try:
                word = int(text[:40], 0)
            except ValueError:
                self.bad(f"{name} {text[:40]!r} is no number")
                return None
            if not 0 <= word < 1 << 32:
                self.bad(f"{name} {text[:40]} does not fit 32 bits")
                return None
            words.append(word)
        return words


def written(host: Host) -> str:
    """A host's CPUID leaves and feature MSRs as ``<cpudata>``."""
    lines = ["<cpudata arch='x86'>"]
    for (leaf, subleaf), (eax, ebx, ecx, edx) in sorted(host.hardware.items()):
        lines.append(
            f"  <cpuid eax_in='0x{leaf:08x}' ecx_in='0x{subleaf:02x}'"
            f" eax='0x{eax:08x}' ebx='0x{ebx:08x}' ecx='0x{ecx:08x}' edx='0x{edx:08x}'/>"
        )
    for index, value in sorted(host.msr_features.items()):
        low, high = value & 0xFFFFFFFF, value >> 32
        lines.append(f"  <msr index='{index:#x}' eax='0x{low:08x}' edx='0x{high:08x}'/>")
    return "\n".join([*lines, "</cpudata>"]) + "\n"
