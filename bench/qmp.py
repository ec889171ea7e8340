"""What a client of a monitor notices: commands a second, and how soon the first is answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import pyqom
from bench import qemu
from bench.monitors import PYQOM, Served, rates, request, served, start_seconds
from bench.report import Row, Skipped, progress, rate_text, time_text
from pyqom import release as releases

Result = Row | Skipped
MACHINE = ("-M", "q35", "-m", "128", "-cpu", "max")
CPU = "/machine/unattached/device[0]"
BATCH = 100

QUESTIONS = (
    ("query-status", request("query-status"), 1.5),
    ("qom-get, a feature", request("qom-get", path=CPU, property="avx"), 2.5),
    ("qom-get, feature-words", request("qom-get", path=CPU, property="feature-words"), 2.5),
    ("qom-list /machine", request("qom-list", path="/machine"), 2.5),
    ("qom-list a CPU", request("qom-list", path=CPU), 2.5),
)
"""What is asked again and again, and how many times QEMU's rate is promised."""
PIPELINED = 5.0

OBJECTS: dict[str, dict[str, Any]] = {
    "memory-backend-ram": {"size": 4096},
    "throttle-group": {},
    "iothread": {},
    "authz-list": {"rules": [{"match": "a", "policy": "allow"}]},
}


def _servers() -> tuple[list[list[str]], list[Skipped]]:
    """The commands to measure, pyqom's first, and what is lacking."""
    live = qemu.find(releases.get())
    if isinstance(live, list):
        return [PYQOM, live], []
    return [PYQOM], [Skipped(f"QEMU {releases.get().name} beside the monitor", live)]


def monitor(rounds: int) -> Iterator[Result]:
    """Commands on one machine, beside QEMU with the same machine and the same client."""
    commands, lacking = _servers()
    yield from lacking
    slices = 1 + rounds
    with served(commands, *MACHINE) as servers:
        for what, data, target in QUESTIONS:
            progress(f"QMP: {what}")
            _expect(servers, data)
            found = rates(servers, lambda server, data=data: server.ask(data), slices)  # type: ignore[misc]
            yield _rates(what, found, target)
            found = rates(servers, lambda server, data=data: server.pipeline(data, BATCH), slices)  # type: ignore[misc]
            yield _rates("  pipelined", [BATCH * rate for rate in found], PIPELINED)
        for kind, more in OBJECTS.items():
            progress(f"QMP: object-add {kind}")
            found = rates(servers, _pair(servers, kind, more), slices)
            yield _rates(f"object-add and -del, {kind}", found, 2)


def _expect(servers: list[Served], data: bytes) -> None:
    """That what is measured is no error."""
    for server in servers:
        line = server.ask(data)
        if not line.startswith(b'{"return": '):
            raise AssertionError(f"{data!r}: {line[:200]!r}")


def _rates(what: str, found: list[float], target: float) -> Row:
    mine, *others = found
    return _beside(what, rate_text(mine), [rate_text(rate) for rate in others], found, target)


def _times(what: str, found: list[float], target: float | None) -> Row:
    mine, *others = found
    speeds = [1 / seconds for seconds in found]
    return _beside(what, time_text(mine), [time_text(each) for each in others], speeds, target)


def _beside(
    what: str, mine: str, others: list[str], speeds: list[float], target: float | None
) -> Row:
    """A row of what pyqom and perhaps QEMU do, by their speeds."""
    if not others:
        return Row(what, mine)
    ratio = speeds[0] / speeds[1]
    promised = "" if target is None else f">= {target:g} x"
    met = None if target is None else ratio >= target
    return Row(what, mine, f"QEMU {others[0]}", f"{ratio:.1f} x", promised, met)


def _pair(servers: list[Served], kind: str, more: dict[str, Any]) -> Callable[[Served], None]:
    """Adding an object of a type, and deleting it."""
    add = request("object-add", qom_type=kind, id="bench", **more)
    remove = request("object-del", id="bench")

    def act(server: Served) -> None:
        server.ask(add)
        server.ask(remove)

    _expect(servers, add)
    _expect(servers, remove)
    return act


def models(rounds: int) -> Iterator[Result]:
    """What CPU models are: asked for the first time in a process, and again."""
    commands, _ = _servers()
    names = [model["name"] for model in pyqom.definitions(machine="q35")]
    asked = {
        "query-cpu-definitions": [request("query-cpu-definitions")],
        f"full expansion of all {len(names)} models": [
            request("query-cpu-model-expansion", type="full", model={"name": name})
            for name in names
        ],
    }
    for what, requests in asked.items():
        progress(f"QMP: {what}")
        with served(commands, *MACHINE) as servers:
            first = [_spent(server, requests) for server in servers]
            _expect(servers, requests[0])
            found = rates(servers, lambda server, all=requests: _all(server, all), 1 + rounds)  # type: ignore[misc]
        yield _times(what, [1 / rate for rate in found], 5)
        yield _times("  the first time in a process", first, None)


def _all(server: Served, requests: list[bytes]) -> None:
    for data in requests:
        server.ask(data)


def _spent(server: Served, requests: list[bytes]) -> float:
    """Seconds for requests, one after the other."""
    start = time.perf_counter()
    _all(server, requests)
    return time.perf_counter() - start


def first_reply(rounds: int) -> Iterator[Result]:
    """From the start of a process to its first reply."""
    commands, lacking = _servers()
    yield from lacking
    for machine, target in (("none", 0.12), ("q35", None)):
        progress(f"starting -M {machine}")
        found: list[list[float]] = [[] for _ in commands]
        for _ in range(5 * rounds):
            for command, spent in zip(commands, found, strict=True):
                spent.append(start_seconds(command, "-M", machine))
        mine, *others = map(median, found)
        peer = f"QEMU {time_text(others[0])}" if others else ""
        ratio = f"{others[0] / mine:.2f} x" if others else ""
        promised = "" if target is None else f"< {time_text(target)}"
        met = None if target is None else mine < target
        what = f"start to first reply, -M {machine}"
        yield Row(what, time_text(mine), peer, ratio, promised, met)
