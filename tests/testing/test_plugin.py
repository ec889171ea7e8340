"""The plugin as pytest runs it, in a pytest of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CONFTEST = """
from pyqom.testing import plugin

def pytest_configure(config):
    if not config.pluginmanager.is_registered(plugin):
        config.pluginmanager.register(plugin, "pyqom")
"""


@pytest.fixture
def run(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Run tests of this text; what pytest printed."""

    def run(text: str) -> str:
        (tmp_path / "conftest.py").write_text(CONFTEST)
        (tmp_path / "test_it.py").write_text(textwrap.dedent(text))
        (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = " + str(ROOT))
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", str(tmp_path)],
            capture_output=True, text=True, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        return done.stdout + done.stderr

    return run


def test_everything_is_closed(run) -> None:  # type: ignore[no-untyped-def]
    told = run(
        """
        import os, threading
        made = []

        def test_one(qemu_server, qemu_vm, qemu_memory_session):
            made.extend([qemu_server("none"), qemu_server("none")])
            made.append(qemu_memory_session("none"))
            assert made[0].path != made[1].path
            assert sum(thread.name == "pyqom" for thread in threading.enumerate()) == 1
            assert qemu_vm("none") is not qemu_vm("none")
            made[0].crash()
            made.append(made[1].path)

        def test_two():
            assert not made[0].running and not made[1].running and made[2].closed
            assert not os.path.exists(made[3])
            assert all(thread.name != "pyqom" for thread in threading.enumerate())
        """
    )
    assert "2 passed" in told, told


def test_the_conversation_of_a_failed_test_is_shown(run) -> None:  # type: ignore[no-untyped-def]
    told = run(
        """
        def test_one(qemu_memory_session):
            qemu_memory_session("none").execute("query-kvm")

        def test_two(qemu_memory_session):
            qemu_memory_session("none")
            qemu_memory_session("none").execute("query-status")
            assert False
        """
    )
    assert "1 failed, 1 passed" in told
    assert "QMP conversation 1" in told
    second = told.partition("QMP conversation 2")[2]
    assert '-> command query-status: {"execute": "query-status"' in second
    assert "query-kvm" not in told


def test_loading_the_plugin_loads_nothing_else() -> None:
    code = (
        "import sys, pytest, pyqom.testing.plugin, pyqom.testing;"
        "print(sorted(name for name in sys.modules if name.startswith('pyqom')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == "['pyqom', 'pyqom.testing', 'pyqom.testing.plugin']"


def test_the_package_hands_on_its_names() -> None:
    import pyqom.testing as testing

    for name in testing.__all__:
        assert getattr(testing, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = testing.Nonsense
