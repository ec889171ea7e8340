"""The XSAVE area: leaf Dh."""

from __future__ import annotations

from pyqom.devices.cpu.x86.cpuid.facts import ZERO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.devices.cpu.x86.cpuid.facts import Registers
    from pyqom.devices.cpu.x86.cpuid.source import Source
    from pyqom.devices.cpu.x86.cpuid.state import State

ARCH_LBR = 15
XFLAGS = 0b110
"""The bits of a component's ECX that are the host's: aligned to 64 bytes, and XFD."""


class Area:
    """One component of the XSAVE area: size and offset in bytes, and its flags."""

    __slots__ = ("flags", "offset", "size")

    def __init__(self, size: int, offset: int, flags: int = 0) -> None:
        self.size = size
        self.offset = offset
        self.flags = flags


def areas(source: Source) -> dict[int, Area]:
    """The components that the accelerator can save, laid out as it does.

    TCG has QEMU's own layout, KVM the host's (``kvm_cpu_xsave_init``).
    """
    if source.layout is not None:
        return source.layout
    layout = {
        number: Area(area.size, area.offset) for number, area in source.facts.areas.items()
    }
    saved = {area.number for area in source.cpu.accel.xsave_areas}
    for number, area in layout.items():
        if source.kvm and number > 1:
            area.offset = 0
            eax, ebx, ecx, _ = source.host(0xD, number) if number in saved else ZERO
            if eax:
                area.offset, area.flags = ebx, ecx
        if number not in saved:
            area.size = 0
    source.layout = layout
    return layout


def size_of(components: int, layout: dict[int, Area], compacted: bool = False) -> int:
    """How many bytes these components need (``xsave_area_size``)."""
    size = layout[0].size
    for number in sorted(layout):
        if number > 1 and components >> number & 1:
            area = layout[number]
            size = max(size, (size if compacted else area.offset) + area.size)
    return size


def leaf_d(source: Source, subleaf: int, state: State) -> Registers:
    """Components and sizes in subleaf 0 and 1, then each component."""
    if not source.has("xsave"):
        return ZERO
    layout = areas(source)
    user = source.word("XSAVE.XCR0.LO") | source.word("XSAVE.XCR0.HI") << 32
    supervisor = source.word("XSAVE.XSS.LO") | source.word("XSAVE.XSS.HI") << 32
    if subleaf == 0:
        whole = size_of(user, layout)
        used = whole if source.kvm else size_of(state.xcr0, layout)
        return user & 0xFFFFFFFF, used, whole, user >> 32
    has_lbr = bool(source.cpu._pmu and source.has("arch-lbr"))
    if subleaf == 1:
        eax, _, ecx, edx = source.registers(0xD, 1)
        ebx = size_of(user | supervisor, layout, compacted=True)
        if source.kvm and has_lbr and source.has("xsaves"):
            ecx |= 1 << ARCH_LBR
        else:
            ecx &= ~(1 << ARCH_LBR)
        return eax, ebx, ecx, edx
    if subleaf == ARCH_LBR and has_lbr:
        return source.supported(0xD, subleaf)
    area = layout.get(subleaf)
    if area is None:
        return ZERO
    shown = user >> subleaf & 1
    if "leaf-d-shows-all-areas" in source.rules:
        shown = source.facts.areas[subleaf].user
    if shown:
        return area.size, area.offset, area.flags & XFLAGS, 0
    if supervisor >> subleaf & 1:
        return area.size, 0, 1, 0
    return ZERO
