"""Pages: plain text and rich tables."""

from __future__ import annotations

import io

import pytest

from pyqom.cli.output import Output
from pyqom.cli.page import Cell, Page, few, plain, shown

SHOWN = [
    (True, "on"),
    (False, "off"),
    (None, "-"),
    (13, "13"),
    (-1, "-1"),
    (0xFFFF, "65535"),
    (0x80000008, "0x80000008"),
    ("", "''"),
    ("text", "text"),
    (["a", "b"], '["a", "b"]'),
]


@pytest.mark.parametrize(("value", "text"), SHOWN)
def test_shown(value, text):
    assert shown(value) == text


def test_few():
    assert few(["a", "b"], 2) == "a b"
    assert few(["a", "b", "c", "d"], 2) == "a b +2"


def page():
    made = Page()
    made.title("Title")
    made.words([("label", ["one", "two", "three"]), ("x", [])])
    made.heading("heading")
    made.table(("name", "empty", "#number"), [("a", "", "1"), (Cell("bb", "bad"), "", "23")])
    made.tree([(0, "root", "(abstract)"), (1, "leaf", "")])
    made.text("[red]end[/red]")
    return made


PLAIN = """\
Title
  label  one two three
  x

heading
  name  number
  a          1
  bb        23
root (abstract)
  leaf
[red]end[/red]
"""


def test_plain():
    assert plain(page().parts) == PLAIN


def test_plain_is_folded_at_the_width():
    assert plain(page().parts, 16).splitlines()[1:3] == ["  label  one two", "         three"]


def test_table_without_rows():
    made = Page()
    made.table(("name", "value"), [])
    assert plain(made.parts) == "  name\n"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def drawn(monkeypatch, **environment):
    pytest.importorskip("rich")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", "COLUMNS": "80", **environment}.items():
        monkeypatch.setenv(name, value)
    file = Terminal()
    page().show(Output(file))
    return file.getvalue()


def test_rich_on_a_terminal(monkeypatch):
    text = drawn(monkeypatch)
    assert "\x1b[31mbb" in text
    assert "[red]end[/red]" in text
    assert "└── " in text


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour(monkeypatch, environment):
    text = drawn(monkeypatch, **environment)
    assert "\x1b[3" not in text
    assert "bb" in text


def test_terminal_without_rich(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "rich", None)
    monkeypatch.delitem(__import__("sys").modules, "pyqom.cli.richly", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    file = Terminal()
    page().show(Output(file))
    assert file.getvalue() == PLAIN
