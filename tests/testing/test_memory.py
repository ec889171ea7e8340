"""Sessions without a socket: each fault to the byte, and what QEMU does meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pyqom.errors import PyqomError
from pyqom.testing import Crash, Disconnect, Drop, Error, Late, MemorySession, Split

Make = Callable[..., MemorySession]

NOT_SENT = ("asked", "run")


@pytest.fixture
def talk(qemu_memory_session: Make) -> Callable[..., MemorySession]:
    return lambda *faults, **options: qemu_memory_session("none", faults=faults, **options)


def kinds(session: MemorySession, name: str) -> list[str]:
    return [entry.kind for entry in session.conversation if entry.name == name]


def test_a_machine_answers(qemu_memory_session: Make) -> None:
    session = qemu_memory_session("q35", smp=2, release="7.2", paused=True)
    assert session.greeting is not None
    assert session.greeting["version"]["qemu"] == {"major": 7, "minor": 2, "micro": 22}
    assert len(session.execute("query-cpus-fast")) == 2
    assert session.execute("query-status")["status"] == "prelaunch"
    session.execute("cont")
    assert [event["event"] for event in session.events] == ["RESUME"]
    session.conversation.assert_order("query-cpus-fast", "query-status", "RESUME")
    session.conversation.assert_no_errors()


def test_errors_are_raised(talk: Make) -> None:
    session = talk()
    with pytest.raises(PyqomError, match="Device '/nowhere' not found") as raised:
        session.execute("qom-list", path="/nowhere")
    assert raised.value.qmp_class == "DeviceNotFound"
    assert kinds(session, "qom-list") == ["command", "error"]


def test_names_of_arguments_may_have_underscores(talk: Make) -> None:
    session = talk()
    session.execute("object-add", qom_type="iothread", id="t")
    session.conversation.assert_asked("object-add", qom_type="iothread")
    assert session.execute("query-iothreads")[0]["id"] == "t"


def test_an_error_in_place_of_a_reply(talk: Make) -> None:
    session = talk(Error("stop", "Not now", qmp_class="DeviceNotActive"))
    with pytest.raises(PyqomError, match=r"^Not now$") as raised:
        session.execute("stop")
    assert raised.value.qmp_class == "DeviceNotActive"
    assert session.vm.running  # it was not run
    session.execute("stop")
    assert not session.vm.running


def test_an_error_has_the_id(talk: Make) -> None:
    session = talk(Error("stop", "Not now"))
    session.send({"execute": "stop", "id": {"b": 1, "a": [2]}})
    error = {"class": "GenericError", "desc": "Not now"}
    assert session.receive() == [{"error": error, "id": {"b": 1, "a": [2]}}]


def test_a_dropped_reply(talk: Make) -> None:
    session = talk(Drop("stop"))
    with pytest.raises(TimeoutError, match="no reply to stop"):
        session.execute("stop")
    assert not session.vm.running  # it was run
    assert session.execute("query-status")["status"] == "paused"
    assert kinds(session, "stop") == ["command", "dropped"]


def test_a_dropped_event(talk: Make) -> None:
    session = talk(Drop("STOP"))
    for command in ("stop", "cont", "stop"):
        session.execute(command)
    assert [event["event"] for event in session.events] == ["RESUME", "STOP"]
    assert kinds(session, "STOP") == ["dropped", "event"]


def test_a_late_reply_holds_up_what_comes_after(talk: Make) -> None:
    session = talk(Late("stop"))
    session.send({"execute": "stop", "id": 1})
    session.send({"execute": "query-name", "id": 2})
    session.send({"execute": "query-status", "id": 3})
    assert session.receive() == []
    # The event overtakes the reply, as the command is run already; nothing else is.
    assert [event["event"] for event in session.events] == ["STOP"]
    assert session.conversation.commands == ["qmp_capabilities", "stop"]
    assert session.release() == 1
    assert [reply["id"] for reply in session.receive()] == [1, 2, 3]
    assert session.release() == 0


def test_several_late_replies(talk: Make) -> None:
    session = talk(Late("query-name", times=2))
    for number in range(4):
        session.send({"execute": "query-name", "id": number})
    assert session.session.held == ["query-name"]
    assert session.release("query-kvm") == 0
    assert session.release("query-name") == 1
    assert [reply["id"] for reply in session.receive()] == [0]
    assert session.release() == 1
    assert [reply["id"] for reply in session.receive()] == [1, 2, 3]


def test_out_of_band_commands_overtake_a_late_reply(talk: Make) -> None:
    session = talk(Late("query-name"), negotiate=False)
    session.execute("qmp_capabilities", enable=["oob"])
    session.send({"execute": "query-name", "id": "late"})
    session.send({"exec-oob": "query-name", "id": "oob"})
    [reply] = session.receive()
    assert reply["id"] == "oob"
    assert reply["error"]["desc"] == "The command query-name does not support OOB"


def test_a_late_client_is_not_read_for_ever(talk: Make) -> None:
    session = talk(Late("query-name"))
    session.send(b'{"execute": "query-name"}\n')
    assert session.session.wants_input
    session.send(b'{"execute": "query-name"}\n')
    assert not session.session.wants_input
    session.release()
    assert session.session.wants_input


def test_a_late_greeting(talk: Make) -> None:
    session = talk(Late("greeting"), negotiate=False)
    assert session.greeting is None
    session.send({"execute": "qmp_capabilities"})
    assert session.receive() == []
    session.release("greeting")
    assert session.greeting is not None
    assert session.receive() == [{"return": {}}]


def test_a_late_event_waits_alone(talk: Make) -> None:
    session = talk(Late("STOP"))
    session.execute("stop")
    session.execute("cont")
    assert [event["event"] for event in session.events] == ["RESUME"]
    session.release("STOP")
    assert [event["event"] for event in session.events] == ["RESUME", "STOP"]


def test_a_part_of_a_late_reply(talk: Make) -> None:
    session = talk(Late("query-name", after=4))
    session.session.receive(b'{"execute": "query-name"}\n')
    assert session.session.take() == b'{"re'
    assert session.session.take() == b""
    session.session.on_output = None
    session.release()
    assert session.session.take() == b'turn": {}}\r\n'


@pytest.mark.parametrize(("size", "pieces"), [(1, 16), (5, 4), (15, 2), (16, 1), (99, 1)])
def test_a_reply_in_pieces(talk: Make, size: int, pieces: int) -> None:
    session = talk(Split("query-name", size=size))
    session.session.receive(b'{"execute": "query-name"}{"execute": "query-name"}\n')
    taken = []
    while data := session.session.take():
        taken.append(data)
    assert len(taken) == pieces + 1
    assert max(map(len, taken)) <= max(size, 16)
    assert b"".join(taken) == b'{"return": {}}\r\n' * 2


@pytest.mark.parametrize("make", [Disconnect, Crash])
@pytest.mark.parametrize(
    ("when", "run", "sent"),
    [("asked", False, b""), ("run", True, b""), ("half", True, 8), ("answered", True, 16)],
)
def test_the_line_goes_dead(talk: Make, make: Any, when: str, run: bool, sent: Any) -> None:
    session = talk(make("object-add", when=when))
    session.session.receive(
        b'{"execute": "object-add", "arguments": {"qom-type": "iothread", "id": "t"}}'
        b'{"execute": "query-name"}\n'
    )
    whole = b'{"return": {}}\r\n'
    assert session.session.take() == (whole[:sent] if sent else b"")
    assert session.closed
    assert session.crashed is session.vm.exited is (make is Crash)
    assert [child.path_component for child in session.vm.objects.children()] == (
        ["t"] if run else []
    )
    assert session.conversation.commands == ["qmp_capabilities", "object-add"]
    assert len(session.conversation.of("disconnect")) == 1
    with pytest.raises(ConnectionResetError):
        session.execute("query-name")


def test_hanging_up_in_answer_to_execute(talk: Make) -> None:
    session = talk(Disconnect(nth=2))
    with pytest.raises(ConnectionResetError, match="hung up on query-name"):
        session.execute("query-name")


def test_hanging_up_instead_of_greeting(talk: Make) -> None:
    session = talk(Disconnect("greeting"), negotiate=False)
    assert session.closed
    assert session.greeting is None


def test_a_crash_with_an_event(talk: Make) -> None:
    session = talk(Crash("STOP"))
    with pytest.raises(ConnectionResetError):
        session.execute("stop")
    assert session.crashed
    assert session.events == []


def test_garbage_is_recorded_and_counts_as_no_command(talk: Make) -> None:
    session = talk(Drop(nth=2))
    session.send(b"what?\n[1]\n")
    assert all("error" in reply for reply in session.receive())
    assert session.conversation.of("garbage")
    session.send({"execute": "query-name"})
    assert session.receive() == []


def test_quit_is_answered_and_ends_it(talk: Make) -> None:
    session = talk()
    assert session.execute("quit") == {}
    assert [event["event"] for event in session.events] == ["SHUTDOWN"]
    assert session.closed
    assert not session.crashed


def test_pretty(talk: Make) -> None:
    assert talk(pretty=True).execute("query-target") == {"arch": "x86_64"}


def test_same_input_same_record(qemu_memory_session: Make) -> None:
    def record() -> str:
        session = qemu_memory_session("pc", smp=2, faults=[Error("stop"), Drop("query-kvm")])
        for command in ("stop", "query-cpus-fast", "query-kvm", "qom-list-types"):
            session.send({"execute": command})
        return str(session.conversation)

    assert record() == record()
