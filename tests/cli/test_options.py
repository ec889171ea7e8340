"""The two ways to parse a command line agree, and --help tells all of it."""

from __future__ import annotations

import importlib
import io
from pathlib import Path

import pytest

from pyqom.cli.arguments import full
from pyqom.cli.options import Argument, Option, Syntax, UsageError, ordinary
from pyqom.cli.output import Output
from pyqom.cli.program import VERBS, either

HOST = str(Path(__file__).parents[1] / "data" / "hosts" / "genoa.json")

SYNTAX = Syntax(
    "try",
    "A verb.",
    [Argument("first", "one"), Argument("second", "perhaps", "?")],
    [
        Option("--machine", "-M", metavar="M", help="a value"),
        Option("--json", help="a switch"),
        Option("--models", metavar="FILE", repeat=True, help="a list"),
    ],
)
MANY = Syntax("many", "A verb.", [Argument("files", "some", "+")], [Option("--json", help="x")])

ORDINARY = [
    (SYNTAX, ["a"]),
    (SYNTAX, ["a", "b"]),
    (SYNTAX, ["", "b"]),
    (SYNTAX, ["a", "-M", "q35"]),
    (SYNTAX, ["a", "--machine", "q35", "--json"]),
    (SYNTAX, ["--machine=q35", "a"]),
    (SYNTAX, ["--machine=", "a"]),
    (SYNTAX, ["--machine", "", "a"]),
    (SYNTAX, ["--machine=a=b", "a"]),
    (SYNTAX, ["--machine=--json", "a"]),
    (SYNTAX, ["--json", "a", "--json", "b"]),
    (SYNTAX, ["-M", "pc", "a", "-M", "q35"]),
    (SYNTAX, ["a", "--models", "x", "--models=y"]),
    (MANY, ["a"]),
    (MANY, ["a", "b", "--json", "c"][:2]),
    (MANY, ["--json", "a", "b", "c"]),
]


@pytest.mark.parametrize(("syntax", "argv"), ORDINARY)
def test_both_parsers_agree(syntax, argv):
    quick = ordinary(syntax, argv)
    assert quick is not None
    thorough = vars(full(syntax, argv, Output(None)))
    thorough.pop("help")
    assert vars(quick) == thorough


NOT_ORDINARY = [
    (SYNTAX, ["a", "-Mq35"], {"machine": "q35"}),
    (SYNTAX, ["--", "a"], {"first": "a"}),
    (SYNTAX, ["a", "-"], {"second": "-"}),
]


@pytest.mark.parametrize(("syntax", "argv", "want"), NOT_ORDINARY)
def test_argparse_takes_the_rest(syntax, argv, want):
    assert ordinary(syntax, argv) is None
    assert want.items() <= vars(full(syntax, argv, Output(None))).items()


WRONG = [
    (SYNTAX, []),
    (SYNTAX, ["a", "b", "c"]),
    (SYNTAX, ["a", "--machine"]),
    (SYNTAX, ["a", "-M", "--json"]),
    (SYNTAX, ["a", "--json=x"]),
    (SYNTAX, ["a", "--mach", "q35"]),
    (SYNTAX, ["a", "--bogus"]),
    (MANY, []),
]


@pytest.mark.parametrize(("syntax", "argv"), WRONG)
def test_wrong_is_wrong_for_both(syntax, argv):
    assert ordinary(syntax, argv) is None
    with pytest.raises(UsageError):
        full(syntax, argv, Output(None))


@pytest.mark.parametrize("verb", VERBS)
def test_help(pyqom, verb):
    syntax = importlib.import_module(f"pyqom.cli.{verb}").SYNTAX
    for flag in ("-h", "--help"):
        answer = pyqom(verb, flag)
        assert (answer.status, answer.err) == (0, "")
        assert answer.out.startswith(f"usage: pyqom {verb} ")
        assert answer.out.endswith("exit status: 0 good, 1 the answer is no, 2 bad request\n")
        for option in syntax.options:
            assert all(flag in answer.out for flag in option.flags)
    # with an argument that is missing, or wrong words beside it
    assert pyqom(verb, "x", "y", "z", "--bogus", "--help").status == 0


@pytest.mark.parametrize("verb", VERBS)
def test_examples_of_the_help_work(pyqom, verb, models, monkeypatch):
    examples = importlib.import_module(f"pyqom.cli.{verb}").SYNTAX.examples
    assert examples
    for example in examples:
        command = example.partition(" > ")[0].replace("my-models.json", models)
        words = command.replace("node7.json", HOST).split()
        assert pyqom(*words).status in (0, 1)


def test_help_and_version_of_all(pyqom):
    answer = pyqom("--help")
    assert answer.status == 0
    assert all(f"  {verb} " in answer.out for verb in VERBS)
    assert pyqom("--version").out.endswith("(QEMU 7.2.22, 11.1.3)\n")


@pytest.mark.parametrize(
    ("names", "text"), [(["A"], "A"), (["A", "B"], "A or B"), (["A", "B", "C"], "A, B or C")]
)
def test_either(names, text):
    assert either(names) == text


def test_what_the_encoding_lacks_is_escaped():
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    out = Output(file)
    out.write("\u2603 \udcff\n")
    out.flush()
    assert raw.getvalue() == b"\\u2603 \\udcff\n"
