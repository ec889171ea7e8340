"""The CPUID instruction, run in this process."""

from __future__ import annotations

import os
import platform
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pyqom.errors import PyqomError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyqom.hosts.host import Registers

    Cpuid = Callable[[int, int], Registers]

CODE = bytes.fromhex(
    "53"  # push rbx
    "89f8"  # mov eax, edi
    "89f1"  # mov ecx, esi
    "4989d0"  # mov r8, rdx
    "0fa2"  # cpuid
    "418900"  # mov [r8], eax
    "41895804"  # mov [r8 + 4], ebx
    "41894808"  # mov [r8 + 8], ecx
    "4189500c"  # mov [r8 + 12], edx
    "5b"  # pop rbx
    "c3"  # ret
)
"""``void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t registers[4])`` of the System V ABI."""

PAGE = 4096

BASIC, HYPERVISOR, EXTENDED, CENTAUR = 0, 0x40000000, 0x80000000, 0xC0000000

MOST = 0x100
"""How many leaves of one range are asked for at most, whatever the CPU says."""

SUBLEAVES = {
    0x4: 8,
    0x7: 4,
    0xB: 4,
    0xD: 64,
    0xF: 2,
    0x10: 6,
    0x12: 6,
    0x14: 3,
    0x17: 4,
    0x18: 8,
    0x1A: 1,
    0x1B: 1,
    0x1D: 3,
    0x1E: 2,
    0x1F: 6,
    0x20: 2,
    0x23: 6,
    0x24: 2,
    0x8000001D: 8,
    0x80000020: 6,
    0x80000026: 5,
}
"""The leaves that have subleaves, and how many of them are asked for."""


@contextmanager
def cpuid_instruction() -> Iterator[Cpuid]:
    """A function of leaf and subleaf that runs CPUID; always on one and the same CPU.

    Raises PyqomError where the instruction cannot be run: another architecture or operating
    system, or one that refuses executable memory.
    """
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "amd64"):
        raise PyqomError(f"no CPUID instruction on {sys.platform} {platform.machine()}")
    import ctypes
    import mmap

    try:
        file = os.memfd_create("cpuid")
        try:
            os.write(file, CODE.ljust(PAGE, b"\xcc"))
            memory = mmap.mmap(file, PAGE, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)
            start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        finally:
            os.close(file)
        libc = ctypes.CDLL(None, use_errno=True)
        protection = mmap.PROT_READ | mmap.PROT_EXEC
        if libc.mprotect(ctypes.c_void_p(start), ctypes.c_size_t(PAGE), protection) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    except OSError as error:
        raise PyqomError(f"CPUID cannot be run: {error.strerror}") from error
    words = ctypes.c_uint32 * 4
    code = ctypes.CFUNCTYPE(None, ctypes.c_uint32, ctypes.c_uint32, ctypes.POINTER(words))(start)

    def cpuid(leaf: int, subleaf: int = 0) -> Registers:
        found = words()
        code(leaf, subleaf, ctypes.byref(found))
        eax, ebx, ecx, edx = found
        return eax, ebx, ecx, edx

    with _one_cpu():
        yield cpuid


@contextmanager
def _one_cpu() -> Iterator[None]:
    """Stay on the first of the CPUs that this thread may run on."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def all_leaves(cpuid: Cpuid) -> dict[tuple[int, int], Registers]:
    """Every leaf and subleaf that a CPU answers, sorted: basic, hypervisor's, extended, Centaur's.

    A CPU without a range answers its first leaf with something else; that one is kept.
    """
    found = {}
    hypervisor = cpuid(1, 0)[2] >> 31
    for first in (BASIC, HYPERVISOR, EXTENDED, CENTAUR):
        highest = cpuid(first, 0)[0]
        if first == HYPERVISOR and not hypervisor:
            continue
        last = highest if first <= highest < first + MOST else first
        for leaf in range(first, last + 1):
            for subleaf in range(SUBLEAVES.get(leaf, 1)):
                found[leaf, subleaf] = cpuid(leaf, subleaf)
    return found
