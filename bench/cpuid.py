"""A guest's whole CPUID: of a vCPU that is there, asked for anew, and by a guest of a live QEMU."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

import pyqom
from bench import qemu
from bench.report import Row, Skipped, time_text
from pyqom import release as releases
from tests.conformance import cpuidrom

MODELS = ("EPYC-Milan", "Icelake-Server", "max")
TARGET = 300e-6


def cpuid(rounds: int) -> Iterator[Row | Skipped]:
    """The slowest of some models counts."""
    for release in reversed(releases.releases()):
        machine = f"pc-q35-{release.name}"
        cpus = [pyqom.guest_cpu(model, machine=machine) for model in MODELS]
        table = max(_seconds(cpu.cpuid_table, 100 * rounds) for cpu in cpus)
        whole = max(
            _seconds(partial(pyqom.cpuid, model, machine=machine), 20 * rounds) for model in MODELS
        )
        what = f"CPUID of a vCPU of {release.name}, all of it"
        yield Row(what, time_text(table), "", "", "< 300 µs", table < TARGET)
        live = qemu.find(release)
        if isinstance(live, list):
            places = [row[:2] for row in cpus[0].cpuid_table() if row[0] != 0x1C]
            options = ("-M", machine, "-cpu", MODELS[0])
            beside = _seconds(partial(cpuidrom.run, live, options, places), rounds)
            peer, ratio = f"a guest of QEMU {time_text(beside)}", f"{beside / whole:.0f} x"
            yield Row("  of a model, from its name on", time_text(whole), peer, ratio)
        else:
            yield Row("  of a model, from its name on", time_text(whole))
            yield Skipped(f"a guest of QEMU {release.name}", str(live))


def _seconds(act: Callable[[], object], times: int) -> float:
    """The median of some runs, after one that does not count."""
    act()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        found.append(time.perf_counter() - start)
    return median(found)
