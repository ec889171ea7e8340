"""A live QEMU at the same work: every model of every machine type, over QMP.

One QEMU a machine type, one after the other; each reply is awaited before the next request, and
none is parsed, so that only QEMU is timed.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyqom.machines import machines
from pyqom.release import Release

NOT_STARTED = {"nitro", "xenfv", "xenpv"}
"""Machine types that need more than a command line; pyqom answers for them all the same."""


class Qemu:
    """One running QEMU."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.greeting = json.loads(self.line())
        self.ask("qmp_capabilities")

    def line(self) -> bytes:
        """The next reply, as QEMU sent it.  Raises EOFError where QEMU has ended."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if b'"event"' not in line[:80]:
                return line
        raise EOFError("QEMU ended")

    def ask(self, execute: str, **arguments: Any) -> bytes:
        assert self.process.stdin is not None
        request = {"execute": execute, "arguments": arguments}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        return self.line()


@contextmanager
def running(command: list[str], machine: str, accel: str = "tcg") -> Iterator[Qemu]:
    """A QEMU that is gone afterwards."""
    options = ("-M", machine, "-accel", accel, "-S", "-nodefaults", "-display", "none", "-m", "16")
    process = subprocess.Popen(
        [*command, *options, "-qmp", "stdio"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=1 << 16,
        pipesize=1 << 20,
    )
    try:
        yield Qemu(process)
    finally:
        process.kill()
        process.communicate()


def find(release: Release) -> list[str] | str:
    """The command of a QEMU of that release; else why there is none.

    PYQOM_QEMU_11_1 (for 11.1) may name it, with a ``chroot`` before it if need be.
    """
    variable = f"PYQOM_QEMU_{release.name.replace('.', '_')}"
    words = shlex.split(os.environ.get(variable, "qemu-system-x86_64"))
    if shutil.which(words[0]) is None:
        return f"{words[0]} is not installed; {variable} may name a QEMU"
    try:
        with running(words, "none") as qemu:
            told = qemu.greeting["QMP"]["version"]["qemu"]
    except (EOFError, OSError, ValueError) as error:
        return f"{shlex.join(words)} does not start: {error}"
    version = told["major"], told["minor"], told["micro"]
    if version == release.version:
        return words
    return f"the QEMU here is {'.'.join(map(str, version))}; {variable} may name another"


def sweep(command: list[str], release: Release) -> tuple[float, int]:
    """Seconds for all models on all machine types, and how many expansions that were."""
    names = [each.name for each in machines(release.name) if each.name not in NOT_STARTED]
    count = 0
    start = time.perf_counter()
    for machine in names:
        with running(command, machine) as qemu:
            models = json.loads(qemu.ask("query-cpu-definitions"))["return"]
            for model in models:
                asked = {"type": "full", "model": {"name": model["name"]}}
                qemu.ask("query-cpu-model-expansion", **asked)
            count += len(models)
    return time.perf_counter() - start, count
