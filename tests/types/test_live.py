"""The same texts and values given to pyqom and to an installed QEMU."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from pyqom import errors
from pyqom.types import Bool, Enum, Object, Registry, Size, Str, UInt16List, UInt32, make_root
from pyqom.types import path as paths

QEMU = "qemu-system-x86_64"
RAM = "/objects/m0"
TYPES = Registry()


class Ram(Object, typename="memory-backend-ram", registry=TYPES):
    """The properties of QEMU's backend that the questions are about."""

    dump = Bool(True, qdev=False)
    merge = Bool(True, qdev=False)
    host_nodes = UInt16List(qdev=False)
    policy = Enum(("default", "preferred", "bind", "interleave"), "HostMemPolicy", qdev=False)
    prealloc_threads = UInt32(1, qdev=False)
    size = Size(1 << 20, qdev=False)


class Machine(Object, typename="none-machine", registry=TYPES):
    """The properties of QEMU's `none` machine that the questions are about."""

    graphics = Bool(True, qdev=False)
    kernel = Str(qdev=False)


TYPED = [
    *((RAM, "prealloc-threads", value) for value in (5, "x", True, 1.0, 1 << 32, -1, None, [])),
    *((RAM, "dump", value) for value in (False, 1, "on", None)),
    *((RAM, "policy", value) for value in ("bind", "x", 3)),
    *((RAM, "host-nodes", value) for value in ("1", [1, "a"], [70000], [-1])),
    *(("/machine", "graphics", value) for value in (False, "x")),
    *(("/machine", "kernel", value) for value in ("k", 1)),
    (RAM, "nosuch", 1),
    (RAM, "type", "x"),
    ("/nosuch", "x", 1),
    ("nosuch", "x", 1),
]
TEXTS = [
    *(("prealloc-threads", text) for text in ("010", "0x1f", "+5", "08", "1k", "-1", "5x")),
    *(("prealloc-threads", text) for text in ("4294967296", "18446744073709551616", "x")),
    *(("dump", text) for text in ("on", "off", "yes", "n", "true", "ON", "1")),
    *(("policy", text) for text in ("default", "Default")),
    *(("host-nodes", text) for text in ("x", "5-3", "1,,2", "0-65536", "70000")),
]


@pytest.fixture(scope="module")
def replies():
    """QEMU's answers: [typed values, texts]."""
    if shutil.which(QEMU) is None:
        pytest.skip(f"{QEMU} is not installed")
    commands = [{"execute": "qmp_capabilities"}]
    for path, name, value in TYPED:
        where = {"path": path, "property": name}
        commands.append({"execute": "qom-set", "arguments": {**where, "value": value}})
        commands.append({"execute": "qom-get", "arguments": where})
    for name, text in TEXTS:
        line = {"command-line": f"qom-set {RAM} {name} {text}"}
        commands.append({"execute": "human-monitor-command", "arguments": line})
        where = {"path": RAM, "property": name}
        commands.append({"execute": "qom-get", "arguments": where})
    commands.append({"execute": "quit"})
    argv = [QEMU, "-M", "none", "-accel", "tcg", "-nodefaults", "-display", "none"]
    argv += ["-object", "memory-backend-ram,id=m0,size=1M", "-qmp", "stdio"]
    lines = "\n".join(map(json.dumps, commands))
    done = subprocess.run(argv, input=lines, capture_output=True, text=True, timeout=60)
    answers = [each for each in map(json.loads, done.stdout.splitlines()) if "event" not in each]
    pairs = list(zip(answers[2:-1:2], answers[3:-1:2], strict=True))
    return pairs[: len(TYPED)], pairs[len(TYPED) :]


@pytest.fixture(scope="module")
def root():
    tree = make_root()
    tree.add_child("machine", Machine())
    paths.resolve(tree, "/objects").add_child("m0", Ram())
    return tree


def reply(function, *arguments):
    """What QMP would say."""
    try:
        value = function(*arguments)
    except errors.PyqomError as error:
        return {"error": {"class": error.qmp_class, "desc": str(error)}}
    return {"return": {} if value is None else value}


@pytest.mark.live
def test_typed_values(replies, root):
    mine = []
    for path, name, value in TYPED:
        mine.append(
            (
                reply(lambda p, n, v: paths.resolve(root, p).set(n, v), path, name, value),
                reply(lambda p, n: paths.resolve(root, p).get(n), path, name),
            )
        )
    assert mine == replies[0]


@pytest.mark.live
def test_texts(replies, root):
    ram = paths.resolve(root, RAM)
    mine = []
    for name, text in TEXTS:
        answer = reply(ram.parse, name, text)
        said = f"Error: {answer['error']['desc']}\r\n" if "error" in answer else ""
        mine.append(({"return": said}, {"return": ram.get(name)}))
    assert mine == replies[1]
