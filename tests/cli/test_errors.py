"""Bad requests: one line, the nearest names, exit status 2, and never a traceback."""

from __future__ import annotations

import json

import pytest

from pyqom.cli import main

ERRORS = [
    ((), "which verb? One of expand, models, machines, types, diff, explain, validate"),
    (("expnd",), "there is no verb 'expnd'; did you mean expand or explain?"),
    (("--json",), "there is no verb '--json'"),
    (("expand",), "which CPU model? (--all: every one)"),
    (("expand", "Foo"), "CPU model 'Foo' not found"),
    (
        ("expand", "SandyBrige"),
        "CPU model 'SandyBrige' not found; did you mean SandyBridge, SandyBridge-v2 or "
        "SandyBridge-v1?",
    ),
    (("expand", "x86_64-cpu"), "CPU model 'x86_64-cpu' not found"),
    (("expand", "EPYC", "-M", "q36"), 'unsupported machine type: "q36"; did you mean q35?'),
    (("expand", "EPYC", "-M", "pc", "--release", "9.9"), "unknown release '9.9', "),
    (("machines", "pc-q35-7.3", "--release", "7.2"), "unsupported machine type; did you mean "),
    (("expand", "EPYC", "--type", "half"), "Parameter 'type' does not accept value 'half'"),
    (("expand", "EPYC", "--accel", "hvm"), "invalid accelerator hvm"),
    (
        ("expand", "EPYC,x2apicc=on"),
        "can't apply global EPYC-x86_64-cpu.x2apicc=on: "
        "Property 'EPYC-x86_64-cpu.x2apicc' not found; did you mean x2apic",
    ),
    (("expand", "EPYC,+x2apicc"), "Property 'EPYC-x86_64-cpu.x2apicc' not found; did you mean"),
    (("expand", "EPYC,level=-1"), "can't apply global EPYC-x86_64-cpu.level=-1: "),
    (("expand", "EPYC", "--props", "{"), "argument --props: Expecting property name enclosed "),
    (("expand", "EPYC", "--props", '{"level":}'), "argument --props: Expecting value at line 1, "),
    (("expand", "EPYC", "--props", "{}{}"), "argument --props: Extra data at line 1, column 3"),
    (("expand", "EPYC", "--props", '{"a":1,"a":2}'), "argument --props: 'a' is there twice"),
    (("expand", "EPYC", "--props", "NaN"), "argument --props: JSON has no NaN"),
    (("expand", "EPYC", "--props", "[" * 99999), "the input is nested too deeply"),
    (("expand", "EPYC", "--props", '{"\\ud800": 1}'), "argument --props: half a surrogate pair"),
    (
        ("expand", "EPYC", "--props", '{"level": ' + "9" * 9999 + "}"),
        "Parameter 'model.props.level' expects uint64",
    ),
    (
        ("expand", "EPYC", "--props", '{"level": "7"}', "--release", "7.2"),
        "Parameter 'level' expects uint64",
    ),
    (("expand", "EPYC", "--machin", "x"), "unrecognized arguments: --machin x; did you mean --m"),
    (("expand", "EPYC", "--machine"), "argument --machine/-M: expected one argument"),
    (("expand", "EPYC", "x"), "unrecognized arguments: x"),
    (("expand", "EPYC", "--json=1"), "argument --json: ignored explicit argument '1'"),
    (("expand", "--all", "EPYC"), "--all takes neither MODEL nor --props"),
    (("expand", "--all", "-M", "q35,,pc"), 'unsupported machine type: ""'),
    (("expand", "--all", "--type", "x"), "Parameter 'type' does not accept value 'x'"),
    (("expand", "EPYC", "--models", "/no/such"), "/no/such: No such file or directory"),
    (("expand", "EPYC", "--models", "/"), "/: Is a directory"),
    (("models", "Foo"), "CPU model 'Foo' not found"),
    (("types", "Foo-x86_64-cpu"), "unknown type 'Foo-x86_64-cpu'; did you mean "),
    (("types", "--implements", "devise"), "unknown type 'devise'; did you mean device, "),
    (("types", "device", "--list"), "NAME is one type, --list and --implements are for many"),
    (("diff", "EPYC"), "with what? B, or an option given twice, or --along, is missing"),
    (("diff", "EPYC", "-M", "pc", "-M", "q35", "-M", "none"), "--machine is there more than twice"),
    (("diff", "EPYC", "--along", "pc-q53"), "no family of versioned machine types 'pc-q53', "),
    (("diff", "EPYC", "--along", "microvm"), "no family of versioned machine types 'microvm', "),
    (("diff", "Foo", "--along", "pc-q35"), "CPU model 'Foo' not found"),
    (("diff", "EPYC@q35", "--along", "pc-q35"), "--along takes one model, and no machine type"),
    (("diff", "EPYC@q36", "EPYC"), 'unsupported machine type: "q36"; did you mean q35?'),
    (("explain", "EPYC"), "the following arguments are required: PROPERTY"),
    (("explain", "EPYC", "svn"), "Property 'EPYC-x86_64-cpu.svn' not found; did you mean svm"),
    (("validate",), "the following arguments are required: FILES"),
    (("validate", "x", "--release", "1"), "unknown release '1', pyqom carries "),
]


@pytest.mark.parametrize(("argv", "text"), ERRORS, ids=lambda value: str(value)[:60])
def test_error(pyqom, argv, text):
    answer = pyqom(*argv)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith(f"pyqom: {text}")
    assert answer.err.count("\n") == 1


HINTS = [
    (("expand", "--bogus"), " (see pyqom expand --help)\n"),
    (("bogus",), " (see pyqom --help)\n"),
    (("expand", "EPYC,bogus=1"), "not found\n"),
]


@pytest.mark.parametrize(("argv", "end"), HINTS)
def test_only_a_wrong_command_line_is_told_of_help(pyqom, argv, end):
    assert pyqom(*argv).err.endswith(end)


NASTY = (
    "", " ", ",", ",,,", "@", "@@", "=", "-", "--", "é", "\u2603", "\udcff", "a\nb", "\0",
    "9" * 5000, "EPYC,", "EPYC,=", "EPYC,+", "EPYC,-", "EPYC,level=" + "9" * 99,
    "EPYC,tsc-freq=1e99", "EPYC,vendor=\u2603", "EPYC,realized=on", "EPYC,type=x", "../../x",
)  # fmt: skip

PLACES = (
    ("expand", None), ("expand", "EPYC", "-M", None), ("expand", "EPYC", "--props", None),
    ("expand", "EPYC", "--type", None), ("expand", "EPYC", "--accel", None),
    ("expand", "EPYC", "--release", None), ("expand", "EPYC", "--models", None),
    ("expand", "--all", "--machine", None), ("models", None), ("machines", None), ("types", None),
    ("types", "--implements", None), ("diff", None, "EPYC"), ("diff", "EPYC", "--along", None),
    ("diff", None, "--along", "pc-q35"), ("explain", "EPYC", None), ("explain", None, "svm"),
    ("validate", None), (None,),
)  # fmt: skip


@pytest.mark.parametrize("place", PLACES, ids=lambda place: " ".join(map(str, place)))
def test_nasty_words(pyqom, place):
    for word in NASTY:
        answer = pyqom(*(word if part is None else part for part in place))
        assert answer.status in (0, 1, 2)
        assert "Traceback" not in answer.err
        if answer.status == 2:
            assert answer.err.isascii() or "é" in answer.err or "\u2603" in answer.err
            assert answer.err.count("\n") == 1


FAULTY = {
    "truncated.json": '{"models": [',
    "empty.json": "",
    "list.json": "[]",
    "three.json": json.dumps({"models": [{"name": "X"}, 3, {"name": "Y", "family": "six"}]}),
}


@pytest.mark.parametrize("name", FAULTY)
def test_faulty_files(pyqom, tmp_path, models, name):
    path = tmp_path / name
    path.write_text(FAULTY[name])
    answer = pyqom("validate", str(path), models)
    lines = answer.err.splitlines()
    assert (answer.status, answer.out) == (2, f"{models}: good: Mine\n")
    assert lines
    assert all(line.startswith(f"{path}: ") for line in lines)
    found = pyqom("validate", str(path), "--json").json[0]
    assert not found["valid"]
    assert len(found["faults"]) == len(lines)
    used = pyqom("expand", "EPYC", "--models", str(path))
    assert (used.status, used.out) == (2, "")
    assert used.err.splitlines() == [f"pyqom: {line}" for line in lines]


def test_all_faults_at_once(pyqom, tmp_path):
    path = tmp_path / "three.json"
    path.write_text(FAULTY["three.json"])
    told = pyqom("validate", str(path)).err
    for place in ("models[0]", "models[1]", "models[2]"):
        assert f"{path}: {place}" in told


def test_file_that_is_no_text(pyqom, tmp_path):
    path = tmp_path / "latin.json"
    path.write_bytes(b'{"models": [\xff]}')
    answer = pyqom("validate", str(path))
    assert answer.status == 2
    assert "UTF-8" in answer.err


def test_own_fault_is_one_line(capsys, monkeypatch):
    import pyqom.cli.machines

    def broken(given, out):
        raise ZeroDivisionError("oh\nno")

    monkeypatch.setattr(pyqom.cli.machines, "run", broken)
    monkeypatch.delenv("PYQOM_TRACEBACK", raising=False)
    assert main(["machines"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("pyqom: internal error: ZeroDivisionError: oh\\nno")
    assert told.count("\n") == 1
    monkeypatch.setenv("PYQOM_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        main(["machines"])


def test_interrupt(capsys, monkeypatch):
    import pyqom.cli.machines

    def interrupted(given, out):
        raise KeyboardInterrupt

    monkeypatch.setattr(pyqom.cli.machines, "run", interrupted)
    assert main(["machines"]) == 130
    assert capsys.readouterr().err == ""
