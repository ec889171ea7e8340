"""Guest code runs: where it begins, what it finds, how it stops, and what it cannot do."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest

import pyqom
from pyqom.errors import PyqomError
from pyqom.vm import VirtualMachine
from tests.emulator.guests import EXIT, HLT, Guest, dx, needs_engine, put, rom, said, shown

pytestmark = needs_engine

WORD_OUT = bytes.fromhex("e6e9 88e0 e6e9")  # AX to the debug console
LONG_MODE = bytes.fromhex(
    "ea 0500 00f0"  # below 1 MiB
    # page tables at 1000h: 2 MiB pages, the first of them
    "31c08ed8 66c70600100320000066c70600200330000066c706003083000000"
    "2e660f011600f0"  # lgdt cs:[F000h]
    "66b8200004000f22e0"  # CR4: PAE, OSXSAVE
    "66b8001000000f22d8"  # CR3
    "66b9800000c0 0f32 660d00010000 0f30"  # EFER.LME
    "0f20c0 660d01000080 0f22c0"  # paging, protected mode
    "66ea 00010f00 0800"  # 64-bit code at F0100h
)
CODE64 = bytes.fromhex(
    "31c9 0f01d0 e6e9"  # XGETBV: XCR0 to the console
    "31d2 b803000000 0f01d1 31c9 0f01d0 e6e9"  # XSETBV 3
    "b80d000000 31c9 0fa2 89d8 e6e9 88e0 e6e9"  # EBX of CPUID leaf Dh
    "b801000000 0fa2 89c8 c1e818 e6e9"  # the top of ECX of leaf 1: OSXSAVE among it
    "b801000080 0fa2 89d0 c1e808 e6e9 f4"  # bits 8 to 15 of EDX: SYSCALL is bit 11
)


def in_long_mode(code: bytes) -> bytes:
    """A ROM that goes to 64-bit mode first; the code then runs at F0100h."""
    content = bytearray(rom(LONG_MODE))
    content[0x100 : 0x100 + len(code)] = code
    table = bytes(8) + (0x00209B0000000000).to_bytes(8, "little")
    content[0xF000:0xF006] = (15).to_bytes(2, "little") + (0xFF008).to_bytes(4, "little")
    content[0xF008:0xF018] = table
    return bytes(content)


def test_reset_state(tmp_path: Path) -> None:
    """F000:FFF0 in real mode, the processor's signature in EDX."""
    code = bytes.fromhex("88d0 e6e9 88f0 e6e9 8cc8") + WORD_OUT + bytes.fromhex("0f20c0") + WORD_OUT
    guest = Guest(tmp_path, rom(code + HLT), cpu="EPYC")
    assert guest.run() == "halted"
    signature = guest.vm.cpus[0].cpuid(1)[0] & 0xFFFF
    assert guest.console == signature.to_bytes(2, "little") + b"\x00\xf0" + b"\x10\x00"


def test_only_the_boot_cpu_runs(tmp_path: Path) -> None:
    guest = Guest(tmp_path, rom(said("once") + HLT), smp=4)
    assert guest.run() == "halted"
    assert guest.console == b"once"


# --- memory --------------------------------------------------------------------------------------


def test_ram_is_the_backend(tmp_path: Path) -> None:
    guest = Guest(tmp_path, rom("31c0 8ed8 c706 0050 3412" + "f4"))
    assert guest.run() == "halted"
    assert guest.vm.machine.memory_backend.content[0x5000:0x5002] == b"\x34\x12"


def test_ram_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "ram"
    path.write_bytes(bytes(16 << 20))
    backend: dict[str, Any] = {"qom-type": "memory-backend-file", "id": "ram", "size": 16 << 20}
    backend |= {"mem-path": str(path), "share": True}
    guest = Guest(
        tmp_path,
        rom("31c0 8ed8 c706 0050 3412 f4"),
        memory=16 << 20,
        objects=[backend],
        options={"memory-backend": "ram"},
    )
    assert guest.run() == "halted"
    assert path.read_bytes()[0x5000:0x5002] == b"\x34\x12"


def test_ram_outlives_a_reset(tmp_path: Path) -> None:
    code = bytes.fromhex("31c0 8ed8 a00050 fe060050 e6e9 f4")  # show a byte, count it up
    guest = Guest(tmp_path, rom(code))
    for _ in range(3):
        assert guest.run() == "halted"
        guest.vm.reset()
    assert guest.console == bytes((0, 1, 2))


def test_the_hole_below_1_mib_reads_zeros(tmp_path: Path) -> None:
    """As live QEMU reads the VGA's window without a VGA, and what is below the firmware."""
    holes = bytes.fromhex("b800b0 8ed8 a10000e6e9 b800c0 8ed8 c70600005a5a a10000") + WORD_OUT
    guest = Guest(tmp_path, rom(holes + HLT))
    assert guest.run() == "halted"
    assert guest.console == bytes(3)


def test_firmware_is_seen_below_1_mib(tmp_path: Path) -> None:
    guest = Guest(tmp_path, rom("ea 0700 00f0 9090" + "b0 61 e6 e9 f4"))
    assert guest.run() == "halted"
    assert guest.console == b"a"


# --- ports and devices ---------------------------------------------------------------------------


def test_ports_without_a_device_read_ones(tmp_path: Path) -> None:
    guest = Guest(
        tmp_path, rom(shown(0x1234, 0xE9) + dx(0x1234) + b"\xed" + b"\x88\xe0\xe6\xe9\xf4")
    )
    assert guest.run() == "halted"
    assert guest.console == b"\xff\xe9\xff"


def test_longer_accesses_go_to_the_first_byte_as_a_whole(tmp_path: Path) -> None:
    """As live QEMU has it: the debug console takes no word, nor the end of one."""
    code = bytes.fromhex("b84445 e7e9") + dx(0xE8) + bytes.fromhex("b84647 ef") + dx(0xE9) + b"\xed"
    guest = Guest(tmp_path, rom(code + WORD_OUT + HLT))
    assert guest.run() == "halted"
    assert guest.console == bytes(2)


def test_serial_output(tmp_path: Path) -> None:
    code = b"".join(put(0x3F8, each) for each in b"hello")
    guest = Guest(tmp_path, rom(code + HLT))
    assert guest.run() == "halted"
    assert guest.serial == b"hello"
    assert guest.console == b""


COM1 = 0x3F8
ALL, IIR, MCR, MSR = range(COM1, COM1 + 8), COM1 + 2, COM1 + 4, COM1 + 6


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (shown(*ALL), "000001000860b000"),
        (put(COM1 + 3, 0x83) + put(COM1, 0x34) + put(COM1 + 1, 0x12) + shown(*ALL[:4]), "34120183"),
        (put(IIR, 7) + put(COM1 + 1, 0xF) + shown(IIR, IIR), "c2c1"),
        (put(COM1 + 1, 0xFF) + shown(COM1 + 1, IIR) + put(COM1 + 1, 0xFF) + shown(IIR), "0f0201"),
        (put(COM1 + 1, 2) + shown(IIR, IIR) + put(COM1, 0x41) + shown(IIR, IIR), "02010201"),
        (put(MCR, 0xFF) + shown(MCR, MSR), "1ff0"),
        (
            put(MCR, 0x1A) + shown(MSR) + put(MCR, 0x11) + shown(MSR) + put(MCR, 3) + shown(MSR),
            "9020b0",
        ),
        (put(MCR, 0x10) + put(COM1, 0x55) + shown(COM1 + 5, COM1, COM1 + 5), "615560"),
        (put(COM1 + 7, 0x5A) + shown(COM1 + 7), "5a"),
        (dx(MCR) + b"\xed" + WORD_OUT, "0860"),
    ],
)
def test_serial_registers(code: bytes, expected: str, tmp_path: Path) -> None:
    """Each value is what a guest of live QEMU 7.2.22 and 11.1.3 read."""
    guest = Guest(tmp_path, rom(code + HLT))
    assert guest.run() == "halted"
    assert guest.console.hex() == expected


def test_a_reset_resets_the_serial_port(tmp_path: Path) -> None:
    guest = Guest(tmp_path, rom(shown(COM1 + 7) + put(COM1 + 7, 0x5A) + shown(COM1 + 7) + HLT))
    guest.run()
    guest.vm.reset()
    guest.run()
    assert guest.console.hex() == "005a005a"


# --- how it ends ---------------------------------------------------------------------------------


GUEST_SHUTDOWN = ("SHUTDOWN", {"guest": True, "reason": "guest-shutdown"})


@pytest.mark.parametrize(
    ("release", "actions", "reason", "events"),
    [
        ("11.1", {}, "exited", [("RESUME", None), GUEST_SHUTDOWN]),
        (
            "11.1",
            {"shutdown": "pause"},
            "shutdown",
            [("RESUME", None), GUEST_SHUTDOWN, ("STOP", None)],
        ),
        ("7.2", {}, "exited", [("RESUME", None)]),
        ("7.2", {"shutdown": "pause"}, "exited", [("RESUME", None)]),
    ],
)
def test_debug_exit(
    release: str, actions: dict[str, str], reason: str, events: list[Any], tmp_path: Path
) -> None:
    """7.2 exits where the device is written to, newer ones shut the machine down."""
    guest = Guest(tmp_path, rom(put(EXIT, 5) + HLT), release=release, actions=actions)
    assert guest.run() == reason
    assert guest.vm.exit_status == 11
    assert guest.events() == events
    assert guest.vm.exited is (reason == "exited")


def test_after_a_paused_shutdown_a_reset_is_needed(tmp_path: Path) -> None:
    guest = Guest(tmp_path, rom(said("x") + put(EXIT, 0)), actions={"shutdown": "pause"})
    guest.run()
    with pytest.raises(PyqomError, match=r"^Resetting the Virtual Machine is required$"):
        guest.vm.cont()
    guest.vm.reset()
    assert guest.vm.status == "prelaunch"
    guest.vm.cont()
    assert guest.run() == "shutdown"
    assert guest.console == b"xx"


def test_stop_cont_reset(tmp_path: Path) -> None:
    count = bytes.fromhex("31c0 8ed8 8ec0 fec3 88d8 e6e9 ebf8")  # one more letter each time round
    guest = Guest(tmp_path, rom(count), paused=True)
    assert guest.run() == "prelaunch"
    guest.vm.cont()
    assert guest.run(3 + 4 * 5) == "limit"
    assert guest.console == bytes(range(1, 6))
    guest.vm.stop()
    assert guest.run() == "paused"
    guest.vm.cont()
    assert guest.run(4 * 2) == "limit"
    assert guest.console == bytes(range(1, 8))
    guest.vm.reset()
    assert guest.run(20) == "limit"
    assert guest.console[7] == 1


def test_a_listener_may_stop_it(tmp_path: Path) -> None:
    guest = Guest(tmp_path, rom("b0 21 e6 e9 ebfc"), paused=True)
    sink = guest.console.extend

    def stop(data: bytes) -> None:
        sink(data)
        if len(guest.console) == 3:
            guest.vm.stop()

    next(iter(guest.vm.chardevs.children())).sink = stop
    guest.vm.cont()
    assert guest.run(None) == "paused"


@pytest.mark.parametrize("most", [0, 1, 2])
def test_limits_are_kept(most: int, tmp_path: Path) -> None:
    guest = Guest(tmp_path, rom("eb00 e6e9 f4"))  # the jump at the reset vector counts
    assert guest.run(most) == "limit"
    assert guest.console == b""


def test_a_negative_limit_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="negative"):
        Guest(tmp_path, rom("f4")).run(-1)


# --- guest code that runs wild -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("0f0b", r"invalid instruction .* at f000:0000"),
        ("cd10", r"interrupt or exception 0x10, .* at f000:0002"),
        ("31c9 f7f1", r"interrupt or exception 0x00, .* at f000:000"),
        ("0f01d0", r"invalid instruction \(it ends in 0f 01 d0\)"),
        ("0f20e0 660d00000400 0f22e0 6631c9 6631c0 0f01d1", r"XCR0 cannot be 0x[0-9a-f]+"),
        ("ea 0000 00a0", r"fetch from a device at 0xa0000"),
        ("b800f0 8ed8 c60600 0000", r"store to read-only 0xf0000"),
        ("ea 0000 0000", None),
    ],
)
def test_wild_code_ends_in_an_internal_error(code: str, text: str | None, tmp_path: Path) -> None:
    guest = Guest(tmp_path, rom(code))
    if text is None:  # zeros are instructions as well; they only take time
        assert guest.run(5_000) == "limit"
        return
    assert guest.run() == "internal-error"
    assert guest.vm.status == "internal-error"
    assert guest.events() == [("RESUME", None), ("STOP", None)]
    assert guest.vm.fault is not None
    assert re.search(text, str(guest.vm.fault)), str(guest.vm.fault)
    assert list(guest.vm.warnings)[-1] == f"unicorn internal error: {guest.vm.fault}"
    assert guest.vm.warnings[-1].level == "error"
    with pytest.raises(PyqomError, match="Resetting the Virtual Machine is required"):
        guest.vm.cont()
    guest.vm.reset()
    assert guest.vm.status == "prelaunch"


def test_a_triple_fault_ends_it_too(tmp_path: Path) -> None:
    guest = Guest(tmp_path, rom("0f20c0 0c01 0f22c0 b80800 8ed8"))  # no such descriptor
    assert guest.run() == "internal-error"
    assert "exception 0x0d" in str(guest.vm.fault)


@pytest.mark.parametrize("seed", range(20))
def test_any_bytes_end_in_a_known_way(seed: int, tmp_path: Path) -> None:
    """Nothing that a guest does raises here; a reset always helps."""
    chance = random.Random(seed)
    before = chance.choice(("", "0f20c0 0c01 0f22c0", "66b811000080 0f22c0", "0f01160000"))
    guest = Guest(tmp_path, rom(bytes.fromhex(before) + chance.randbytes(400)))
    assert guest.run(3000) in ("limit", "halted", "internal-error")
    guest.vm.reset()
    guest.vm.cont()
    assert guest.run(1) == "limit"


def test_only_hlt_halts(tmp_path: Path) -> None:
    """Code whose blocks end in the byte F4h, but for the last of them, in steps of every length."""
    loop = "b90300 9090909090909090 90 90 e2f4"  # LOOP goes back 12 bytes
    guest = Guest(tmp_path, rom(loop + "f4"))
    total = 1 + 1 + 3 * 11 + 1  # the jump at the reset vector, MOV, the loop, HLT
    for most in range(1, total + 3):
        assert guest.run(most) == ("limit" if most < total else "halted"), most
        guest.vm.reset()


# --- CPUID in other states -----------------------------------------------------------------------


def test_cpuid_follows_the_state_of_the_guest(tmp_path: Path) -> None:
    """In long mode with OSXSAVE and XCR0 = 3; Intel's SYSCALL is only there in long mode."""
    guest = Guest(tmp_path, in_long_mode(CODE64), cpu="Haswell")
    assert guest.run() == "halted", guest.vm.fault
    cpu = guest.vm.cpus[0]
    state: dict[str, Any] = {"cr4": 0x40020, "xcr0": 3, "long_mode": True}
    expected = [1, 3, *cpu.cpuid(0xD, **state)[1].to_bytes(2, "little")]
    expected += [cpu.cpuid(1, **state)[2] >> 24, cpu.cpuid(0x80000001, **state)[3] >> 8 & 0xFF]
    assert list(guest.console) == expected
    assert cpu.cpuid(1)[2] >> 24 != expected[4]
    assert cpu.cpuid(0x80000001)[3] >> 8 & 0xFF != expected[5]


# --- starting ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 65535, 65537, (16 << 20) + 65536])
def test_firmware_of_a_wrong_size(size: int, tmp_path: Path) -> None:
    path = tmp_path / "bios"
    path.write_bytes(bytes(size))
    with pytest.raises(PyqomError, match=r"^qemu: could not load PC BIOS '.*bios'$"):
        VirtualMachine("q35", accel="unicorn", options={"firmware": str(path)})


def test_firmware_that_is_missing() -> None:
    with pytest.raises(PyqomError, match=r"^qemu: could not load PC BIOS 'bios-256k.bin'$"):
        VirtualMachine("q35", accel="unicorn")


def test_other_accelerators_run_nothing() -> None:
    with pytest.raises(PyqomError, match="only the accelerator unicorn runs guest code"):
        VirtualMachine("q35").run()


def test_a_machine_without_cpu() -> None:
    with pytest.raises(PyqomError, match="machine 'none' has nothing to run"):
        VirtualMachine("none", accel="unicorn")


def test_it_has_no_properties() -> None:
    with pytest.raises(PyqomError, match=r"^Property 'unicorn-accel.thread' not found$"):
        VirtualMachine("q35", accel=("unicorn", {"thread": "multi"}))


def test_to_management_it_is_tcg(tmp_path: Path) -> None:
    guest = Guest(tmp_path, rom("f4"), cpu="Haswell")
    plain = VirtualMachine("q35", cpu="Haswell")
    assert guest.vm.qmp("query-kvm") == plain.qmp("query-kvm")
    assert guest.vm.qmp("query-accelerators") == plain.qmp("query-accelerators")
    assert guest.vm.cpus[0].words == plain.cpus[0].words
    assert pyqom.expand("max", accel="unicorn") == pyqom.expand("max")
