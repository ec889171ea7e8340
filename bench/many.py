"""A thousand machines in one process, each with a unix socket of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

from bench import processes
from bench.report import Row, Skipped, progress, time_text

COUNT = 1000
MACHINES = ("none", "q35")

SCRIPT = """
import gc, json, os, resource, socket, sys, tempfile, time
from pyqom.testing import FakeQemu
from pyqom.testing.thread import LoopThread

count, machine = int(sys.argv[1]), sys.argv[2]
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if hard != resource.RLIM_INFINITY and hard < 2 * count + 64:
    sys.exit(f"{hard} open files are allowed")
resource.setrlimit(resource.RLIMIT_NOFILE, (2 * count + 64, hard))

def resident():
    gc.collect()
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmRSS"))

def asked(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(b'{"execute": "qmp_capabilities"}{"execute": "query-status"}')
        with client.makefile("rb") as lines:
            return [json.loads(next(lines)) for _ in range(3)][2]["return"]["status"]

thread = LoopThread()
with tempfile.TemporaryDirectory(prefix="pyqom-") as folder:
    def served(number):
        path = os.path.join(folder, str(number))
        return FakeQemu(machine=machine, path=path, thread=thread).start()

    fakes = [served(0)]
    asked(fakes[0].path)
    before, start = resident(), time.perf_counter()
    fakes += [served(number) for number in range(1, count)]
    spent = time.perf_counter() - start
    assert all(asked(fake.path) == "running" for fake in fakes)
    used = resident() - before
    for fake in fakes:
        fake.close()
thread.close()
print(json.dumps([spent / (count - 1), used / (count - 1)]))
"""


def many(rounds: int) -> Iterator[Row | Skipped]:
    """How long each of many machines takes to start, and how much memory; each was asked once."""
    if not sys.platform.startswith("linux"):
        yield Skipped(f"{COUNT} machines in one process", "resident memory is read from /proc")
        return
    for machine in MACHINES:
        progress(f"{COUNT} machines, {machine}")
        command = (*processes.python(SCRIPT), str(COUNT), machine)
        done = subprocess.run(command, capture_output=True, text=True)
        what = f"{COUNT} served machines, {machine}"
        if done.returncode:
            yield Skipped(what, done.stderr.strip().rpartition("\n")[2])
            continue
        seconds, memory = json.loads(done.stdout)
        row = f"{what}: each starts in"
        yield Row(row, time_text(seconds), "", "", "< 5 ms", seconds < 0.005)
        text = f"{memory / 1e6:.2f} MB"
        yield Row("  its memory", text, "", "", "< 1.5 MB", memory < 1.5e6)
