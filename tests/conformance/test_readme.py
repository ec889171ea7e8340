"""The documents: every command that they show works, and every output is real."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/embedding.md")


def blocks(language: str) -> list[tuple[str, str]]:
    """(document, text) of the fenced blocks of a language."""
    found = []
    for name in DOCUMENTS:
        text = (ROOT / name).read_text(encoding="utf-8")
        found += [
            (name, match[1])
            for match in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        ]
    return found


def sessions() -> list[tuple[str, str]]:
    """(command, output) of every command after a ``$``."""
    found = []
    for _, block in blocks("console"):
        for entry in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = entry.partition("\n")
            found.append((command, output))
    return found


@pytest.mark.parametrize(("command", "output"), sessions())
def test_output_is_real(command: str, output: str) -> None:
    folders = (sysconfig.get_path("scripts"), str(Path(sys.executable).parent), os.environ["PATH"])
    done = subprocess.run(
        command,
        shell=True,
        cwd=ROOT,
        env={**os.environ, "PATH": os.pathsep.join(folders)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert done.stdout == output


@pytest.mark.parametrize("document", DOCUMENTS)
def test_python_is_real(document: str) -> None:
    for name, block in blocks("pycon"):
        if name == document:
            runner = doctest.DocTestRunner()
            runner.run(doctest.DocTestParser().get_doctest(block, {}, name, name, 0))
            assert runner.failures == 0


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / document).parent.joinpath(target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS)
def test_named_paths_exist(document: str) -> None:
    """Paths in code quotes are there; a name in capitals stands for one."""
    text = (ROOT / document).read_text(encoding="utf-8")
    for path in re.findall(r"`((?:pyqom|schema|tests|examples|bench)/[\w./-]*)`", text):
        if not re.search(r"[A-Z]{3}", Path(path).name) or (ROOT / path).exists():
            assert (ROOT / path).exists(), path
