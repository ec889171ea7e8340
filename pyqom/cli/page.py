"""Pages for people: titles, tables and lists of words.

On a terminal, and with `rich` installed, a page has colour and ruled tables; else it is plain
aligned text, one record a line, fit for grep.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from pyqom.cli.output import Output

    Row = Sequence[str]
    Part = tuple[str, Any]


class Cell(str):
    """A table cell with a look of its own: "good", "bad", "dim" or "strong"."""

    look = ""

    def __new__(cls, text: str, look: str) -> Cell:
        cell = super().__new__(cls, text)
        cell.look = look
        return cell


class Page:
    """What a verb shows, gathered and then written by `show`."""

    def __init__(self) -> None:
        self.parts: list[Part] = []

    def title(self, text: str) -> None:
        """What the page is about."""
        self.parts.append(("title", text))

    def heading(self, text: str) -> None:
        """What the next part is about."""
        self.parts.append(("heading", text))

    def text(self, text: str) -> None:
        """A sentence."""
        self.parts.append(("text", text))

    def words(self, groups: Iterable[tuple[str, Sequence[str]]]) -> None:
        """Lists of words, each list under a label."""
        self.parts.append(("words", [(label, list(words)) for label, words in groups]))

    def table(self, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Rows under column titles; a column that is empty in all rows is left out.

        A column whose title begins with ``#`` is aligned to the right.
        """
        body = [[str(cell) if type(cell) is not Cell else cell for cell in row] for row in rows]
        used = [at for at in range(len(columns)) if any(row[at] for row in body)] or [0]
        kept = [[row[at] for at in used] for row in body]
        self.parts.append(("table", ([columns[at] for at in used], kept)))

    def tree(self, nodes: Iterable[tuple[int, str, str]]) -> None:
        """Names under names: each with its depth and a remark."""
        self.parts.append(("tree", list(nodes)))

    def show(self, out: Output) -> None:
        """Write the page."""
        if out.tty:
            try:
                from pyqom.cli.richly import show
            except ImportError:
                pass
            else:
                show(self.parts, out)
                return
        out.write(plain(self.parts, terminal_width() if out.tty else None))


def plain(parts: Iterable[Part], width: int | None = None) -> str:
    """The parts as text; word lists are folded at `width` (None: never)."""
    blocks: list[list[str]] = [[]]
    for kind, content in parts:
        if kind in ("title", "heading") and blocks[-1]:
            blocks.append([])
        if kind == "words":
            blocks[-1] += _word_lines(content, width)
        elif kind == "table":
            blocks[-1] += _table_lines(*content)
        elif kind == "tree":
            blocks[-1] += [f"{'  ' * depth}{name} {mark}".rstrip() for depth, name, mark in content]
        else:
            blocks[-1].append(content)
    return "\n".join("\n".join(block) + "\n" for block in blocks if block)


def _word_lines(groups: Sequence[tuple[str, Sequence[str]]], width: int | None) -> list[str]:
    indent = max((len(label) for label, _ in groups), default=0) + 4
    lines = []
    for label, words in groups:
        line = f"  {label}".ljust(indent - 1)
        for word in words:
            if width is not None and len(line) + len(word) >= width and line.strip():
                lines.append(line)
                line = " " * (indent - 1)
            line += f" {word}"
        lines.append(line.rstrip())
    return lines


def _table_lines(columns: Sequence[str], rows: Sequence[Row]) -> list[str]:
    titles = [title.lstrip("#") for title in columns]
    right = [title.startswith("#") for title in columns]
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    return [
        "  "
        + "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in (titles, *rows)
    ]


def terminal_width() -> int:
    """The columns of the terminal."""
    from shutil import get_terminal_size

    return get_terminal_size().columns


def shown(value: Any) -> str:
    """A property value as a person reads it: on/off, large numbers in hexadecimal."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        return hex(value) if value > 0xFFFF else str(value)
    if isinstance(value, str):
        return value or "''"
    import json

    return json.dumps(value)


def few(words: Sequence[str], count: int = 4) -> str:
    """The first few words of a list, and how many more there are."""
    rest = len(words) - count
    return " ".join(words[:count]) + (f" +{rest}" if rest > 0 else "")
