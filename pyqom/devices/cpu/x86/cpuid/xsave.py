"""The XSAVE area: leaf Dh."""

from __future__ import annotations

from pyqom.devices.cpu.x86.cpuid.facts import ZERO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.devices.cpu.x86.cpuid.facts import Registers
    from pyqom.devices.cpu.x86.cpuid.source import Source
    from pyqom.devices.cpu.x86.cpuid.state import State

ARCH_LBR = 15
SUPERVISOR = 1
"""The bit of a component's ECX that tells that it is one of XSS."""
XFLAGS = 0b110
"""The bits of a component's ECX that are the host's: aligned to 64 bytes, and XFD."""


class Area:
    """One component of the XSAVE area: size and offset in bytes, and its flags."""

    __slots__ = ("flags", "offset", "size")

    def __init__(self, size: int, offset: int, flags: int = 0) -> None:
        self.size = size
        self.offset = offset
        self.flags = flags


class Layout:
    """The XSAVE area of a CPU: its components, and which of them it has.

    ``areas`` are those that the accelerator can save, laid out as it does: TCG has QEMU's own
    layout, KVM the host's (``kvm_cpu_xsave_init``).  ``user`` and ``supervisor`` are the bits of
    XCR0 and XSS.
    """

    __slots__ = ("areas", "supervisor", "user")

    def __init__(self, source: Source) -> None:
        self.areas = _areas(source)
        self.user = source.word("XSAVE.XCR0.LO") | source.word("XSAVE.XCR0.HI") << 32
        self.supervisor = source.word("XSAVE.XSS.LO") | source.word("XSAVE.XSS.HI") << 32

    def size(self, components: int, compacted: bool = False) -> int:
        """How many bytes these components need (``xsave_area_size``)."""
        size = self.areas[0].size
        for number, area in self.areas.items():
            if number > 1 and components >> number & 1:
                size = max(size, (size if compacted else area.offset) + area.size)
        return size


def _areas(source: Source) -> dict[int, Area]:
    layout = {
        number: Area(area.size, area.offset) for number, area in sorted(source.facts.areas.items())
    }
    saved = {area.number for area in source.cpu.accel.xsave_areas}
    placed = source.cpu.accel.placed_areas
    for number, area in layout.items():
        if source.kvm and number > 1:
            area.offset = 0
            eax, ebx, ecx, _ = source.host(0xD, number) if number in placed else ZERO
            if eax:
                area.offset, area.flags = ebx, ecx
        if number not in saved:
            area.size = 0
    return layout


def leaf_d(source: Source, subleaf: int, state: State) -> Registers:
    """Components and sizes in subleaf 0 and 1, then each component."""
    if not source.has("xsave"):
        return ZERO
    layout = source.layout
    if layout is None:
        layout = source.layout = Layout(source)
    if subleaf > 1:
        return _component(source, layout, subleaf)
    if subleaf == 0:
        whole = layout.size(layout.user)
        used = whole if source.kvm else layout.size(state.xcr0)
        return layout.user & 0xFFFFFFFF, used, whole, layout.user >> 32
    eax, _, ecx, edx = source.registers(0xD, 1)
    ebx = layout.size(layout.user | layout.supervisor, compacted=True)
    if source.kvm and _has_lbr(source) and source.has("xsaves"):
        ecx |= 1 << ARCH_LBR
    else:
        ecx &= ~(1 << ARCH_LBR)
    return eax, ebx, ecx, edx


def _component(source: Source, layout: Layout, number: int) -> Registers:
    if number == ARCH_LBR and _has_lbr(source):
        return source.supported(0xD, number)
    area = layout.areas.get(number)
    if area is None:
        return ZERO
    shown = layout.user >> number & 1
    if "leaf-d-shows-all-areas" in source.rules:
        shown = source.facts.areas[number].user
    if shown:
        return area.size, area.offset, area.flags & XFLAGS, 0
    if "leaf-d-shows-all-areas" in source.rules:
        return (area.size, 0, area.flags & SUPERVISOR, 0) if area.size else ZERO
    if layout.supervisor >> number & 1:
        return area.size, 0, 1, 0
    return ZERO


def _has_lbr(source: Source) -> bool:
    return bool(source.cpu._pmu and source.has("arch-lbr"))
