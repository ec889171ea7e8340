"""Whole processes: how long they take from start to end, and how much memory at most."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple


class Run(NamedTuple):
    """A process that has ended."""

    seconds: float
    peak: int
    """Most memory it ever had, in bytes."""


def run(*command: str) -> Run:
    """Run a command to its end, its output thrown away.  Raises CalledProcessError."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, usage.ru_maxrss * unit)


def medians(times: int, *commands: tuple[str, ...]) -> list[float]:
    """The median seconds of each command, in turns so that a busy moment hits all alike."""
    seconds: list[list[float]] = [[] for _ in commands]
    for _ in range(times):
        for found, command in zip(seconds, commands, strict=True):
            found.append(run(*command).seconds)
    return [median(found) for found in seconds]


def pyqom_command() -> tuple[str, ...]:
    """The console script of this environment; ``python -m pyqom`` where there is none."""
    script = Path(sysconfig.get_path("scripts")) / "pyqom"
    return (str(script),) if script.exists() else (sys.executable, "-m", "pyqom")


def python(code: str) -> tuple[str, ...]:
    return sys.executable, "-c", code
