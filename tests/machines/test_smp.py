"""``-smp``: what follows from what is given, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from pyqom import machines
from pyqom.errors import PyqomError
from pyqom.machines.smp import LEVELS, parse_smp

NEW, OLD, BEFORE = ("pc-q35-11.1", "11.1"), ("pc-i440fx-6.1", "11.1"), ("pc-q35-7.2", "7.2")
PARTS = ("cpus", "maxcpus", "sockets", "dies", "modules", "cores", "threads")


def parse(machine: tuple[str, str], config: dict[str, int], said: list[str] | None = None) -> Any:
    warn = None if said is None else said.append
    return parse_smp(machines.find(*machine), config, warn)


@pytest.mark.parametrize(
    ("machine", "config", "parts"),
    [
        (NEW, {}, (1, 1, 1, 1, 1, 1, 1)),
        (NEW, {"cpus": 4}, (4, 4, 1, 1, 1, 4, 1)),
        (OLD, {"cpus": 4}, (4, 4, 4, 1, 1, 1, 1)),
        (NEW, {"cpus": 4, "cores": 2}, (4, 4, 2, 1, 1, 2, 1)),
        (OLD, {"cpus": 4, "sockets": 2}, (4, 4, 2, 1, 1, 2, 1)),
        (NEW, {"cpus": 2, "maxcpus": 8, "threads": 2}, (2, 8, 1, 1, 1, 4, 2)),
        (OLD, {"cpus": 2, "maxcpus": 8, "threads": 2}, (2, 8, 4, 1, 1, 1, 2)),
        (NEW, {"sockets": 2, "cores": 3}, (6, 6, 2, 1, 1, 3, 1)),
        (NEW, {"maxcpus": 6, "sockets": 3}, (6, 6, 3, 1, 1, 2, 1)),
        (NEW, {"cpus": 8, "sockets": 2, "cores": 2}, (8, 8, 2, 1, 1, 2, 2)),
        (NEW, {"cpus": 8, "dies": 2, "modules": 2}, (8, 8, 1, 2, 2, 2, 1)),
        (NEW, {"cpus": 1, "clusters": 1, "books": 1}, (1, 1, 1, 1, 1, 1, 1)),
        (BEFORE, {"cpus": 4, "sockets": 0}, (4, 4, 1, 1, 1, 4, 1)),
        (NEW, {"cpus": (1 << 32) + 2}, (2, 2, 1, 1, 1, 2, 1)),
    ],
)
def test_what_is_missing(
    machine: tuple[str, str], config: dict[str, int], parts: tuple[int, ...]
) -> None:
    smp = parse(machine, config)
    assert tuple(getattr(smp, name) for name in PARTS) == parts
    assert smp.total == smp.maxcpus
    assert {level for level in LEVELS if level not in PARTS and getattr(smp, level) != 1} == set()


UNEVEN = "Invalid CPU topology: product of the hierarchy must match maxcpus: "
FEW = "Invalid CPU topology: maxcpus must be equal to or greater than smp: "


@pytest.mark.parametrize(
    ("machine", "config", "text"),
    [
        (
            NEW,
            {"cpus": 3, "cores": 9},
            UNEVEN + "sockets (0) * dies (1) * modules (1) * cores (9) * threads (1)"
            " != maxcpus (3)",
        ),
        (
            BEFORE,
            {"cpus": 3, "cores": 2},
            UNEVEN + "sockets (1) * dies (1) * cores (2) * threads (1) != maxcpus (3)",
        ),
        (
            NEW,
            {"cpus": 2, "maxcpus": 1},
            FEW + "sockets (1) * dies (1) * modules (1) * cores (1) * threads (1)"
            " == maxcpus (1) < smp_cpus (2)",
        ),
        (
            NEW,
            {"cpus": 1, "maxcpus": 9999},
            "Invalid SMP CPUs 9999. The max CPUs supported by machine 'pc-q35-11.1' is 4096",
        ),
        (
            NEW,
            {"cpus": -1},
            "Invalid SMP CPUs -1. The max CPUs supported by machine 'pc-q35-11.1' is 4096",
        ),
        (
            ("none", "11.1"),
            {"cpus": 2},
            "Invalid SMP CPUs 2. The max CPUs supported by machine 'none' is 1",
        ),
        (
            NEW,
            {"cpus": 0},
            "Invalid CPU topology: CPU topology parameters must be greater than zero",
        ),
        (
            ("microvm", "11.1"),
            {"dies": 2, "modules": 2},
            "modules > 1 not supported by this machine's CPU topology",
        ),
        (("microvm", "7.2"), {"dies": 2}, "dies not supported by this machine's CPU topology"),
        (NEW, {"drawers": 2}, "drawers > 1 not supported by this machine's CPU topology"),
        (
            NEW,
            {"cpus": 2, "sockets": 65536, "cores": 65536},
            UNEVEN + "sockets (65536) * dies (1) * modules (1) * cores (65536) * threads (0)"
            " != maxcpus (2)",
        ),
    ],
)
def test_what_is_refused(machine: tuple[str, str], config: dict[str, int], text: str) -> None:
    with pytest.raises(PyqomError) as caught:
        parse(machine, config)
    assert str(caught.value) == text


def test_zero_is_only_warned_of_before() -> None:
    said: list[str] = []
    assert parse(BEFORE, {"cpus": 0}, said).cpus == 1
    assert said == [
        "Deprecated CPU topology (considered invalid): "
        "CPU topology parameters must be greater than zero"
    ]
