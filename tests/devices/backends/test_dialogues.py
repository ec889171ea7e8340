"""Object commands answered as live QEMU 7.2.22 and 11.1.3 answered them.

``dialogues.json`` has lists of [command, arguments, reply of 11.1, reply of 7.2 where it differs];
null for what a QMP server refuses before there is an object.  ``scenarios`` are conformance
transcripts of 11.1.3, of which the commands on objects are run.
"""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pyqom.devices.backends import hostfile, thread_context
from tests.devices.backends.conftest import ARGUMENTS, World

DATA = Path(__file__).parents[2] / "data" / "backends"
DIALOGUES = json.loads((DATA / "dialogues.json").read_text())
SCENARIOS = sorted((DATA / "scenarios").glob("*.json"))
COMMANDS = ("object-add", "object-del", "qom-get", "qom-set", "qom-list")


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host as the recording one: two CPUs, one node, no IOMMU."""
    monkeypatch.setattr(thread_context, "host_cpus", lambda: frozenset((0, 1)))
    monkeypatch.setattr(hostfile, "memory_nodes", lambda: frozenset((0,)))
    exists = os.path.exists
    monkeypatch.setattr(os.path, "exists", lambda path: path != "/dev/iommu" and exists(path))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files that the dialogues name."""
    for name, content in {
        "secret": b"letmein",
        "secret64": b"bGV0bWVpbg==",
        "secret64nl": b"bGV0bWVpbg==\n",
        "mem4k": bytes(4096),
        "psk/keys.psk": b"a:\nb:zz\nc:0102030\nqemu:e2e79c9bdf1b8bb1\nd:01020304\n",
        "x509/ca-cert.pem": b"junk",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return tmp_path


def plain(value: Any) -> Any:
    """A list of properties in any order: QEMU's follows a hash table."""
    if isinstance(value, list) and value and isinstance(value[0], dict) and "name" in value[0]:
        named = (entry for entry in value if entry["name"] != "compat_monitor0")
        return sorted(named, key=lambda entry: entry["name"])
    return value


@pytest.mark.parametrize("release", ["7.2", "11.1"])
@pytest.mark.parametrize("name", DIALOGUES)
def test_dialogue(name: str, release: str, folder: Path) -> None:
    world = World(release)
    text = json.dumps(DIALOGUES[name]).replace("{dir}", str(folder))
    wrong = []
    for command, arguments, *replies in json.loads(text):
        expected = replies[0 if release == "11.1" else -1] if replies else {"return": {}}
        if expected is None:
            continue
        reply = world.reply(command, arguments)
        if "return" in reply:
            reply["return"] = plain(reply["return"])
            expected["return"] = plain(expected.get("return"))
        if reply != expected:
            wrong.append((command, arguments, expected, reply))
    assert wrong == []


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(path: Path) -> None:
    scenario = json.loads(path.read_text())
    world = World("11.1")
    args = scenario["args"]
    for option, value in pairwise(args):
        if option == "-object":
            from_command_line(world, value)
    wrong = []
    for step in scenario["steps"]:
        sent, (expected,) = step["send"], step["expect"]
        if not concerns_objects(sent, expected):
            continue
        reply = world.reply(sent["execute"], sent["arguments"])
        if "error" in expected:
            error = expected["error"]
            expected = {"error": error["desc"]}
            if error["class"] != "GenericError":
                expected["class"] = error["class"]
        if {key: plain(value) for key, value in reply.items()} != {
            key: plain(value) for key, value in expected.items()
        }:
            wrong.append((sent, expected, reply))
    assert wrong == []


def concerns_objects(sent: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Is it about a user's object, and not refused for the form of its arguments?"""
    if sent["execute"] not in COMMANDS:
        return False
    if not sent["arguments"].get("path", "/objects").startswith("/objects"):
        return False
    refused = ARGUMENTS.fullmatch(expected.get("error", {}).get("desc", ""))
    return not (refused and sent["execute"] == "object-add")


def from_command_line(world: World, text: str) -> None:
    """``-object``, in either form."""
    if text.startswith("{"):
        world.object_add(json.loads(text))
        return
    qom_type, *options = text.split(",")
    world.object_add(
        {"qom-type": qom_type, **dict(option.split("=", 1) for option in options)}, keyval=True
    )
