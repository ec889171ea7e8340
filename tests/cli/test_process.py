"""Whole processes: pipes, terminals, signals, what is imported."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "pyqom"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def run(*argv, **more):
    return subprocess.run(
        [*COMMAND, *argv], capture_output=True, text=True, env=ENVIRONMENT, check=False, **more
    )


@pytest.mark.parametrize(
    ("argv", "status"),
    [
        (("diff", "EPYC", "EPYC"), 0),
        (("diff", "EPYC-v1", "EPYC-v2"), 1),
        (("expand", "Foo"), 2),
        ((), 2),
    ],
)
def test_exit_status(argv, status):
    done = run(*argv)
    assert done.returncode == status
    assert "Traceback" not in done.stderr


def test_main_returns_to_its_caller():
    code = "from pyqom.cli import main; print('status', main(['expand', 'Foo']))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=True
    )
    assert done.stdout == "status 2\n"


def test_json_is_whole():
    assert json.loads(run("expand", "EPYC", "--json").stdout)["model"]["name"] == "EPYC"


@pytest.mark.parametrize(
    ("argv", "status"),
    [
        (("expand", "--all", "--machine", "all"), 0),
        (("models",), 0),
        (("diff", "EPYC", "--along", "pc-q35"), 1),
    ],
)
def test_broken_pipe_is_quiet(argv, status):
    with subprocess.Popen(
        [*COMMAND, *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == status


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("argv", [("expand", "--all"), ("models",)])
def test_full_disk_is_told(argv):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, *argv], stdout=full, stderr=subprocess.PIPE, env=ENVIRONMENT, check=False
        )
    assert (done.returncode, done.stderr) == (2, b"pyqom: No space left on device\n")


@pytest.mark.parametrize(
    ("closed", "argv", "told"),
    [
        (">&-", "models", "pyqom: standard output is closed\n"),
        ("2>&-", "expand Foo", ""),
    ],
)
def test_closed_streams(closed, argv, told):
    shell = f'exec "{sys.executable}" -m pyqom {argv} {closed}'
    done = subprocess.run(
        ["/bin/sh", "-c", shell], capture_output=True, text=True, env=ENVIRONMENT, check=False
    )
    assert (done.returncode, done.stderr) == (2, told)


def test_interrupt():
    with subprocess.Popen(
        [*COMMAND, "expand", "--all", "--machine", "all"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)  # at work, and held up by the pipe
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        told = process.stderr.read()
    assert (process.returncode, told) == (130, b"")


def on_terminal(argv, both=True, **environment):
    """What a terminal shows of a command; with its stdout elsewhere where `both` is false."""
    master, slave = pty.openpty()
    env = {**ENVIRONMENT, "TERM": "xterm", "COLUMNS": "100", **environment}
    for name in ("FORCE_COLOR", *({"NO_COLOR"} - environment.keys())):
        env.pop(name, None)
    with subprocess.Popen(
        [*COMMAND, *argv],
        stdin=slave,
        stdout=slave if both else subprocess.DEVNULL,
        stderr=slave,
        env=env,
    ) as process:
        os.close(slave)
        shown = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
    os.close(master)
    return process.returncode, shown.decode()


def test_colour_on_a_terminal_only():
    pytest.importorskip("rich")
    status, shown = on_terminal(("diff", "EPYC-v1", "EPYC-v2"))
    assert status == 1
    assert "\x1b[" in shown
    assert "─" in shown
    assert "\x1b[3" not in on_terminal(("diff", "EPYC-v1", "EPYC-v2"), NO_COLOR="1")[1]
    assert run("diff", "EPYC-v1", "EPYC-v2").stdout.isascii()


def test_json_on_a_terminal_is_indented():
    status, shown = on_terminal(("expand", "EPYC", "--json"))
    assert status == 0
    assert shown.startswith('{\r\n  "model": {')
    assert json.loads(shown)["model"]["name"] == "EPYC"


def test_progress_where_only_stderr_is_a_terminal():
    code = (
        "import sys, pyqom.cli.progress as progress; progress.PATIENCE = progress.INTERVAL = 0;"
        "from pyqom.cli import main;"
        "sys.exit(main(['expand', '--all', '--machine', 'pc,q35,none']))"
    )
    global COMMAND
    before, COMMAND = COMMAND, [sys.executable, "-c", code]
    try:
        status, shown = on_terminal((), both=False)
    finally:
        COMMAND = before
    assert status == 0
    reports = shown.split("\r")
    assert reports[1].startswith("1/3 pc-i440fx-")
    assert reports[3].startswith("3/3 none")
    assert reports[-1] == ""
    assert reports[-2].strip() == ""


HEAVY = {
    "argparse", "asyncio", "attr", "attrs", "cattrs", "dataclasses", "enum", "inspect", "json",
    "jsonschema", "pathlib", "re", "rich", "typing",
}  # fmt: skip


@pytest.mark.parametrize("more", [(), ("--json",), ("--type", "static")])
def test_expand_imports_little(more):
    code = (
        "import sys; from pyqom.cli import main; before = set(sys.modules);"
        "main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, "expand", "EPYC", "--machine", "q35", *more],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        check=True,
    )
    loaded = set(done.stderr.split())
    assert not loaded & HEAVY
    assert {name for name in loaded if name.startswith("pyqom.cli.")} <= {
        f"pyqom.cli.{name}" for name in ("program", "options", "output", "expand", "inputs", "page")
    }
