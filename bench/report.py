"""What a benchmark says: a measured figure, what it stands beside, and the target."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure.  `peer` is what it stands beside; `met` None: there is no target, or no peer."""

    what: str
    pyqom: str
    peer: str = ""
    ratio: str = ""
    target: str = ""
    met: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        verdict = {True: "met", False: "MISSED", None: ""}[self.met]
        return self.what, self.pyqom, self.peer, self.ratio, self.target, verdict


@dataclass(frozen=True)
class Skipped:
    """What could not be measured here, and why."""

    what: str
    reason: str


HEADINGS = ("", "pyqom", "beside it", "ratio", "target", "")


def show(rows: Iterable[Row], skipped: Iterable[Skipped]) -> None:
    """The table, then what was left out."""
    table = [HEADINGS, *(row.cells for row in rows)]
    widths = [max(len(cells[column]) for cells in table) for column in range(len(HEADINGS))]
    for number, cells in enumerate(table):
        print(
            "  ".join(text.ljust(width) for text, width in zip(cells, widths, strict=True)).rstrip()
        )
        if number == 0:
            print("  ".join("-" * width for width in widths))
    for each in skipped:
        print(f"not measured: {each.what}: {each.reason}")


def progress(text: str) -> None:
    """What goes on, where somebody is looking."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def time_text(seconds: float) -> str:
    """A duration with a fitting unit and three digits; what no clock here can tell is "0"."""
    if seconds <= 0:
        return "0"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def rate_text(rate: float) -> str:
    """How often a second, with three digits."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if rate >= size:
            return f"{rate / size:.3g} {unit}/s"
    return f"{rate:.3g} /s"
