from __future__ import annotations

import json

import pytest

from pyqom.cli import main


class Answer:
    """What a command line gave: exit status, stdout, stderr."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def rows(self):
        """The lines of stdout, each as its words."""
        return [line.split() for line in self.out.splitlines()]

    def row(self, first):
        """The words of the line that begins with `first`."""
        return next(row for row in self.rows if row[:1] == [first])


@pytest.fixture
def pyqom(capsys, monkeypatch):
    """Run a command line in this process; what is pyqom's own fault is raised."""
    monkeypatch.setenv("PYQOM_TRACEBACK", "1")

    def run(*argv):
        status = main(argv)
        taken = capsys.readouterr()
        return Answer(status, taken.out, taken.err)

    return run


RECORD = {
    "name": "Mine",
    "vendor": "GenuineIntel",
    "family": 6,
    "model": 42,
    "stepping": 1,
    "level": 13,
    "xlevel": "0x80000008",
    "model-id": "My CPU",
    "features": {"1.EDX": ["fpu", "tsc"], "1.ECX": ["pni", "x2apic"]},
    "versions": [
        {"version": 1},
        {"version": 2, "alias": "Mine-noX2", "note": "no x2APIC", "props": {"x2apic": False}},
    ],
}


@pytest.fixture
def models(tmp_path):
    """The path of a good file of CPU models."""
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"models": [RECORD]}))
    return str(path)
