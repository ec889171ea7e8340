"""Who the CPU is: vendor, family, model, brand, address widths, and the highest leaves."""

from __future__ import annotations

from pyqom.devices.cpu.x86.cpuid.facts import text_words
from pyqom.devices.cpu.x86.cpuid.state import CR4_OSXSAVE
from pyqom.devices.cpu.x86.kinds import c_string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.devices.cpu.x86.cpuid.facts import Registers
    from pyqom.devices.cpu.x86.cpuid.source import Source
    from pyqom.devices.cpu.x86.cpuid.state import State

OSXSAVE = 1 << 27
PDCM = 1 << 15
HT = 1 << 28
CMP_LEGACY = 1 << 1
SYSCALL = 1 << 11


def signature(cpu: X86CPU) -> int:
    """Family, model and stepping as leaf 1 EAX has them (``env->cpuid_version``)."""
    family, model = cpu._family, cpu._model
    low = family << 8 if family <= 0xF else 0xF00 | family - 0xF << 20
    return int(low | (model & 0xF) << 4 | model >> 4 << 16 | cpu._stepping)


def vendor_words(source: Source) -> tuple[int, int, int]:
    """EBX, ECX and EDX of the leaves that name the vendor."""
    ebx, edx, ecx = text_words(c_string(source.vendor), 3)
    return ebx, ecx, edx


def leaf_0(source: Source, subleaf: int, state: State) -> Registers:
    """The highest basic leaf, and the vendor."""
    return (source.cpu._level, *vendor_words(source))


def leaf_1(source: Source, subleaf: int, state: State) -> Registers:
    """The signature, the APIC id, how many CPUs a package has, and the first features."""
    eax, ebx, ecx, edx = source.registers(1)
    eax = signature(source.cpu)
    ebx = source.apic_id << 24 | source.facts.clflush_line
    if source.has("xsave") and state.cr4 & CR4_OSXSAVE:
        ecx |= OSXSAVE
    if source.threads > 1:
        if "packages-are-counted-by-die" in source.rules:
            ebx |= source.threads << 16
            edx |= HT
        else:
            by_ids = source.intel or source.zhaoxin
            count = 1 << source.package_offset if by_ids else source.threads
            ebx |= min(count, 255) << 16
    if not source.cpu._pmu:
        ecx &= ~PDCM
    return eax, ebx & 0xFFFFFFFF, ecx, edx


def leaf_80000000(source: Source, subleaf: int, state: State) -> Registers:
    """The highest extended leaf, and for AMD the vendor."""
    hidden = (source.intel or source.zhaoxin) and source.option("x-vendor-cpuid-only-v2")
    ebx, ecx, edx = (0, 0, 0) if hidden else vendor_words(source)
    return source.cpu._xlevel, ebx, ecx, edx


def leaf_80000001(source: Source, subleaf: int, state: State) -> Registers:
    """The signature again, and the extended features."""
    _, ebx, ecx, edx = source.registers(0x80000001)
    if source.threads > 1 and "packages-are-counted-by-die" in source.rules and not source.intel:
        ecx |= CMP_LEGACY
    if source.intel and not state.long_mode and "syscall-needs-long-mode" in source.rules:
        if source.cpu.accel.name == "tcg":
            edx &= ~SYSCALL
    return signature(source.cpu), ebx, ecx, edx


def brand(source: Source, part: int) -> Registers:
    """One third of the brand string."""
    words = text_words(c_string(source.cpu.model_id), 12)
    return words[part * 4 : part * 4 + 4]  # type: ignore[return-value]


def leaf_80000002(source: Source, subleaf: int, state: State) -> Registers:
    """The brand string's first 16 characters."""
    return brand(source, 0)


def leaf_80000003(source: Source, subleaf: int, state: State) -> Registers:
    """The brand string's second 16 characters."""
    return brand(source, 1)


def leaf_80000004(source: Source, subleaf: int, state: State) -> Registers:
    """The brand string's last 16 characters."""
    return brand(source, 2)


def leaf_80000008(source: Source, subleaf: int, state: State) -> Registers:
    """The widths of addresses; for AMD how many threads a package has."""
    cpu = source.cpu
    eax, ebx, ecx, edx = source.registers(0x80000008)
    eax = cpu._phys_bits
    if source.has("lm"):
        eax |= (57 if source.has("la57") else 48) << 8 | cpu._guest_phys_bits << 16
    hidden = (source.intel or source.zhaoxin) and source.option("x-vendor-cpuid-only-v2")
    if source.threads > 1 and not hidden:
        ecx = source.package_offset << 12 | source.threads - 1
    return eax & 0xFFFFFFFF, ebx, ecx & 0xFFFFFFFF, edx


def leaf_c0000000(source: Source, subleaf: int, state: State) -> Registers:
    """The highest leaf of Centaur's."""
    return source.cpu._xlevel2, 0, 0, 0


def leaf_c0000001(source: Source, subleaf: int, state: State) -> Registers:
    """The signature once more, and Centaur's features."""
    _, ebx, ecx, edx = source.registers(0xC0000001)
    return signature(source.cpu), ebx, ecx, edx
