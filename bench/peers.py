"""A checked property set, in pyqom and in the frameworks that one would otherwise take.

Each declares 300 properties (an int with a range, a bool and a text in turn) in a base class; what
is timed is the set of one int in an empty subclass, where a text and a number out of range are
refused.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

COUNT = 300
MOST = 65535


def of_pyqom() -> Any:
    from pyqom.types import Bool, Object, Registry, Str, UInt16

    kinds = (lambda: UInt16(7), lambda: Bool(False), lambda: Str("x"))
    body = {f"p{number}": kinds[number % 3]() for number in range(COUNT)}
    types = Registry()
    made: Any = type(Object)
    base = made("Base", (Object,), body, typename="bench-base", registry=types)
    return made("Sub", (base,), {}, typename="bench-sub", registry=types)()


def of_traitlets() -> Any:
    import traitlets

    kinds = (
        lambda: traitlets.Int(7, min=0, max=MOST),
        lambda: traitlets.Bool(False),
        lambda: traitlets.Unicode("x"),
    )
    body = {f"p{number}": kinds[number % 3]() for number in range(COUNT)}
    base = type("Base", (traitlets.HasTraits,), body)
    return type("Sub", (base,), {})()


def of_attrs() -> Any:
    import attrs
    from attrs import validators

    kinds = (
        lambda: attrs.field(
            default=7,
            validator=[validators.instance_of(int), validators.ge(0), validators.le(MOST)],
        ),
        lambda: attrs.field(default=False, validator=validators.instance_of(bool)),
        lambda: attrs.field(default="x", validator=validators.instance_of(str)),
    )
    body = {f"p{number}": kinds[number % 3]() for number in range(COUNT)}
    base = attrs.make_class("Base", body, slots=True)
    return attrs.define(type("Sub", (base,), {"__slots__": ()}))()


PEERS: dict[str, Callable[[], Any]] = {"traitlets": of_traitlets, "attrs": of_attrs}


def installed(name: str) -> bool:
    return find_spec(name) is not None


def check_refuses(thing: Any) -> None:
    """That the set is checked at all."""
    for wrong in ("text", MOST + 1):
        try:
            thing.p0 = wrong
        except Exception:
            continue
        raise AssertionError(f"{type(thing).__mro__[-2]} took {wrong!r}")


def set_seconds(things: list[Any], rounds: int = 7) -> list[float]:
    """Seconds of one checked set for each, less an empty loop; best of some rounds, in turns."""
    for thing in things:
        check_refuses(thing)
    body = "\n".join(["    thing.p0 = 9"] * 20)
    loops: dict[str, Any] = {}
    exec(f"def full(thing, times):\n  for _ in times:\n{body}", loops)
    exec("def empty(thing, times):\n  for _ in times:\n    pass", loops)
    best = [float("inf")] * len(things)
    gc.disable()
    for _ in range(rounds):
        for at, thing in enumerate(things):
            spent = _timed(loops["full"], thing) - _timed(loops["empty"], thing)
            best[at] = min(best[at], spent / 20 / LOOPS)
    gc.enable()
    return best


LOOPS = 5000


def _timed(loop: Callable[[Any, range], None], thing: Any) -> float:
    start = time.perf_counter()
    loop(thing, range(LOOPS))
    return time.perf_counter() - start
