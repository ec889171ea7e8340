"""A vCPU that runs: the Unicorn engine, with CPUID and XCR0 from the model.

The engine is a part of QEMU 5.0's TCG as a library (https://www.unicorn-engine.org, extra
``unicorn``).  It starts in the state that ``x86_cpu_reset`` leaves, at F000:FFF0 with the code
segment's base at FFFF0000h.  It delivers neither interrupts nor exceptions: where guest code takes
one, it has come to an end that it cannot go on from (`GuestFault`).
"""

from __future__ import annotations

import ctypes
import struct

import unicorn as uc
from unicorn import x86_const as x86

from pyqom.emulator.dispatch import NO_MEMORY, NO_PORT, Space
from pyqom.emulator.memory import gaps
from pyqom.emulator.paging import physical
from pyqom.errors import GuestFault, PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from pyqom.emulator.memory import Region

NOWHERE = (1 << 64) - 1
"""Where the engine would stop by itself."""
EFER, LMA = 0xC0000080, 1 << 10
CR4_OSXSAVE = 1 << 18
RESET_CR0 = 0x60000010
RESET_IP, RESET_SELECTOR, DATA_SELECTOR = 0xFFF0, 0xF000, 0xF008
MODEL = x86.UC_CPU_X86_WESTMERE
"""What the engine can execute: its newest model without XSAVE, since XCR0 is kept here."""

SCRATCH = 0x20000
STUB = bytes.fromhex(
    "66b808f0"  # mov ax, DATA_SELECTOR
    "8ed8 8ec0 8ed0 8ee0 8ee8"  # ds, es, ss, fs, gs
    "eaf0ff0000 00f0"  # ljmp RESET_SELECTOR:RESET_IP
)
STUB_AT, STUB_LENGTH = 0x1000, 7
CODE_SEGMENT, DATA_SEGMENT = 0xFF009BFF0000FFFF, 0x000093000000FFFF
"""16 bits, 64 KiB: code at FFFF0000h, data at 0."""

XGETBV, XSETBV = b"\x0f\x01\xd0", b"\x0f\x01\xd1"
SEGMENTS = ("DS", "ES", "SS", "FS", "GS")
ACCESSES = {
    uc.UC_MEM_READ_UNMAPPED: "load from",
    uc.UC_MEM_WRITE_UNMAPPED: "store to",
    uc.UC_MEM_FETCH_UNMAPPED: "fetch from",
    uc.UC_MEM_READ_PROT: "load from",
    uc.UC_MEM_WRITE_PROT: "store to read-only",
    uc.UC_MEM_FETCH_PROT: "fetch from a device at",
}


class Engine:
    """One vCPU, from its reset on.

    `cpu` is the realized CPU whose CPUID it answers, `regions` its memory; ``ports`` and ``memory``
    are who answers elsewhere, and may be changed between runs.  Raises PyqomError where the engine
    cannot have that memory.
    """

    def __init__(self, cpu: Any, regions: Sequence[Region]) -> None:
        self.cpu = cpu
        self.ports = Space((), NO_PORT)
        self.memory = Space((), NO_MEMORY)
        self.xcr0 = 1
        self._fault: str | None = None
        self._end = -1
        self._block = 0, 0
        self._uc = uc.Uc(uc.UC_ARCH_X86, uc.UC_MODE_64)
        self._uc.ctl_set_cpu_model(MODEL)
        self._regions = tuple(regions)
        try:
            self._enter_reset_state()
            self._add_memory(self._regions)
        except uc.UcError as error:
            raise PyqomError(f"cannot set up guest memory: {error}") from None
        self._add_hooks()

    # --- reset -----------------------------------------------------------------------------------

    def _enter_reset_state(self) -> None:
        """Go from the engine's own start, 64-bit mode, to that of a PC.

        The bases of segments can only be set by guest code, so a few instructions load them from
        descriptors; leaving protected mode keeps them.
        """
        engine = self._uc
        engine.mem_map(0, SCRATCH)
        engine.mem_map(0xFFFF0000, 0x10000)
        table = struct.pack("<QQ", CODE_SEGMENT, DATA_SEGMENT)
        engine.mem_write(RESET_SELECTOR, table)
        engine.mem_write(STUB_AT, STUB)
        engine.reg_write(x86.UC_X86_REG_GDTR, (0, 0, 0xFFFF, 0))
        engine.reg_write(x86.UC_X86_REG_CR4, 0x20)
        for cr0 in (0x80000011, 0x11):  # paging goes, and long mode with it
            engine.reg_write(x86.UC_X86_REG_CR0, cr0)
        engine.msr_write(EFER, 0)
        engine.reg_write(x86.UC_X86_REG_CR4, 0)
        engine.emu_start(STUB_AT, NOWHERE, count=STUB_LENGTH)
        engine.reg_write(x86.UC_X86_REG_CR0, RESET_CR0)
        for name in SEGMENTS:
            engine.reg_write(getattr(x86, f"UC_X86_REG_{name}"), 0)
        engine.reg_write(x86.UC_X86_REG_RAX, 0)
        engine.reg_write(x86.UC_X86_REG_RDX, self.cpu.cpuid(1)[0])
        engine.reg_write(x86.UC_X86_REG_EFLAGS, 2)
        engine.reg_write(x86.UC_X86_REG_IDTR, (0, 0, 0xFFFF, 0))
        engine.mem_unmap(0, SCRATCH)
        engine.mem_unmap(0xFFFF0000, 0x10000)

    def _add_memory(self, regions: Sequence[Region]) -> None:
        for region in regions:
            access = uc.UC_PROT_ALL if region.writable else uc.UC_PROT_READ | uc.UC_PROT_EXEC
            start = ctypes.addressof(ctypes.c_char.from_buffer(region.content)) + region.offset
            self._uc.mem_map_ptr(region.address, region.size, access, start)
        for start, end in gaps(regions):
            self._uc.mmio_map(start, end - start, self._load, start, self._store, start)

    # --- run -------------------------------------------------------------------------------------

    def run(self, instructions: int) -> bool:
        """Execute at most so many instructions; whether the vCPU has halted (HLT).

        No interrupt ends that.  Raises GuestFault for code that has run wild, and what a device
        raises: ShutdownRequest, or an error in it.
        """
        self._fault = None
        try:
            self._uc.emu_start(self.pc, NOWHERE, count=instructions)
        except uc.UcError as error:
            text = self._fault or str(error)
            raise GuestFault(f"{text}, {self._where()}") from None
        except PyqomError as error:
            raise GuestFault(f"{error}, {self._where()}") from None
        if self._fault is not None:
            raise GuestFault(f"{self._fault}, {self._where()}")
        return self.pc == self._end

    @property
    def pc(self) -> int:
        """The instruction pointer, an offset in the code segment."""
        return int(self._uc.reg_read(x86.UC_X86_REG_RIP))

    def _where(self) -> str:
        selector = self._uc.reg_read(x86.UC_X86_REG_CS)
        return f"at {selector:04x}:{self.pc:04x}"

    def _fail(self, text: str) -> None:
        if self._fault is None:
            self._fault = text
        self._uc.emu_stop()

    # --- what the engine asks --------------------------------------------------------------------

    def _add_hooks(self) -> None:
        add: Callable[..., Any] = self._uc.hook_add
        add(uc.UC_HOOK_BLOCK, self._begin_block)
        add(uc.UC_HOOK_INTR, self._interrupt)
        add(uc.UC_HOOK_INSN_INVALID, self._invalid)
        add(uc.UC_HOOK_MEM_INVALID, self._no_memory)
        for hook, instruction in (
            (self._cpuid, x86.UC_X86_INS_CPUID),
            (self._in, x86.UC_X86_INS_IN),
            (self._out, x86.UC_X86_INS_OUT),
        ):
            add(uc.UC_HOOK_INSN, hook, None, 1, 0, instruction)

    def _begin_block(self, engine: Any, address: int, size: int, _: Any) -> None:
        """Remember where a block of code ends: only HLT leaves the engine there."""
        self._block = address, size
        self._end = engine.reg_read(x86.UC_X86_REG_RIP) + size

    def _cpuid(self, engine: Any, _: Any) -> int:
        leaf = engine.reg_read(x86.UC_X86_REG_EAX)
        subleaf = engine.reg_read(x86.UC_X86_REG_ECX)
        registers = self.cpu.cpuid(
            leaf,
            subleaf,
            cr4=engine.reg_read(x86.UC_X86_REG_CR4),
            xcr0=self.xcr0,
            long_mode=self._in_long_mode(),
        )
        for name, value in zip(("RAX", "RBX", "RCX", "RDX"), registers, strict=True):
            engine.reg_write(getattr(x86, f"UC_X86_REG_{name}"), value)
        return 1  # the engine does not answer it again

    def _in_long_mode(self) -> bool:
        return bool(self._uc.msr_read(EFER) & LMA)

    def _in(self, _: Any, port: int, size: int, __: Any) -> int:
        return self.ports.read(port, size)

    def _out(self, _: Any, port: int, size: int, value: int, __: Any) -> None:
        self.ports.write(port, size, value)

    def _load(self, _: Any, offset: int, size: int, start: int) -> int:
        return self.memory.read(start + offset, size)

    def _store(self, _: Any, offset: int, size: int, value: int, start: int) -> None:
        self.memory.write(start + offset, size, value)

    def _interrupt(self, _: Any, number: int, __: Any) -> None:
        self._fail(f"interrupt or exception {number:#04x}, which the engine cannot deliver")

    def _no_memory(self, _: Any, access: int, address: int, size: int, value: int, __: Any) -> bool:
        where = ACCESSES.get(access, "access to")
        self._fail(f"{where} {address:#x} ({size} bytes)")
        return False

    # --- XCR0 ------------------------------------------------------------------------------------

    def _invalid(self, engine: Any, _: Any) -> bool:
        """An instruction that the engine does not have; XGETBV and XSETBV are done here."""
        code = self._last_code(len(XSETBV))
        allowed = engine.reg_read(x86.UC_X86_REG_CR4) & CR4_OSXSAVE
        if code not in (XGETBV, XSETBV) or not allowed:
            self._fail(f"invalid instruction (it ends in {code.hex(' ')})")
            return False
        number = engine.reg_read(x86.UC_X86_REG_ECX)
        low, high = x86.UC_X86_REG_RAX, x86.UC_X86_REG_RDX
        if code == XSETBV:
            value = (engine.reg_read(high) & 0xFFFFFFFF) << 32 | engine.reg_read(low) & 0xFFFFFFFF
            if number or not self._can_be_xcr0(value):
                self._fail(f"XCR{number} cannot be {value:#x}")
                return False
            self.xcr0 = value
        elif number:
            self._fail(f"there is no XCR{number}")
            return False
        else:
            engine.reg_write(low, self.xcr0 & 0xFFFFFFFF)
            engine.reg_write(high, self.xcr0 >> 32)
        engine.reg_write(x86.UC_X86_REG_RIP, self.pc + len(code))
        return True

    def _can_be_xcr0(self, value: int) -> bool:
        """Whether the model has these states, and they come in the groups that they must."""
        eax, _, _, edx = self.cpu.cpuid(0xD)
        known = eax | edx << 32
        groups = (0x6, 0x18, 0xE0, 0x60000)  # YMM brings SSE; MPX, AVX-512 and AMX come whole
        whole = all(value & group in (0, group) for group in groups[1:])
        avx512_has_ymm = not value & 0xE0 or value & 6 == 6
        ymm_has_sse = not value & 4 or bool(value & 2)
        return bool(value & 1 and not value & ~known and whole and avx512_has_ymm and ymm_has_sse)

    def _last_code(self, size: int) -> bytes:
        """The last bytes of the block at work, which what is invalid ends."""
        address, length = self._block
        engine = self._uc
        try:
            place = physical(
                address + length - size,
                engine.reg_read(x86.UC_X86_REG_CR0),
                engine.reg_read(x86.UC_X86_REG_CR3),
                engine.reg_read(x86.UC_X86_REG_CR4),
                self._in_long_mode(),
                lambda where, count: bytes(engine.mem_read(where, count)),
            )
            return b"" if place is None else bytes(engine.mem_read(place, size))
        except uc.UcError:
            return b""
