"""The program as a process: sockets, pid file, background, signals, help."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

PROGRAM = [sys.executable, "-m", "pyqom.system"]
NONE = ["-M", "none", "-nodefaults", "-display", "none"]
NEGOTIATE = b'{"execute": "qmp_capabilities"}\n'
QUIT = b'{"execute": "quit"}\n'


def run(*arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*PROGRAM, *arguments], input=data, capture_output=True, timeout=60, check=False
    )


def test_stdio() -> None:
    done = run(*NONE, "-qmp", "stdio", data=NEGOTIATE + b'{"execute":"query-status"}' + QUIT)
    assert done.returncode == 0
    assert done.stderr == b""
    assert done.stdout.count(b"\r\n") == done.stdout.count(b"\n") == 5
    greeting, *rest = map(json.loads, done.stdout.splitlines())
    assert greeting["QMP"]["capabilities"] == ["oob"]
    assert rest[1] == {"return": {"status": "running", "running": True}}


def test_greeting_comes_before_the_machine() -> None:
    done = run("-M", "q35", "-smp", "300", "-display", "none", "-qmp", "stdio", data=NEGOTIATE)
    assert done.returncode == 1
    (greeting,) = done.stdout.splitlines()
    assert json.loads(greeting).keys() == {"QMP"}
    assert b"APIC ID 255 requires x2APIC feature in CPU" in done.stderr


def test_no_greeting_before_the_monitors() -> None:
    done = run("-M", "q35,bogus=1", "-display", "none", "-qmp", "stdio", data=NEGOTIATE)
    assert (done.returncode, done.stdout) == (1, b"")


def test_pretty() -> None:
    done = run(*NONE, "-qmp-pretty", "stdio", data=NEGOTIATE + QUIT)
    assert done.stdout.startswith(b'{\r\n    "QMP": {\r\n        "version": {')


class Client:
    """A QMP client on a unix socket."""

    def __init__(self, path: Path) -> None:
        deadline = time.monotonic() + 30
        self.socket = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        self.file = self.socket.makefile("rb")
        self.greeting = self.read()
        self.ask("qmp_capabilities")

    def read(self) -> Any:
        return json.loads(self.file.readline())

    def ask(self, command: str) -> Any:
        self.socket.sendall(json.dumps({"execute": command}).encode())
        return self.read()

    def close(self) -> None:
        self.file.close()
        self.socket.close()


def test_background(tmp_path: Path) -> None:
    """What libvirt does: when the parent is gone, the socket listens and the pid is known."""
    path, pidfile = tmp_path / "qmp", tmp_path / "pid"
    done = run(
        *("-S", "-no-user-config", "-nodefaults", "-nographic", "-machine", "none,accel=tcg"),
        *("-qmp", f"unix:{path},server=on,wait=off", "-pidfile", str(pidfile), "-daemonize"),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    pid = int(pidfile.read_text())
    try:
        assert path.stat().st_mode & 0o777 == 0o600
        assert pidfile.stat().st_mode & 0o777 == 0o600
        client = Client(path)
        assert client.ask("query-status")["return"]["status"] == "prelaunch"
        os.kill(pid, signal.SIGTERM)
        event = client.read()
        assert event["event"] == "SHUTDOWN"
        assert event["data"] == {"guest": False, "reason": "host-signal"}
        assert client.file.read() == b""
        client.close()
        deadline = time.monotonic() + 30
        while (path.exists() or pidfile.exists()) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert list(tmp_path.iterdir()) == []
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise


def test_background_that_fails(tmp_path: Path) -> None:
    done = run(*NONE, "-daemonize", "-pidfile", str(tmp_path / "pid"), "-M", "nosuch")
    assert done.returncode == 1
    assert b'unsupported machine type: "nosuch"\n' in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal(number: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / "qmp"
    arguments = [*NONE, "-qmp", f"unix:{path},server=on,wait=off"]
    with subprocess.Popen([*PROGRAM, *arguments], stderr=subprocess.PIPE) as process:
        client = Client(path)
        process.send_signal(number)
        assert client.read()["event"] == "SHUTDOWN"
        client.close()
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert process.stderr.read().endswith(f": terminating on signal {number:d}\n".encode())
    assert not path.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_at_start(number: signal.Signals, tmp_path: Path) -> None:
    """A program that still waits for its first client ends, and leaves nothing behind."""
    path, pidfile = tmp_path / "qmp", tmp_path / "pid"
    arguments = [*NONE, "-qmp", f"unix:{path},server=on,wait=on", "-pidfile", str(pidfile)]
    with subprocess.Popen([*PROGRAM, *arguments], stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"waiting for connection" in process.stderr.readline()
        assert pidfile.exists()
        process.send_signal(number)
        assert process.wait(30) == 0
        assert process.stderr.read().endswith(f": terminating on signal {number:d}\n".encode())
    assert list(tmp_path.iterdir()) == []


def test_one_client_after_another(tmp_path: Path) -> None:
    path = tmp_path / "qmp"
    arguments = [*NONE, "-qmp", f"unix:{path},server=on,wait=on"]
    with subprocess.Popen([*PROGRAM, *arguments], stderr=subprocess.PIPE) as process:
        first = Client(path)
        first.close()
        second = Client(path)
        assert second.greeting.keys() == {"QMP"}
        second.ask("quit")
        second.close()
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert b"info: QEMU waiting for connection on: " in process.stderr.read()


def test_pid_file_of_another(tmp_path: Path) -> None:
    import fcntl

    path = tmp_path / "pid"
    with path.open("w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        done = run(*NONE, "-pidfile", str(path))
        assert path.exists()
    assert done.returncode == 1
    assert b"cannot create PID file: Cannot lock pid file: " in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("release", "text"),
    [("11.1", b"chardev 'a' is already in use"), ("7.2", b"Device 'a' is in use")],
)
def test_one_chardev_for_two_monitors(release: str, text: bytes) -> None:
    monitor = ("-mon", "a,mode=control")
    done = run("--release", release, *NONE, "-chardev", "null,id=a", *monitor, *monitor)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith(b"-mon a,mode=control: " + text)


HELPS = {
    "-version": "QEMU emulator version 11.1.3 (",
    "-h": "QEMU emulator version 11.1.3 (",
    "-cpu help": "Available CPUs:\n  486                   (alias configured by machine type)\n",
    "-machine help": "Supported machines are:\nmicrovm              microvm (i386)\n",
    "-accel help": "Accelerators supported in QEMU binary:\ntcg\nmshv\nnitro\nkvm\n",
    "-object help": "List of user creatable objects:\n  acpi-generic-initiator\n",
    "-object rng-random,help": "rng-random options:\n  filename=<string>\n",
    "-device help": 'Controller/Bridge/Hub devices:\nname "cxl-downstream", bus PCI, desc "CXL',
    "-machine none,help": "none-machine options:\n  append=<string>        - Linux kernel",
    "-chardev help": "Available chardev backend types: \n  file\n  hub\n  memory\n",
    "-vga help": "none                 no graphic card\nstd                  standard VGA\n",
    "-smp help": "smp-opts options:\n  books=<num>\n",
}


@pytest.mark.parametrize("words", HELPS)
def test_help(words: str) -> None:
    done = run(*words.split())
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().startswith(HELPS[words])
