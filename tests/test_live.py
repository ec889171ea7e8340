"""pyqom against a live QEMU: random models, machine types, properties and mistakes.

The QEMU is ``qemu-system-x86_64``, or what PYQOM_QEMU says: a command line, such as
``chroot DIR qemu-system-x86_64``.  Its version decides the release; without one that pyqom
carries all is skipped.  The questions come from a seed and are the same in every run.
"""

from __future__ import annotations

import json
import os
import random
import shlex
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import pyqom
from pyqom import machines, release
from pyqom.release import Release
from tests.conformance import questions
from tests.conformance.recordings import differences, exact

pytestmark = pytest.mark.live

SEED = 20260101
MACHINE_TYPES = 8
QUESTIONS = 60
LIMIT = 120
"""Seconds that one QEMU may live."""

NOT_STARTED = {"nitro", "xenfv", "xenpv"}
"""Machine types that need more than a command line."""

NOT_SET = {"memory", "realized"}
"""Properties that need a machine around the CPU."""

FRAGILE = {"lbr-fmt", "lbr_fmt"}
"""Properties with which 7.2 aborts when they are given a value of the wrong type."""

MISTAKES: tuple[Any, ...] = (None, "on", "", "7", -1, 1, 3.5, 1 << 32, 1 << 63, [], {}, True)
NAMES = ("nosuch", "", "feature-words", "type", "+avx2", "full-cpuid-auto-level", "apicid")


class Qemu:
    """A QEMU that is asked over QMP on its standard input and output."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.greeting = self.read()
        self.ask("qmp_capabilities")

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message: dict[str, Any] = json.loads(line)
            if "event" not in message:
                return message
        raise EOFError(f"QEMU ended with {self.process.wait()}")

    def ask(self, execute: str, **arguments: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        print(json.dumps({"execute": execute, "arguments": arguments}), file=self.process.stdin)
        return self.read()


@contextmanager
def running(command: list[str], machine: str, accel: str = "tcg") -> Iterator[Qemu]:
    """A QEMU that is gone afterwards, whatever happens, and in LIMIT seconds at the latest."""
    options = ("-M", machine, "-accel", accel, "-S", "-nodefaults", "-display", "none", "-m", "16")
    process = subprocess.Popen(
        [*command, *options, "-qmp", "stdio"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        bufsize=1,
    )
    timer = threading.Timer(LIMIT, process.kill)
    timer.start()
    try:
        yield Qemu(process)
    finally:
        timer.cancel()
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def command() -> list[str]:
    words = shlex.split(os.environ.get("PYQOM_QEMU", "qemu-system-x86_64"))
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed: nothing to compare with")
    return words


@pytest.fixture(scope="module")
def carried(command: list[str]) -> Release:
    """The release that the installed QEMU is of."""
    with running(command, "none") as qemu:
        told = qemu.greeting["QMP"]["version"]["qemu"]
    version = told["major"], told["minor"], told["micro"]
    for each in release.releases():
        if each.version == version:
            return each
    pytest.skip(f"the installed QEMU is {'.'.join(map(str, version))}, which pyqom does not carry")


@pytest.fixture(scope="module")
def chosen(carried: Release) -> list[str]:
    """The machine types of this run: `none`, and some at random."""
    names = [each.name for each in machines.machines(carried.name)]
    able = sorted(set(names) - NOT_STARTED - {"none"})
    return ["none", *random.Random(SEED).sample(able, MACHINE_TYPES - 1)]


def arguments(rng: random.Random, models: list[str], props: dict[str, Any]) -> dict[str, Any]:
    """A random question, in one of eight with a mistake in it."""
    given = {
        name: changed(rng, props[name]) for name in rng.sample(sorted(props), rng.randrange(6))
    }
    if rng.random() < 0.125:
        given[rng.choice([*NAMES, *sorted(props.keys() - FRAGILE)])] = rng.choice(MISTAKES)
    model: dict[str, Any] = {"name": rng.choice(models)}
    if given or rng.random() < 0.5:
        model["props"] = given
    return {"type": rng.choice(("full", "static")), "model": model}


def changed(rng: random.Random, value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return rng.random() < 0.5
    if isinstance(value, int):
        return rng.choice((0, 1, 13, 0x8000_0008, value))
    return rng.choice((value, "AuthenticAMD", "on", "a text"))


@pytest.mark.parametrize("number", range(MACHINE_TYPES))
def test_answers_are_those_of_a_live_qemu(
    command: list[str], carried: Release, chosen: list[str], number: int
) -> None:
    machine, rng = chosen[number], random.Random(SEED + number)
    models = [each["name"] for each in pyqom.definitions(machine=machine, release=carried.name)]
    said = pyqom.expand("max", machine=machine, release=carried.name)["model"]["props"]
    props = {name: value for name, value in said.items() if name not in NOT_SET}
    with running(command, machine) as qemu:
        live = qemu.ask("query-cpu-definitions")["return"]
        told: Any = pyqom.definitions(machine=machine, release=carried.name)
        assert exact(told) == exact(live)
        for _ in range(QUESTIONS):
            asked = arguments(rng, models, props)
            want = qemu.ask("query-cpu-model-expansion", **asked)
            got = questions.reply(carried.name, machine, asked)
            compare(want, got, f"{machine}: {json.dumps(asked)}")


def compare(want: dict[str, Any], got: dict[str, Any], question: str) -> None:
    if "return" in want and "return" in got:
        left, right = want["return"]["model"], got["return"]["model"]
        assert (left["name"], differences(left["props"], right["props"])) == (right["name"], [])
    else:
        assert got == want, question
