"""``pyqom qmp`` and ``pyqom tree``: one command, scripts, the shell, sockets."""

from __future__ import annotations

import io
import json
import sys
from itertools import pairwise

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from pyqom import release as releases
from pyqom.cli import monitors, shell, shellline, shellprompt
from pyqom.cli.monitors import Machine, address_of
from pyqom.cli.options import Given, UsageError
from pyqom.cli.output import Output
from pyqom.cli.qmpcomplete import Completer, split
from pyqom.cli.qmpwords import request
from pyqom.monitor.qapi import schema
from pyqom.testing import Disconnect, Error, FakeQemu

# --- words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "address"),
    [
        ("/run/vm.qmp", "/run/vm.qmp"),
        ("./vm", "./vm"),
        ("unix:vm", "vm"),
        ("localhost:4444", ("localhost", 4444)),
        ("tcp:127.0.0.1:1", ("127.0.0.1", 1)),
        ("[::1]:4444", ("::1", 4444)),
        (":4444", ("localhost", 4444)),
        ("query-status", None),
        ("device_add", None),
        ('{"execute": "x/y:1"}', None),
    ],
)
def test_addresses(word, address):
    assert address_of(word) == address


def test_the_name_of_a_file_that_is_there_is_an_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert address_of("vm") is None
    (tmp_path / "vm").touch()
    assert address_of("vm") == "vm"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["query-status"], {}),
        # What is a text to the command stays one.
        (["qom-get", "path=/a", "property=5"], {"path": "/a", "property": "5"}),
        (["qom-get", "path=a=b", "property="], {"path": "a=b", "property": ""}),
        (["qom-list-get", "paths=/a,/b"], {"paths": ["/a", "/b"]}),
        (["qom-list-get", 'paths=["/a"]'], {"paths": ["/a"]}),
        (["qom-list-get", "paths="], {"paths": []}),
        (["qom-list-types", "abstract=on"], {"abstract": True}),
        (["qom-list-types", "abstract=false"], {"abstract": False}),
        (["qom-list-types", "abstract=perhaps"], {"abstract": "perhaps"}),
        # Where nobody knows, JSON is taken for it, and all else for text.
        (["qom-set", "path=/a", "property=b", "value=5"],
         {"path": "/a", "property": "b", "value": 5}),
        (["qom-set", "path=/a", "property=b", "value=on"],
         {"path": "/a", "property": "b", "value": "on"}),
        (["qom-set", "path=/a", "property=b", 'value="5"'],
         {"path": "/a", "property": "b", "value": "5"}),
        (["device_add", "driver=x", "id=5", "core-id=5", "y=[1]"],
         {"driver": "x", "id": "5", "core-id": 5, "y": [1]}),
        (["no-such-command", "a=1", "b.c=d"], {"a": 1, "b": {"c": "d"}}),
        # Records, and the branches of unions.
        (["query-cpu-model-expansion", "type=full", "model.name=1", "model.props.x=true"],
         {"type": "full", "model": {"name": "1", "props": {"x": True}}}),
        (["query-cpu-model-expansion", "type=full", 'model={"name": "a"}', "model.props.x=1"],
         {"type": "full", "model": {"name": "a", "props": {"x": 1}}}),
        (["object-add", "qom-type=iothread", "id=7", "poll-max-ns=0x10"],
         {"qom-type": "iothread", "id": "7", "poll-max-ns": 16}),
        (["object-add", "poll-max-ns=-1", "qom-type=iothread", "id=a"],
         {"qom-type": "iothread", "id": "a", "poll-max-ns": -1}),
        (["object-add", "qom-type=iothread", "id=a", "poll-max-ns=many"],
         {"qom-type": "iothread", "id": "a", "poll-max-ns": "many"}),
        # JSON.
        (["qom-get", '{"path": "/a"}', "property=type"], {"path": "/a", "property": "type"}),
        (['{"execute": "qom-get", "arguments": {"path": "/a"}}', "property=type"],
         {"path": "/a", "property": "type"}),
    ],
)  # fmt: skip
def test_what_words_mean(words, expected):
    command, arguments = request(words, schema(releases.get()))
    assert json.dumps(arguments, sort_keys=True) == json.dumps(expected, sort_keys=True)
    assert command == ("qom-get" if words[0].startswith("{") else words[0])


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["qom-get", "path"], "'path' is neither KEY=VALUE nor a JSON object"),
        (["qom-get", "=x"], "'=x' is neither KEY=VALUE nor a JSON object"),
        (["qom-get", "{x}"], "no JSON: "),
        (['{"exec": 1}'], 'a request is {"execute": COMMAND, "arguments": {...}}'),
        (["x", "a=1", "a.b=2"], "'a' is a value already, 'a.b' would be in it"),
        (["x", "a.b=2", "a=1"], "'a' has members already"),
    ],
)
def test_words_that_mean_nothing(words, text):
    with pytest.raises(UsageError) as raised:
        request(words, schema(releases.get()))
    assert str(raised.value).startswith(text)


# --- one command ---------------------------------------------------------------------------------


def test_on_a_machine_made_here(pyqom):
    words = ["-M", "q35", "--smp", "2,maxcpus=3", "--cpu", "qemu64,+vmx"]
    answer = pyqom("qmp", *words, "query-hotpluggable-cpus")
    assert answer.status == 0
    assert [place["type"] for place in answer.json] == ["qemu64-x86_64-cpu"] * 3
    assert sum("qom-path" in place for place in answer.json) == 2
    warning = (
        "pyqom: warning: TCG doesn't support requested feature: CPUID[eax=01h].ECX.vmx [bit 5]\n"
    )
    assert answer.err == warning * 2


def test_texts_are_printed_as_texts(pyqom):
    words = ("qmp", "--release", "7.2", "qom-get", "path=/machine", "property=type")
    assert pyqom(*words).out == "pc-i440fx-7.2-machine\n"
    assert pyqom(*words, "--json").out == '"pc-i440fx-7.2-machine"\n'


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["qom-list", "path=/nix"], "Device '/nix' not found"),
        (["qom-list"], "Parameter 'path' is missing"),
        (["qery-status"], "The command qery-status has not been found; did you mean query-status"),
        (["-M", "nix", "query-status"], "nix"),
        (["--smp", "two", "query-status"], "argument --smp: Parameter 'cpus' expects a number"),
        (["qom-list", "path"], "'path' is neither KEY=VALUE nor a JSON object"),
        (["/nowhere/vm", "query-status"], "/nowhere/vm: No such file or directory"),
        (["/x", "-M", "pc", "query-status"], "--machine describes a machine, but /x is a socket"),
    ],
)  # fmt: skip
def test_what_is_refused(pyqom, words, text):
    answer = pyqom("qmp", *words)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith("pyqom: ")
    assert text in answer.err


def test_help_on_a_command(pyqom):
    answer = pyqom("qmp", "--help", "qom-get")
    assert answer.out.startswith("qom-get: ")
    assert "path      str" in answer.out
    assert "poll-weight" not in pyqom("qmp", "--release", "7.2", "--help", "object-add").out
    answer = pyqom("qmp", "--help", "no-such-command")
    assert (answer.status, answer.out) == (2, "")
    assert "The command no-such-command has not been found" in answer.err


def test_on_a_socket(pyqom):
    with FakeQemu("q35", release="7.2", faults=[Error("stop", "No stopping\nhere")]) as qemu:
        assert pyqom("qmp", qemu.path, "query-version").json["qemu"]["major"] == 7
        answer = pyqom("qmp", qemu.path, "object-add", "qom-type=iothread", "id=5")
        assert (answer.status, "expects an identifier" in answer.err) == (2, True)
        assert pyqom("qmp", qemu.path, "stop").err == "pyqom: No stopping\\nhere\n"
        assert qemu.vm.running
        qemu.faults.add(Disconnect("cont"))
        answer = pyqom("qmp", qemu.path, "cont")
        assert answer.status == 2
        assert answer.err.startswith(f"pyqom: {qemu.path}: ")
    qemu.conversation.assert_asked("object-add", qom_type="iothread", id="5")


def test_on_a_tcp_port(pyqom):
    with FakeQemu("none", tcp=True) as qemu:
        assert pyqom("qmp", qemu.path, "query-status").json["running"] is True


@pytest.mark.parametrize(
    ("version", "release"),
    [((2, 5), "7.2"), ((7, 2), "7.2"), ((10, 0), "7.2"), ((11, 1), "11.1"), ((12, 0), "11.1")],
)
def test_the_schema_for_a_qemu_of_some_age(version, release):
    assert monitors._schema(*version).release.name == release


def test_without_the_library(pyqom, monkeypatch):
    monkeypatch.setitem(sys.modules, "qemu.qmp.legacy", None)
    answer = pyqom("qmp", "/run/vm", "query-status")
    assert answer.err == "pyqom: a socket needs the library qemu.qmp: pip install 'pyqom[client]'\n"


# --- scripts and the shell -----------------------------------------------------------------------

SCRIPT = """# a comment, and an empty line

query-status
stop
qom-get path=/machine property=type
{"execute": "qom-get", "arguments": {"path": "/machine", "property": "type"}}
query-cpu-model-expansion {"type": "full", "model": {"name": "nix"}}
object-add qom-type='iothread' id="a"
help exit
exit
query-status
"""


def test_a_script(pyqom, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(SCRIPT))
    answer = pyqom("qmp", "-M", "none")
    assert answer.status == 1
    assert "'nix'" in answer.err
    lines = answer.out.splitlines()
    assert lines[:2] == ['{"status": "running", "running": true}', "{}"]
    assert json.loads(lines[2])["event"] == "STOP"
    assert lines[3:6] == ["none-machine", "none-machine", "{}"]
    assert lines[6].startswith("exit: leave")
    assert len(lines) == 7


def test_a_good_script_on_a_socket(pyqom, monkeypatch):
    with FakeQemu("none") as qemu:
        monkeypatch.setattr(sys, "stdin", io.StringIO("stop\ncont\nquery-name\n"))
        answer = pyqom("qmp", qemu.path)
        assert (answer.status, answer.err) == (0, "")
        told = [json.loads(line).get("event") for line in answer.out.splitlines()]
        assert sorted(filter(None, told)) == ["RESUME", "STOP"]
        assert told.count(None) == 3


def given(**options):
    found = Given()
    names = ("machine", "cpu", "smp", "accel", "host", "release")
    found.__dict__.update(dict.fromkeys(names) | options)
    return found


@pytest.fixture(scope="module")
def machine():
    made = Machine(given(machine="q35", smp="1,maxcpus=2"))
    made.execute("object-add", {"qom-type": "iothread", "id": "t1"})
    made.execute("object-add", {"qom-type": "iothread", "id": "t2"})
    return made


@pytest.mark.parametrize(
    ("line", "word", "some"),
    [
        ("", "", {"query-status", "help", "exit", "qom-get"}),
        ("qom-g", "qom-g", {"qom-get"}),
        ("help qom-g", "qom-g", {"qom-get"}),
        ("help qom-get ", "", set()),
        ("nix ", "", set()),
        ("qom-get ", "", {"path=", "property="}),
        ("qom-get path=/x p", "p", {"property="}),
        ("qom-get path=", "path=", {"path=/"}),
        ("qom-get path=/", "path=/", {"path=/machine", "path=/objects"}),
        ("qom-get path=/objects/t", "path=/objects/t", {"path=/objects/t1", "path=/objects/t2"}),
        ("qom-get path=/nix/", "path=/nix/", set()),
        ("qom-get path=/objects/t1 property=poll-m", "property=poll-m", {"property=poll-max-ns"}),
        ("qom-list-get paths=/machine,/obj", "paths=/machine,/obj", {"paths=/machine,/objects"}),
        ("qom-list-types abstract=", "abstract=", {"abstract=true", "abstract=false"}),
        ("object-del id=", "id=", {"id=t1", "id=t2"}),
        ("object-add qom-type=iot", "qom-type=iot", {"qom-type=iothread"}),
        ("object-add qom-type=iothread poll-m", "poll-m", {"poll-max-ns="}),
        ("device_add driver=EPYC-x", "driver=EPYC-x", {"driver=EPYC-x86_64-cpu"}),
        ("device_add driver=EPYC-x86_64-cpu core", "core", {"core-id="}),
        ("qom-get 'path", "qom-get 'path", set()),
    ],
)
def test_completion(machine, line, word, some):
    last, found = Completer(machine, shell.OWN).complete(line)
    assert last == word
    assert some <= set(found)
    assert bool(some) == bool(found)
    assert all(each.startswith(word) for each in found)
    assert found == sorted(found)


def test_completion_on_a_dead_line():
    with FakeQemu("none") as qemu:
        target = monitors.Socket(qemu.path)
        assert "path=/machine" in Completer(target).complete("qom-get path=/")[1]
        qemu.crash()
        assert Completer(target).complete("qom-get path=/") == ("path=/", [])
        target.close()


@pytest.mark.parametrize(
    ("line", "words"),
    [("", ([], "")), ("a", ([], "a")), ("a ", (["a"], "")), ('a "b c" d', (["a", "b c"], "d"))],
)
def test_splitting(line, words):
    assert split(line) == words


class Terminal(io.StringIO):
    def isatty(self):
        return True


def typed(machine, text, monkeypatch, tmp_path):
    """What the shell shows when a person types."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    out = Output(Terminal())
    with (
        create_pipe_input() as keys,
        create_app_session(input=keys, output=DummyOutput()),
    ):
        keys.send_text(text)
        assert shell.Shell(machine, out).run(Terminal()) == 0
    return out.file.getvalue()


def test_a_person_types(machine, monkeypatch, tmp_path, capsys):
    shown = typed(machine, "query-target\rnix\rqom-list\x03exit\r", monkeypatch, tmp_path)
    assert shown.startswith("QEMU 11.1 pc-q35-11.1, in this process; 'help' tells what there is\n")
    assert '"x86_64"' in shown
    assert capsys.readouterr().err == "The command nix has not been found\n"
    history = (tmp_path / "pyqom" / "qmp-history").read_text()
    assert "+query-target" in history
    # Up brings the last line back, and the end of input ends it.
    shown = typed(machine, "\x1b[A\x1b[A\x1b[A\r\x04", monkeypatch, tmp_path)
    assert '"x86_64"' in shown


def test_completion_in_prompt_toolkit(machine):
    words = shellprompt.Words(Completer(machine))
    document = Document("qom-get path=/objects/t")
    found = list(words.get_completions(document, CompleteEvent()))
    assert [each.text for each in found] == ["path=/objects/t1", "path=/objects/t2"]
    assert {each.start_position for each in found} == {-len("path=/objects/t")}
    assert found[0].display_text == "/objects/t1"


def test_without_prompt_toolkit(machine, monkeypatch, tmp_path, capsys):
    readline = pytest.importorskip("readline")
    monkeypatch.setitem(sys.modules, "pyqom.cli.shellprompt", None)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    lines = iter(["query-target", KeyboardInterrupt(), "query-kvm"])
    saved = []
    monkeypatch.setattr(shellline.atexit, "register", lambda *call: saved.append(call))

    def read(prompt):
        line = next(lines, EOFError())
        if isinstance(line, BaseException):
            raise line
        return line

    monkeypatch.setattr("builtins.input", read)
    out = Output(Terminal())
    try:
        assert shell.Shell(machine, out).run(Terminal()) == 0
        complete = readline.get_completer()
        monkeypatch.setattr(readline, "get_line_buffer", lambda: "qom-get path=/obj")
        monkeypatch.setattr(readline, "get_endidx", lambda: len("qom-get path=/obj"))
        assert [complete("path=/obj", state) for state in (0, 1)] == ["path=/objects ", None]
        [(save, *arguments)] = saved
        save(*arguments)
        assert (tmp_path / "pyqom" / "qmp-history").exists()
    finally:
        readline.set_completer(None)
    assert "x86_64" in out.file.getvalue()
    assert "present" in out.file.getvalue()


def test_help_in_the_shell(machine):
    out = Output(io.StringIO())
    for line in ("help", "help qom-get"):
        shell.Shell(machine, out).line(line)
    shown = out.file.getvalue()
    assert "\nquery-status\n" in shown
    assert "exit: leave" in shown
    assert "qom-get: " in shown


# --- the tree ------------------------------------------------------------------------------------


def test_tree(pyqom):
    answer = pyqom("tree", "-M", "q35", "--smp", "2", "--release", "7.2")
    lines = answer.out.splitlines()
    assert lines[0] == "/machine (pc-q35-7.2-machine)"
    assert "  /peripheral (container)" in lines
    assert "    /device[0] (qemu64-x86_64-cpu)" in lines
    depths = [(len(line) - len(line.lstrip())) // 2 for line in lines]
    assert all(after <= before + 1 for before, after in pairwise(depths))


def test_tree_of_a_socket_is_that_of_the_machine(pyqom):
    objects = [{"qom-type": "iothread", "id": name} for name in ("b", "a-1", "a", "B")]
    with FakeQemu("q35", objects=objects) as qemu:
        assert pyqom("tree", qemu.path).out == pyqom("tree", "-M", "q35").out
        answer = pyqom("tree", qemu.path, "--path", "/objects")
        assert answer.out == (
            "/objects (container)\n"
            "  /B (iothread)\n"
            "  /a (iothread)\n"
            "  /a-1 (iothread)\n"
            "  /b (iothread)\n"
            "  /pc.ram (memory-backend-ram)\n"
            "    /pc.ram[0] (memory-region)\n"
        )
        found = pyqom("tree", qemu.path, "--path", "/objects", "--json").json
        assert found["children"][0] == {
            "name": "B", "path": "/objects/B", "type": "iothread", "children": [],
        }  # fmt: skip
        assert pyqom("tree", qemu.path, "--path", "/").out.startswith("/ (container)\n  /")


def test_tree_of_nothing(pyqom):
    answer = pyqom("tree", "-M", "none", "--path", "/nix")
    assert (answer.status, answer.err) == (2, "pyqom: Device '/nix' not found\n")
    assert "no-socket is no socket" in pyqom("tree", "no-socket").err
