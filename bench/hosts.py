"""A host that was never asked about: which models run on it, and who is to blame for the rest."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pyqom
from bench import qemu
from bench.report import Row, Skipped, time_text
from pyqom import release as releases
from pyqom.hosts import Host
from pyqom.hosts.reading import host_of
from pyqom.release import Release

FILE = Path(__file__).parents[1] / "tests" / "data" / "hosts" / "genoa.json"
MACHINE = "q35"


def hosts(rounds: int) -> Iterator[Row | Skipped]:
    """Each question is asked of a host that differs from all before it."""
    record: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    for release in reversed(releases.releases()):
        pyqom.definitions(machine=MACHINE, release=release.name, host=another(record, 0))
        listed, blamed = [], []
        for number in range(1, 10 * rounds, 2):
            for ask, found, count in (
                (pyqom.definitions, listed, number),
                (pyqom.why, blamed, number + 1),
            ):
                host = another(record, count)
                start = time.perf_counter()
                ask(machine=MACHINE, release=release.name, host=host)  # type: ignore[operator]
                found.append(time.perf_counter() - start)
        seconds = median(listed)
        beside = live_definitions(release)
        what = f"definitions of {release.name} on a new host"
        if isinstance(beside, str):
            yield Row(what, time_text(seconds), "", "", "< 15 ms", seconds < 0.015)
            yield Skipped(f"QEMU {release.name} under KVM", beside)
        else:
            peer, ratio = f"QEMU {time_text(beside)}", f"{beside / seconds:.1f} x"
            yield Row(what, time_text(seconds), peer, ratio, "< 15 ms", seconds < 0.015)
        seconds = median(blamed)
        what = f"why, all models of {release.name}, on a new host"
        yield Row(what, time_text(seconds), "", "", "< 50 ms", seconds < 0.05)


def another(record: dict[str, Any], number: int) -> Host:
    """The host, with another number of the kernel's clock, so that nothing is known of it."""
    return host_of({**record, "tsc_khz": 2_000_000 + number}, f"host {number}")


def live_definitions(release: Release) -> float | str:
    """How long QEMU takes from its start to its definitions under KVM; else why it does not."""
    command = qemu.find(release)
    if isinstance(command, str):
        return command
    found = []
    for _ in range(3):
        start = time.perf_counter()
        try:
            with qemu.running(command, MACHINE, "kvm") as live:
                live.ask("query-cpu-definitions")
                found.append(time.perf_counter() - start)
        except (EOFError, OSError) as error:
            return f"it does not start with -accel kvm: {error}"
    return median(found)
