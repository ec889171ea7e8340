"""Small guests: ROMs of a few instructions, and machines that run them with pyqom."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from pyqom.vm import VirtualMachine

needs_engine = pytest.mark.skipif(
    not __import__("importlib.util").util.find_spec("unicorn"),
    reason="the extra 'unicorn' is not installed: there is no engine to run guest code",
)

SIZE, RESET = 0x10000, 0xFFF0
CONSOLE, EXIT = 0xE9, 0x501
HLT = b"\xf4"


def rom(code: bytes | str) -> bytes:
    """64 KiB whose reset vector leads to the code, at offset 0 of it; text is hexadecimal."""
    content = bytearray(HLT * SIZE)
    raw = bytes.fromhex(code) if isinstance(code, str) else code
    content[: len(raw)] = raw
    struct.pack_into("<BH", content, RESET, 0xE9, SIZE - RESET - 3)
    return bytes(content)


def dx(port: int) -> bytes:
    """``mov dx, port``."""
    return b"\xba" + struct.pack("<H", port)


def shown(*ports: int) -> bytes:
    """Read a byte from each port, and write it to the debug console."""
    return b"".join(dx(port) + b"\xec\xe6\xe9" for port in ports)


def said(text: str) -> bytes:
    """Write a text to the debug console."""
    return b"".join(b"\xb0" + bytes((each,)) + b"\xe6\xe9" for each in text.encode())


def put(port: int, value: int) -> bytes:
    """Write a byte to a port."""
    return dx(port) + b"\xb0" + bytes((value,)) + b"\xee"


class Guest:
    """A machine that boots a ROM; ``console`` is what it writes to port E9h, ``serial`` to COM1."""

    def __init__(
        self, folder: Path, image: bytes, machine: str = "q35", cpu: str | None = None, **more: Any
    ) -> None:
        self.console, self.serial = bytearray(), bytearray()
        file = folder / "rom.bin"
        file.write_bytes(image)
        debugcon = {"driver": "isa-debugcon", "iobase": CONSOLE, "chardev": "console"}
        debugcon |= more.pop("debugcon", {})
        self.vm = VirtualMachine(
            machine,
            cpu,
            accel="unicorn",
            memory=more.pop("memory", 16 << 20),
            devices=[
                debugcon,
                {"driver": "isa-debug-exit"},
                {"driver": "isa-serial", "chardev": "serial"},
                *more.pop("devices", ()),
            ],
            options={"firmware": str(file), **more.pop("options", {})},
            chardevs={"console": self.console.extend, "serial": self.serial.extend},
            **more,
        )

    def run(self, most: int | None = 1_000_000) -> str:
        return self.vm.run(most)

    def events(self) -> list[tuple[str, Any]]:
        return [(event.name, event.data) for event in self.vm.events]
