"""``python -m bench [--rounds N] [--only WORD]``: measure what the README promises, and say so.

Exit status 1 where a target was missed.
"""

from __future__ import annotations

import argparse
import compileall
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pyqom
from bench import cpuid, hosts, many, peers, processes, qemu, qmp
from bench.report import Row, Skipped, progress, show, time_text
from pyqom import release as releases

Result = Row | Skipped
MODEL, MACHINE = "SandyBridge", "pc-i440fx-1.6"


def sweeps(rounds: int) -> Iterator[Result]:
    """Every model on every machine type, as one process, beside as many QEMUs as it replaces."""
    for release in reversed(releases.releases()):
        what = f"all models, all machine types of {release.name}"
        command = (*processes.pyqom_command(), "expand", "--all", "--machine", "all")
        command += ("--release", release.name)
        own, beside, count = [processes.run(*command)], [], 0
        live = qemu.find(release)
        for number in range(rounds):
            own += [processes.run(*command) for _ in range(3)]
            if isinstance(live, list):
                progress(f"{what}: QEMU, sweep {number + 1} of {rounds}")
                seconds, count = qemu.sweep(live, release)
                beside.append(seconds)
        mine, peak = median(each.seconds for each in own), max(each.peak for each in own)
        if beside:
            ratio = median(beside) / mine
            peer = f"QEMU {time_text(median(beside))} ({count} expansions)"
            promised = release is releases.get()
            target, met = (">= 20 x", ratio >= 20) if promised else ("", None)
            yield Row(what, time_text(mine), peer, f"{ratio:.0f} x", target, met)
        else:
            yield Row(what, time_text(mine))
            yield Skipped(f"QEMU {release.name}", str(live))
        yield Row("  its peak memory", f"{peak / 1e6:.0f} MB", "", "", "< 150 MB", peak < 150e6)


def expansion(rounds: int) -> Iterator[Result]:
    """One expansion of a model that was asked before, and the first one in a process."""
    pyqom.expand(MODEL, machine=MACHINE)
    found = []
    for _ in range(200 * rounds):
        start = time.perf_counter()
        pyqom.expand(MODEL, machine=MACHINE)
        found.append(time.perf_counter() - start)
    seconds = median(found)
    yield Row("one expansion, asked before", time_text(seconds), "", "", "< 100 µs", seconds < 1e-4)
    found = []
    for number in range(20 * rounds):
        start = time.perf_counter()
        pyqom.expand(MODEL, machine=MACHINE, props={"level": number, "avx": False})
        found.append(time.perf_counter() - start)
    yield Row("one expansion, with new properties", time_text(median(found)))


def starts(rounds: int) -> Iterator[Result]:
    """What Python's own start costs, with an import, and with a whole command."""
    script = (*processes.pyqom_command(), "expand", MODEL, "--machine", MACHINE, "--json")
    progress("starting processes")
    commands = (processes.python("pass"), processes.python("import pyqom"), script)
    bare, imported, whole = processes.medians(15 * rounds, *commands)
    added = imported - bare
    peer = f"bare Python {time_text(bare)}"
    yield Row("import pyqom adds", time_text(added), peer, "", "< 30 ms", added < 0.03)
    ratio = whole / bare
    what = f"pyqom expand {MODEL} --machine {MACHINE}"
    yield Row(what, time_text(whole), peer, f"{ratio:.2f} x", "< 3 x", ratio < 3)


def property_set(rounds: int) -> Iterator[Result]:
    """A checked set of one of 300 inherited properties."""
    names = [name for name in peers.PEERS if peers.installed(name)]
    progress("setting properties")
    things = [peers.of_pyqom(), *(peers.PEERS[name]() for name in names)]
    mine, *others = peers.set_seconds(things, 3 + 2 * rounds)
    for name, seconds in zip(names, others, strict=True):
        ratio, target = seconds / mine, 5 if name == "traitlets" else None
        met = ratio >= target if target else None
        row = (time_text(mine), f"{name} {time_text(seconds)}", f"{ratio:.1f} x")
        yield Row("one checked property set", *row, f">= {target} x" if target else "", met)
    for name in peers.PEERS.keys() - set(names):
        yield Skipped(name, f"not installed: pip install {name}")


CLASSES = """
import gc, time
from pyqom import release
from pyqom.catalog import registry
gc.disable()
start, count = time.perf_counter(), 0
for each in release.releases():
    types = registry(each)
    for name in types.list("x86_64-cpu", abstract=True):
        types.get(name)
        count += 1
print(count, time.perf_counter() - start)
"""


def classes(rounds: int) -> Iterator[Result]:
    """Every CPU model and version of every release as a class, in a fresh Python."""
    import subprocess

    found, count = [], ""
    for _ in range(3 * rounds):
        done = subprocess.run(processes.python(CLASSES), capture_output=True, text=True, check=True)
        count, spent = done.stdout.split()
        found.append(float(spent))
    seconds = median(found)
    what = f"all {count} CPU classes made"
    yield Row(what, time_text(seconds), "", "", "< 60 ms", seconds < 0.06)


PARTS = {
    "sweep": sweeps,
    "expand": expansion,
    "start": starts,
    "set": property_set,
    "classes": classes,
    "hosts": hosts.hosts,
    "cpuid": cpuid.cpuid,
    "qmp": qmp.monitor,
    "models": qmp.models,
    "first": qmp.first_reply,
    "many": many.many,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="sweeps of QEMU; the rest follows")
    parser.add_argument("--only", choices=PARTS, help="one part")
    given = parser.parse_args()
    compileall.compile_dir(str(Path(pyqom.__file__).parent), quiet=2)  # as an installation does
    results: list[Result] = []
    for name, part in PARTS.items():
        if given.only in (None, name):
            results += part(given.rounds)
    progress("")
    print(f"{platform.python_implementation()} {platform.python_version()}, medians\n")
    rows = [each for each in results if isinstance(each, Row)]
    show(rows, [each for each in results if isinstance(each, Skipped)])
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
