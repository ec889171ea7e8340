"""What can be asked and asserted of a record, and what is shown when it does not hold."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any
from unittest.mock import ANY

import pytest

from pyqom.testing import Conversation


@pytest.fixture
def talk() -> Conversation:
    """A client that negotiated, plugged a CPU, failed once, and stopped the machine."""
    talk = Conversation()
    talk.note(1, "connect")
    talk.note(1, "greeting", "greeting", '{"QMP": {}}')

    def ask(kind: Any, reply: Any, name: str, **arguments: Any) -> None:
        text = json.dumps({"execute": name, "arguments": arguments})
        entry = talk.note(1, "command", name, text)
        if kind is not None:
            talk.note(1, kind, name, json.dumps({kind: reply}), entry.step)

    ask("return", {}, "qmp_capabilities")
    ask("return", {}, "device_add", driver="cpu", **{"core-id": 1, "id": "a"})
    ask("error", {"class": "GenericError", "desc": "no"}, "device_add", driver="cpu", id="b")
    talk.note(1, "event", "STOP", '{"event": "STOP", "timestamp": {}}')
    ask("return", {}, "stop")
    talk.note(1, "event", "RESET", '{"event": "RESET", "data": {"guest": false, "reason": "host"}}')
    ask(None, {}, "quit")
    talk.note(1, "dropped", "quit", '{"return": {}}', talk[-1].step)
    talk.note(1, "disconnect")
    return talk


def test_looking(talk: Conversation) -> None:
    assert talk.commands == ["qmp_capabilities", "device_add", "device_add", "stop", "quit"]
    assert talk.events == ["STOP", "RESET"]
    assert [entry.step for entry in talk] == list(range(len(talk)))
    assert len(talk.asked("device_add")) == 2
    assert len(talk.asked("device_add", id="b")) == 1
    assert talk.asked("device_add", core_id=1) == talk.asked("device_add", {"core-id": 1})
    assert talk.of("command", client=2) == []


def test_replies(talk: Conversation) -> None:
    good, bad = talk.asked("device_add")
    reply = talk.reply(good)
    assert reply is not None
    assert reply.message == {"return": {}}
    reply = talk.reply(bad)
    assert reply is not None
    assert (reply.kind, reply.message["error"]["desc"]) == ("error", "no")
    [request] = talk.asked("quit")
    assert talk.reply(request) is None


def test_what_holds(talk: Conversation) -> None:
    entry = talk.assert_asked("device_add", driver="cpu")
    assert entry.arguments["id"] == "a"
    talk.assert_asked("device_add", driver=ANY, times=2)
    talk.assert_asked("device_add", {"core-id": 1}, id="a", times=1)
    talk.assert_not_asked("device_add", id="c")
    talk.assert_not_asked("device_del")
    talk.assert_order("device_add", "device_add", "STOP", "stop", "quit")
    assert talk.assert_event("RESET", guest=False).arguments["reason"] == "host"
    talk.assert_event("STOP")


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (lambda talk: talk.assert_asked("device_del"), "device_del was not asked with {}"),
        (
            lambda talk: talk.assert_asked("device_add", id="c"),
            'device_add was not asked with {"id": "c"}',
        ),
        (
            lambda talk: talk.assert_asked("device_add", times=1),
            "device_add was not asked 1 times, but 2 with {}",
        ),
        (lambda talk: talk.assert_not_asked("stop"), "stop was asked in step 9"),
        (
            lambda talk: talk.assert_order("stop", "device_add"),
            "not in this order: stop, device_add; 'device_add' is missing",
        ),
        (lambda talk: talk.assert_event("RESUME"), "no event RESUME with {} was told"),
        (
            lambda talk: talk.assert_event("RESET", guest=True),
            'no event RESET with {"guest": true} was told',
        ),
        (
            lambda talk: talk.assert_no_errors(),
            'device_add was answered with {"error": {"class": "GenericError", "desc": "no"}}',
        ),
        (lambda talk: talk.assert_all_answered(), "quit in step 12 has no reply"),
    ],
)
def test_what_does_not_hold(
    talk: Conversation, check: Callable[[Conversation], Any], text: str
) -> None:
    with pytest.raises(AssertionError) as raised:
        check(talk)
    first, _, rest = str(raised.value).partition("\n\n")
    assert first == text
    assert rest == str(talk)


def test_transcript(talk: Conversation) -> None:
    lines = str(talk).splitlines()
    assert len(lines) == len(talk)
    assert lines[0] == "   0 client 1    connect"
    assert lines[8] == '   8 client 1 <- event STOP: {"event": "STOP", "timestamp": {}}'
    assert lines[12] == '  12 client 1 -> command quit: {"execute": "quit", "arguments": {}}'
    assert lines[13] == '  13 client 1 x  dropped quit: {"return": {}}'
    assert str(Conversation()) == "(nothing was said)"


def test_long_messages_are_cut_in_the_transcript() -> None:
    talk = Conversation()
    talk.note(1, "return", "x", json.dumps({"return": "y" * 5000}))
    assert len(str(talk)) < 400
    assert len(talk[0].message["return"]) == 5000


def test_waiting() -> None:
    talk = Conversation()
    thread = threading.Thread(
        target=lambda: [talk.note(1, "command", name, "{}") for name in ("a", "b", "a")]
    )
    thread.start()
    assert talk.wait("command", "a", 2).step == 2
    thread.join()
    assert talk.wait("command").name == "a"
    with pytest.raises(TimeoutError, match="no event STOP came"):
        talk.wait("event", "STOP", timeout=0)
