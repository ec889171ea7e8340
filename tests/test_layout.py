"""The house rules that a machine can check: who imports whom, sizes, what an import costs.

The order of the house is that of the design: data flows one way, from the errors down to the
command line.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pyqom"

FLOW = (
    ("errors",),
    ("quick",),
    ("schema",),
    ("document",),
    ("release",),
    ("types",),
    ("devices",),
    ("hosts",),
    ("accel",),
    ("machines",),
    ("catalog",),
    ("events", "reports"),
    ("plugging", "runstate", "emulator"),
    ("guest",),
    ("vm",),
    ("answers",),
    ("monitor",),
    ("system", "testing", "cli"),
)
"""The parts of pyqom; each may import from itself and from those above it."""

RANK = {part: rank for rank, parts in enumerate(FLOW) for part in parts}

CALLED = {("pyqom/machines/__init__.py", "answers")}
"""Imports against the flow that are meant: `pyqom.machines()` is an answer with a module's name."""

MOST_LINES = 500

NOT_AT_EXPAND = {
    *("attrs", "attr", "cattrs", "jsonschema", "asyncio", "rich", "numpy", "typing"),
    *("orjson", "dataclasses", "inspect", "pathlib"),
}

RELEASES_ARE_COMPARED = {"pyqom/release.py", "pyqom/machines/lifetime.py"}
"""Where the order of releases is somebody's business."""

MODULES = sorted(path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*.py"))
INITS = [path for path in MODULES if path.endswith("/__init__.py")]


@cache
def tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def imports(path: str) -> Iterator[str]:
    """The modules that a module imports, anywhere in it, less what only a type checker sees."""
    for node in at_run_time(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            assert node.module is not None
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        for other in node.orelse:
            yield from at_run_time(other)
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from at_run_time(child)


def part_of(module: str) -> str | None:
    """The part of the house that a dotted name, or a path, belongs to."""
    words = module.removesuffix(".py").replace("/", ".").split(".")
    return words[1] if words[0] == "pyqom" and len(words) > 1 and words[1] in RANK else None


@pytest.mark.parametrize("path", MODULES)
def test_imports_follow_the_flow(path: str) -> None:
    own = part_of(path)
    if own is None:  # the top of the package hands names on
        assert path in ("pyqom/__init__.py", "pyqom/__main__.py")
        return
    against = {
        module
        for module in imports(path)
        if (part := part_of(module)) is not None
        and part != own
        and RANK[part] >= RANK[own]
        and (path, part) not in CALLED
    }
    assert against == set()


def test_every_part_has_its_place() -> None:
    parts = {path.stem if path.is_file() else path.name for path in PACKAGE.iterdir()}
    data = {"data", "_schema", "__pycache__", "py"}
    assert parts - data - {"__init__", "__main__"} <= {*RANK, "py.typed"}


def test_the_flow_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import against the flow is found wherever it stands; one for the type checker is none."""
    text = """
if TYPE_CHECKING:
    from pyqom.answers import Side
else:
    import pyqom.cli.expand
def late():
    from pyqom.answers import expand
"""
    monkeypatch.setitem(globals(), "tree", lambda path: ast.parse(text))
    assert list(imports("any")) == ["pyqom.cli.expand", "pyqom.answers.expand"]
    assert [part_of(module) for module in imports("any")] == ["cli", "answers"]


@pytest.mark.parametrize("path", MODULES)
def test_modules_are_short(path: str) -> None:
    lines = (ROOT / path).read_text(encoding="utf-8").count("\n")
    assert lines < MOST_LINES


# --- a folder's __init__ hands on names ------------------------------------------------------


ONLY_HANDING_ON = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Expr, ast.If)
MORE_IS_MEANT = {
    "pyqom/machines/__init__.py": {"_Callable"},  # the module is also the answer of its name
    "pyqom/devices/cpu/x86/data/__init__.py": {"load", "known", "within"},  # reads what it lies by
}


@pytest.mark.parametrize("path", INITS)
def test_folders_only_hand_on_names(path: str) -> None:
    """Imports, names of them, and the hook by which Python asks for a name; no class, no work."""
    allowed = {"__getattr__"} | MORE_IS_MEANT.get(path, set())
    more = [node for node in tree(path).body if not isinstance(node, ONLY_HANDING_ON)]
    assert {getattr(node, "name", f"line {node.lineno}") for node in more} <= allowed


# --- no `if version` -------------------------------------------------------------------------


@pytest.mark.parametrize("path", [each for each in MODULES if each not in RELEASES_ARE_COMPARED])
def test_no_release_is_asked_for_by_number(path: str) -> None:
    """What differs between releases is data, or a rule with a name."""
    found = [
        f"{path}:{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Compare) and any(map(is_of_a_release, operands(node)))
    ]
    assert found == []


def operands(node: ast.Compare) -> list[ast.expr]:
    return [node.left, *node.comparators]


def is_of_a_release(node: ast.expr) -> bool:
    """``release.name``, ``release.key``, ``self.release.version`` and the like."""
    text = ast.unparse(node)
    return any(f"release.{fact}" in text for fact in ("name", "key", "version", "package"))


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("release.name == '7.2'", True),
        ("cpu.release.key >= (11, 1)", True),
        ("'7.2' in (release.name,)", True),
        ("'a-rule' in release.rules", False),
        ("release is other", False),
    ],
)
def test_what_counts_as_asking_for_a_release(code: str, wrong: bool) -> None:
    node = ast.parse(code, mode="eval").body
    assert isinstance(node, ast.Compare)
    assert any(map(is_of_a_release, operands(node))) is wrong


# --- what an import costs --------------------------------------------------------------------


def loaded(code: str) -> set[str]:
    """The modules that a fresh Python has loaded after some code."""
    lines = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); before = set(sys.modules)",
        code,
        "print(*(set(sys.modules) - before))",
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", "\n".join(lines)], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_import_loads_nothing() -> None:
    assert loaded("import pyqom") <= {"pyqom", "__future__"}


def test_expansion_loads_little() -> None:
    found = loaded("import pyqom; pyqom.expand('SandyBridge', machine='pc-i440fx-1.6')")
    assert {name.partition(".")[0] for name in found} & NOT_AT_EXPAND == set()


def test_expansion_loads_no_device_types() -> None:
    found = loaded("import pyqom; pyqom.expand('EPYC', machine='q35')")
    assert not found & {f"pyqom.devices.{name}" for name in ("catalog", "kinds", "parts", "values")}


def test_the_command_line_loads_little() -> None:
    """What `pyqom expand` loads beside its verb: no table for people, no other verb."""
    found = loaded("from pyqom.cli import main; main(['expand', 'EPYC', '--json'])")
    assert {name.partition(".")[0] for name in found} & NOT_AT_EXPAND == set()
    assert not found & {f"pyqom.cli.{verb}" for verb in ("diff", "models", "types", "validate")}
