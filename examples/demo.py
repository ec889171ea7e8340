"""What ``make demo`` shows: one CPU model on an old and on a new machine type."""

from __future__ import annotations

import sys
from itertools import groupby

import pyqom
from pyqom.cli.output import Output
from pyqom.cli.page import Cell, Page, shown
from pyqom.cli.steps import because

MODEL = "SandyBridge"
OLD, NEW = "pc-i440fx-1.6", "pc-q35-11.1"
FLAG = "vme"


def differences(page: Page) -> None:
    """What the same name means on either."""
    old, new = pyqom.Side(MODEL, machine=OLD), pyqom.Side(MODEL, machine=NEW)
    found = pyqom.diff(old, new)
    page.title(f"One name, two CPUs: {MODEL} on {OLD} (QEMU 7.2) and on {NEW} (QEMU 11.1)")
    rows = []
    for each in found:
        if each.a_step is None or each.b_step is None:
            continue
        step = each.a_step
        who = f"{step.source}, {step.machine} and older" if step.machine else str(step)
        rows.append((each.property, shown(each.a), shown(each.b), Cell(who, "dim")))
    page.table(("property", OLD, NEW, f"who decided on {OLD}"), rows)
    only_old = sum(each.b_step is None for each in found)
    only_new = sum(each.a_step is None for each in found)
    page.text(f"Only QEMU 7.2 knows {only_old} more properties, only QEMU 11.1 knows {only_new}.")


def history(page: Page) -> None:
    """Which machine types change it, from the newest to the oldest."""
    page.title(f"Where {MODEL} changes, from pc-i440fx-11.1 down to pc-i440fx-1.4")
    changes = pyqom.history(MODEL, "pc-i440fx")
    rows = []
    for machine, group in groupby(changes, key=lambda change: change.machine):
        told = [f"{each.property} {shown(each.value)}" for each in group]
        rows.append((machine, ", ".join(told)))
    page.table(("from, and older", "is now"), rows)


def explanation(page: Page) -> None:
    """Who had a say about one flag, in the order in which they spoke."""
    model = f"{MODEL},+{FLAG}"
    told = pyqom.explain(model, FLAG, machine=OLD)
    page.title(f"Why {FLAG} is {shown(told.value)}: {model} on {OLD}")
    rows = []
    for step in told.steps:
        look = "good" if step.value else "bad"
        rows.append((step.layer, step.source, Cell(shown(step.value), look), because(step)))
    page.table(("layer", "source", FLAG, "because"), rows)


def main() -> None:
    page = Page()
    differences(page)
    history(page)
    explanation(page)
    page.text("Nothing was started for this. Ask on: pyqom --help")
    page.show(Output(sys.stdout))


if __name__ == "__main__":
    main()
