"""``-accel unicorn`` of the command line: guest code beside the monitors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pyqom.system.program import main
from tests.emulator.guests import EXIT, HLT, needs_engine, put, rom, said

NAME = "pyqom-system-x86_64"
PLAIN = ("-M", "q35", "-m", "16", "-nodefaults", "-display", "none")
CAPABILITIES = {"execute": "qmp_capabilities"}


class Ended:
    """What a program printed, its exit status, and what its monitor on stdio said."""

    def __init__(self, image: bytes, folder: Path, *options: str, commands: Any = ()) -> None:
        file = folder / "rom.bin"
        file.write_bytes(image)
        words = (*PLAIN, "-accel", "unicorn", "-bios", str(file), *options)
        done = subprocess.run(
            [sys.executable, "-m", "pyqom.system", *words],
            cwd=Path(__file__).parents[2],
            input="".join(json.dumps(command) for command in commands).encode(),
            capture_output=True,
            timeout=60,
            check=False,
        )
        self.status = done.returncode
        self.out, self.err = done.stdout, done.stderr.decode()

    def said(self) -> list[Any]:
        """Replies and events, without the greeting and times."""
        records = [json.loads(line) for line in self.out.splitlines()][1:]
        return [record.get("event", record) for record in records]


def console(chardev: str) -> tuple[str, ...]:
    """Options for a debug console and a way out."""
    return (
        *("-chardev", chardev, "-device", "isa-debugcon,chardev=con"),
        *("-device", "isa-debug-exit"),
    )


@needs_engine
def test_console_on_stdio_and_exit_status(tmp_path: Path) -> None:
    image = rom(said("hello\n") + put(EXIT, 21) + HLT)
    ended = Ended(image, tmp_path, *console("stdio,id=con"))
    assert (ended.status, ended.out, ended.err) == (43, b"hello\n", "")


@needs_engine
def test_serial_port_in_a_file(tmp_path: Path) -> None:
    log = tmp_path / "log"
    image = rom(b"".join(put(0x2F8, each) for each in b"to COM2") + put(EXIT, 0))
    options = ("-chardev", f"file,id=com,path={log}", "-device", "isa-serial,index=1,chardev=com")
    ended = Ended(image, tmp_path, *options, "-device", "isa-debug-exit")
    assert (ended.status, log.read_bytes()) == (1, b"to COM2")


@needs_engine
def test_monitor_beside_guest_code(tmp_path: Path) -> None:
    """A guest that never ends is stopped, goes on, begins anew, and is quit."""
    words = ("stop", "query-status", "cont", "query-status", "system_reset", "quit")
    ended = Ended(
        rom("ebfe"),
        tmp_path,
        "-qmp",
        "stdio",
        commands=[CAPABILITIES, *({"execute": word} for word in words)],
    )
    said = ended.said()
    assert ended.status == 0
    assert [each for each in said if isinstance(each, str)] == [
        *("STOP", "RESUME", "RESET", "SHUTDOWN"),
    ]
    states = [each["return"]["status"] for each in said if "status" in _result(each)]
    assert states == ["paused", "running"]


def _result(each: Any) -> Any:
    return each.get("return", {}) if isinstance(each, dict) else {}


@needs_engine
def test_shutdown_by_the_guest_is_told(tmp_path: Path) -> None:
    """``cont`` lets it run, and it ends the program with its own status."""
    ended = Ended(
        rom(put(EXIT, 1)),
        tmp_path,
        *("-S", "-qmp", "stdio", "-device", "isa-debug-exit"),
        commands=[CAPABILITIES, {"execute": "cont"}],
    )
    assert ended.status == 3
    assert [each for each in ended.said() if isinstance(each, str)] == ["RESUME", "SHUTDOWN"]


@needs_engine
def test_wild_code_is_told_in_a_line(tmp_path: Path) -> None:
    """It stops; the monitor goes on, and the guest's memory can still be asked about."""
    options = ("-qmp", "unix:" + str(tmp_path / "qmp") + ",server=on,wait=off")
    file = tmp_path / "rom.bin"
    file.write_bytes(rom("0f0b"))
    words = (*PLAIN, "-accel", "unicorn", "-bios", str(file), *options)
    with subprocess.Popen(
        [sys.executable, "-m", "pyqom.system", *words],
        cwd=Path(__file__).parents[2],
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stderr is not None
        line = program.stderr.readline()
        program.terminate()
        assert line.startswith(f"{NAME}: unicorn internal error: invalid instruction")
        assert program.wait(60) == 0


@needs_engine
@pytest.mark.parametrize("release", ["7.2", "11.1"])
def test_firmware_that_is_not_there(release: str, capfd: pytest.CaptureFixture[str]) -> None:
    words = ("--release", release, *PLAIN, "-accel", "unicorn", "-bios", "nope.bin")
    assert main([NAME, *words]) == 1
    assert capfd.readouterr().err == "qemu: could not load PC BIOS 'nope.bin'\n"


def test_without_the_engine(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is refused as an accelerator that a host does not have; another may be tried."""
    monkeypatch.setitem(sys.modules, "unicorn", None)
    assert main([NAME, *PLAIN, "-accel", "unicorn"]) == 1
    error = capfd.readouterr().err
    assert error.startswith(f"{NAME}: -accel unicorn: failed to initialize unicorn: ")
    assert error.endswith("pip install 'pyqom[unicorn]'\n")
