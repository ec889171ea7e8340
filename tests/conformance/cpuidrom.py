"""A guest of 64 KiB that executes CPUID and writes the registers to the debug console.

`image` makes the ROM, `run` boots it with a QEMU and reads what it wrote.  The boot CPU starts at
the reset vector, in real mode; where another vCPU is asked it wakes that one by its APIC id (a
start-up interrupt, for which it needs flat addresses for a moment) and rests.  Who is asked starts
at offset 0, goes through the table of leaves behind the code, writes 16 bytes for each to port
402h, the lowest byte of EAX first, and ends QEMU through port 501h.  It uses no memory.
"""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Iterable, Sequence

SIZE = 0x10000
RESET = 0xFFF0

CODE = bytes.fromhex(
    # ask: go through the table
    "bec000 2e3b36b600 734b 2e668b04 2e668b4c04 83c608 0fa2 6689d7 ba0204"
    # EAX, EBX, ECX and EDX (kept in EDI), byte by byte
    "bd0400 ee 66c1e808 4d 75f8 6689d8 bd0400 ee 66c1e808 4d 75f8"
    "6689c8 bd0400 ee 66c1e808 4d 75f8 6689f8 bd0400 ee 66c1e808 4d 75f8 ebae"
    # done: end QEMU; rest
    "ba0105 ee f4 ebfd"
    # boot: who is asked? the boot CPU itself where that is APIC id 0
    "fa 2e66a1b800 6685c0 7499"
    # flat data segment: into protected mode and out again
    "2e660f0116b000 0f20c0 0c01 0f22c0 bb0800 8edb 24fe 0f22c0"
    # interrupt command register: destination, then the start-up interrupt with vector F0h
    "2e66a1b800 66c1e018 66be1003e0fe 67668906 6766c746f0f0460000 ebbb"
)
BOOT = 0x5C
GDT, GDTR, END, TARGET, TABLE = 0xA0, 0xB0, 0xB6, 0xB8, 0xC0


def image(leaves: Sequence[tuple[int, int]], apic_id: int = 0) -> bytes:
    """The ROM that asks one CPU for these (leaf, subleaf)."""
    rom = bytearray(SIZE)
    rom[: len(CODE)] = CODE
    struct.pack_into("<QQ", rom, GDT, 0, 0x008F92000000FFFF)
    struct.pack_into("<HI", rom, GDTR, 15, 0xF0000 + GDT)
    struct.pack_into("<HI", rom, END, TABLE + 8 * len(leaves), apic_id)
    for number, place in enumerate(leaves):
        struct.pack_into("<II", rom, TABLE + 8 * number, *place)
    struct.pack_into("<BH", rom, RESET, 0xE9, BOOT - RESET - 3 & 0xFFFF)
    return bytes(rom)


def run(
    qemu: Sequence[str],
    options: Iterable[str],
    leaves: Sequence[tuple[int, int]],
    apic_id: int = 0,
    accel: str = "tcg",
    limit: float = 60,
) -> list[tuple[int, int, int, int]] | str:
    """The registers of these leaves on a vCPU; QEMU's last words where it refuses to start.

    The ROM is handed over as an open file, which is found in a chroot as well.
    """
    number = os.memfd_create("rom")
    try:
        os.write(number, image(leaves, apic_id))
        done = subprocess.run(
            [
                *(*qemu, "-accel", accel, "-nodefaults", "-display", "none", "-vga", "none"),
                *("-m", "16", "-bios", f"/proc/self/fd/{number}", *options),
                *("-chardev", "stdio,id=log", "-device", "isa-debugcon,iobase=0x402,chardev=log"),
                *("-device", "isa-debug-exit,iobase=0x501"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            pass_fds=[number],
            timeout=limit,
            check=False,
        )
    finally:
        os.close(number)
    if len(done.stdout) != 16 * len(leaves):
        lines = done.stderr.decode(errors="replace").splitlines()
        errors = [line for line in lines if "warning: " not in line]
        return "\n".join(errors) or f"exit status {done.returncode}"
    return list(struct.iter_unpack("<4I", done.stdout))
