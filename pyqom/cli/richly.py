"""Pages on a terminal, drawn by `rich`."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from pyqom.cli.page import Cell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyqom.cli.output import Output

LOOKS = {"good": "green", "bad": "red", "dim": "dim", "strong": "bold", "": ""}


def show(parts: Iterable[tuple[str, Any]], out: Output) -> None:
    """Write the parts of a page with colour and tables; rich itself honours NO_COLOR."""
    paper = Console(file=out.file, highlight=False)
    with paper.capture() as capture:
        for number, (kind, content) in enumerate(parts):
            if number and kind in ("title", "heading"):
                paper.print()
            _draw(paper, kind, content)
    out.write(capture.get())


def json_text(value: Any, out: Output) -> str:
    """A value as JSON, indented and with colour."""
    import json

    paper = Console(file=out.file, highlight=False, soft_wrap=True)
    with paper.capture() as capture:
        paper.print_json(json.dumps(value), indent=2)
    return capture.get()


def _draw(paper: Console, kind: str, content: Any) -> None:
    if kind == "title":
        paper.print(Text(content, style="bold"))
    elif kind == "heading":
        paper.print(Text(content, style="bold cyan"))
    elif kind == "words":
        paper.print(Padding(_words(content), (0, 0, 0, 2)))
    elif kind == "table":
        paper.print(_table(*content))
    elif kind == "tree":
        _tree(paper, content)
    else:
        paper.print(Text(content))


def _words(groups: Sequence[tuple[str, Sequence[str]]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column()
    for label, words in groups:
        grid.add_row(Text(label), Text(" ".join(words)))
    return grid


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", show_edge=False)
    for at, title in enumerate(columns):
        table.add_column(
            Text(title.lstrip("#")),
            justify="right" if title.startswith("#") else "left",
            style="cyan" if at == 0 else "",
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(cell, style=_look(cell)) for cell in row))
    return table


def _tree(paper: Console, nodes: Sequence[tuple[int, str, str]]) -> None:
    roots = Tree("", hide_root=True, guide_style="dim")
    above = [roots]
    for depth, name, mark in nodes:
        label = Text.assemble((name, _look(name) or "cyan"), f" {mark}" if mark else "")
        del above[depth + 1 :]
        above.append(above[depth].add(label))
    paper.print(roots)


def _look(cell: str) -> str:
    return LOOKS[cell.look] if isinstance(cell, Cell) else ""
