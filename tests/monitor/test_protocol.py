"""One session in memory: dialogues recorded from live QEMU, and what holds of any."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyqom.errors import CommandNotFound, QmpError
from pyqom.monitor import protocol
from pyqom.monitor.protocol import Session, State, greeting
from pyqom.monitor.writer import Encoded
from tests.monitor.small import (
    DATA,
    NEGOTIATE,
    NEGOTIATE_OOB,
    SmallDispatcher,
    drain,
    lines,
    messages,
    session,
    version,
)

SCENARIOS = sorted((DATA / "protocol").glob("*.json"))


# --- recorded dialogues --------------------------------------------------------------------------


def wire(step: dict[str, Any]) -> bytes:
    if "send" in step:
        return json.dumps(step["send"]).encode() + b"\n"
    raw = step["raw"] if isinstance(step["raw"], list) else [step["raw"]]
    text = "".join(p if isinstance(p, str) else p[0] * p[1] for p in raw)
    return text.encode("utf-8", "surrogateescape")


def tokens(text: str) -> list[str]:
    return sorted(re.findall(r'"(?:\\.|[^"\\])*"|[^\s"{}\[\],:]+|.', text))


def same(expected: Any, got: Any) -> bool:
    """Equality that tells 1, 1.0 and True apart."""
    if type(expected) is not type(got):
        return False
    if isinstance(expected, dict):
        return expected.keys() == got.keys() and all(same(expected[k], got[k]) for k in got)
    if isinstance(expected, list):
        return len(expected) == len(got) and all(map(same, expected, got))
    return bool(expected == got)


def check(step: dict[str, Any], got: list[str]) -> None:
    expected = [message for message in step["expect"] if "eof" not in message]
    assert len(got) == len(expected), (step, got)
    for message, line in zip(expected, got, strict=True):
        if "text" in message:
            assert tokens(line) == tokens(message["text"])
        else:
            found = json.loads(line)
            found.pop("timestamp", None)
            assert same(message, found), step


@pytest.mark.parametrize("step_size", [1 << 20, 1])
@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_recorded_dialogue(path: Path, step_size: int) -> None:
    scenario = json.loads(path.read_text())
    talk = session()
    [hello] = messages(talk)
    assert hello == {"QMP": {"version": version(), "capabilities": ["oob"]}}
    steps = scenario["steps"]
    if scenario.get("negotiate", True):
        steps.insert(0, {"send": {"execute": "qmp_capabilities"}, "expect": [{"return": {}}]})
    for step in steps:
        data = wire(step)
        for at in range(0, len(data), step_size):
            talk.receive(data[at : at + step_size])
        check(step, lines(talk))


def test_the_wire_is_that_of_live_qemu_with_qmp_pretty() -> None:
    talk = session(pretty=True)
    hello = drain(talk)
    assert hello.startswith(b'{\r\n    "QMP": {\r\n        "version": {\r\n            "qemu": {')
    assert hello.endswith(b'"capabilities": [\r\n            "oob"\r\n        ]\r\n    }\r\n}\r\n')
    talk.receive(
        b'{"execute":"qmp_capabilities","id":{"b":[],"a":{"c":1}}}'
        b'{"execute":"x"}{"execute":"query-kvm"}'
    )
    assert drain(talk) == (
        b'{\r\n    "return": {\r\n    },\r\n    "id": {\r\n        "a": {\r\n            "c": 1\r\n'
        b'        },\r\n        "b": [\r\n        ]\r\n    }\r\n}\r\n'
        b'{\r\n    "error": {\r\n        "class": "CommandNotFound",\r\n'
        b'        "desc": "The command x has not been found"\r\n    }\r\n}\r\n'
        b'{\r\n    "return": {\r\n        "enabled": false,\r\n        "present": true\r\n    }\r\n'
        b"}\r\n"
    )


def test_answers_may_be_json_already() -> None:
    for pretty in (False, True):
        talk = session(NEGOTIATE, pretty=pretty)
        talk.receive(b'{"execute": "query-version"}')
        plain = drain(talk)
        dispatcher = talk.dispatcher
        assert isinstance(dispatcher, SmallDispatcher)
        dispatcher.answers = {"query-version": Encoded(json.dumps(version()))}
        talk.receive(b'{"execute": "query-version"}')
        assert drain(talk) == plain


# --- negotiation ---------------------------------------------------------------------------------


def test_only_what_is_offered_can_be_enabled() -> None:
    talk = Session(SmallDispatcher(), greeting=greeting(version(), ()))
    assert messages(talk)[0]["QMP"]["capabilities"] == []
    talk.receive(NEGOTIATE_OOB)
    [reply] = messages(talk)
    assert reply["error"] == {"class": "GenericError", "desc": "Capability oob not available"}
    assert talk.state is State.NEGOTIATION
    talk.receive(NEGOTIATE)
    assert messages(talk) == [{"return": {}}]
    assert talk.state is State.COMMAND
    assert not talk.oob


def test_negotiate_from_within() -> None:
    talk = session()
    with pytest.raises(QmpError, match="Capability a, b not available"):
        talk.negotiate(["a", "oob", "b"])
    talk.negotiate(["oob"])
    assert talk.enabled == {"oob"}
    with pytest.raises(CommandNotFound, match="already complete"):
        talk.negotiate()


# --- out of band ---------------------------------------------------------------------------------


def band(count: int) -> bytes:
    return b"".join(b'{"execute": "query-name", "id": %d}' % i for i in range(count))


@pytest.mark.parametrize(
    ("data", "ids"),
    [
        # As live QEMU answers where commands take a while: eight requests at most are overtaken.
        (band(1) + b'{"exec-oob": "migrate-pause", "id": "B"}', ["B", 0]),
        (band(5) + b'{"exec-oob": "migrate-pause", "id": "B"}', ["B", 0, 1, 2, 3, 4]),
        (
            band(20) + b'{"exec-oob": "migrate-pause", "id": "B"}',
            [*range(12), "B", *range(12, 20)],
        ),
        # A mistake in the text waits in the queue like a command.
        (band(1) + b'}{"exec-oob": "migrate-pause", "id": "B"}', ["B", 0, None]),
    ],
)
def test_out_of_band_commands_overtake(data: bytes, ids: list[Any]) -> None:
    talk = session(NEGOTIATE_OOB)
    talk.receive(data)
    assert [message.get("id") for message in messages(talk)] == ids


@pytest.mark.parametrize(
    ("request_", "class_", "desc"),
    [
        (
            '{"exec-oob": "query-name"}',
            "GenericError",
            "The command query-name does not support OOB",
        ),
        ('{"exec-oob": "no"}', "CommandNotFound", "The command no has not been found"),
        ('{"exec-oob": 5}', "GenericError", "QMP input member 'exec-oob' must be a string"),
        (
            '{"execute": "a", "exec-oob": "b"}',
            "GenericError",
            "QMP input member 'execute' clashes with 'exec-oob'",
        ),
        (
            '{"execute": 1, "exec-oob": 2}',
            "GenericError",
            "QMP input member 'exec-oob' must be a string",
        ),
        ('{"exec-oob": "migrate-pause"}', "GenericError", "not now"),
    ],
)
def test_out_of_band_errors(request_: str, class_: str, desc: str) -> None:
    talk = session(NEGOTIATE_OOB)
    talk.receive(request_.encode())
    assert messages(talk) == [{"error": {"class": class_, "desc": desc}}]


# --- events --------------------------------------------------------------------------------------


def test_events_are_told_after_negotiation() -> None:
    talk = session()
    drain(talk)
    talk.event("STOP", None, 1, 2)
    assert not talk.has_output
    talk.receive(NEGOTIATE)
    talk.event("STOP", None, 1, 2)
    talk.event("SHUTDOWN", {"guest": False}, 3, 0)
    assert lines(talk) == [
        '{"return": {}}',
        '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOP"}',
        '{"timestamp": {"seconds": 3, "microseconds": 0}, "event": "SHUTDOWN", '
        '"data": {"guest": false}}',
    ]


def test_an_event_from_outside_is_announced() -> None:
    talk = session(NEGOTIATE)
    called: list[bytes] = []
    talk.on_output = lambda: called.append(talk.take())
    talk.event("STOP", None, 1, 2)
    assert len(called) == 1
    # What a command tells, the one who has received takes anyway.
    talk.receive(b'{"execute": "quit"}')
    assert len(called) == 1


def test_quit_tells_its_event_and_is_the_last() -> None:
    talk = session(NEGOTIATE)
    talk.receive(b'{"execute":"quit","id":1}{"execute":"query-name","id":2}')
    talk.receive(b'{"execute":"query-name","id":3}')
    event, reply = messages(talk)
    assert event["event"] == "SHUTDOWN"
    assert reply == {"return": {}, "id": 1}
    assert talk.closed
    assert not talk.wants_input
    talk.event("STOP", None, 1, 2)
    assert drain(talk) == b""


# --- faults and pressure -------------------------------------------------------------------------


def test_a_fault_of_ours_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    talk = session(NEGOTIATE)
    talk.receive(b'{"execute": "x-fault", "id": 1}{"execute": "query-name"}')
    assert messages(talk) == [
        {
            "id": 1,
            "error": {"class": "GenericError", "desc": "Internal error in command 'x-fault'"},
        },
        {"return": {}},
    ]
    assert "a secret of the implementation" in caplog.text


def test_answers_that_are_not_taken_stop_the_work() -> None:
    talk = session(NEGOTIATE)
    dispatcher = talk.dispatcher
    assert isinstance(dispatcher, SmallDispatcher)
    size = 100_000
    talk.receive(b'{"execute": "x-large", "arguments": {"size": %d}}' % size * 100)
    ran = len(dispatcher.ran)
    assert ran < 20
    assert not talk.wants_input
    output = talk.take()
    assert len(output) <= protocol.OUTPUT_HIGH + size + 100
    output += drain(talk)
    assert output.count(b"\r\n") == 100
    assert talk.wants_input
    assert len(dispatcher.ran) == 101


def test_a_full_queue_stops_the_reading() -> None:
    talk = session(NEGOTIATE)
    talk.receive(b'{"execute": "x-large", "arguments": {"size": 2000000}}')
    assert talk.wants_input
    talk.receive(b'{"execute": "query-name"}')
    assert not talk.wants_input
    drain(talk)
    assert talk.wants_input


def test_a_client_that_never_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "OUTPUT_LIMIT", 10_000)
    talk = session(NEGOTIATE)
    for number in range(1000):
        talk.event("STOP", {"number": number}, 1, 2)
        assert talk._output_size <= 10_200
    assert talk.closed
    assert talk.overflowed
    assert drain(talk) == b""


# --- anything at all -----------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *(b'{"execute": "query-name"}', b'{"execute": "qmp_capabilities"}'),
        *(b'{"execute": "x-fault"}', b'{"exec-oob": "migrate-pause"}'),
        *(
            b'{"execute": "query-kvm", "id": [1.5, "\xc3\xa9"]}',
            b'{"execute": "no", "id": {"b":1}}',
        ),
        *(b'{"arguments": 1, "execute": 2, "x": 3}', b'{"id": ', b"nope", b"\r\n", b"\n", b"\xff"),
        *(b"[", b"]", b"{", b"}", b'"', b"1", b",", b":", b"\x00"),
    ]
)
INPUTS = st.lists(PIECES | st.binary(max_size=6), max_size=20).map(b"".join)


@pytest.mark.filterwarnings("ignore")
@given(INPUTS, st.booleans(), st.data())
def test_cuts_change_no_answer(data: bytes, pretty: bool, more: st.DataObject) -> None:
    whole = session(NEGOTIATE, pretty=pretty)
    whole.receive(data)
    cut = session(NEGOTIATE, pretty=pretty)
    cuts = more.draw(st.lists(st.integers(0, len(data)), max_size=6).map(sorted))
    got = b""
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        cut.receive(data[start:end])
        got += cut.take() if more.draw(st.booleans()) else b""
    assert got + drain(cut) == drain(whole)


@given(INPUTS, st.sampled_from([b"", NEGOTIATE, NEGOTIATE_OOB]))
def test_whatever_comes_the_session_goes_on(data: bytes, start: bytes) -> None:
    talk = session(start)
    talk.receive(data + b"\xff\n" + NEGOTIATE + b'{"execute": "query-name", "id": "still here"}')
    *before, last = messages(talk)
    assert last == {"return": {}, "id": "still here"}
    for message in before:
        assert message.keys() - {"id"} in ({"return"}, {"error"}, {"QMP"})
    assert talk.wants_input
