"""Served machines: addresses, faults on true sockets, restart, crash, threads."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pyqom.errors import PyqomError, UnknownMachine
from pyqom.testing import Crash, Disconnect, Drop, Error, FakeQemu, Late, Split
from pyqom.testing.thread import LoopThread
from tests.testing.client import Client

Make = Callable[..., FakeQemu]


def threads() -> int:
    return sum(thread.name == "pyqom" for thread in threading.enumerate())


# --- where it is ---------------------------------------------------------------------------------


def test_the_socket_is_there_only_meanwhile() -> None:
    before = threads()
    with FakeQemu("none") as qemu:
        path = qemu.path
        mode = os.stat(path).st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
        assert qemu.running
        assert qemu.address == path
        assert threads() == before + 1
    assert not os.path.exists(os.path.dirname(path))
    assert not qemu.running
    assert threads() == before
    qemu.close()


def test_a_path_of_ones_own(tmp_path: Path) -> None:
    path = Path(os.path.relpath(tmp_path / "q"))
    with FakeQemu("none", path=path) as qemu, Client(qemu.path) as client:
        assert qemu.path == str(path)
        client.negotiated()
    assert not path.exists()


def test_tcp(qemu_server: Make) -> None:
    qemu = qemu_server("none", tcp=True)
    host, port = qemu.address
    assert host == "127.0.0.1"
    assert qemu.path == f"127.0.0.1:{port}"
    with Client(qemu.address) as client:
        client.negotiated()
        qemu.restart()
        assert client.receive() is None
    assert qemu.address == (host, port)


def test_several_monitors(qemu_server: Make) -> None:
    qemu = qemu_server("none", monitors=3)
    assert len(set(qemu.addresses)) == 3
    clients = [Client(path).negotiated() for path in qemu.addresses]
    qemu.qmp("stop")
    assert [client.receive()["event"] for client in clients] == ["STOP"] * 3
    assert sorted(entry.client for entry in qemu.conversation.of("event")) == [1, 2, 3]
    for client in clients:
        client.close()


def test_the_second_client_of_a_monitor_waits(qemu_server: Make) -> None:
    qemu = qemu_server("none")
    with Client(qemu.path) as first, Client(qemu.path) as second:
        first.negotiated()
        assert len(qemu.conversation.of("connect")) == 1
        first.close()
        second.negotiated()


def test_what_cannot_be_started_leaves_nothing(tmp_path: Path) -> None:
    before = threads()
    qemu = FakeQemu("no-such-machine")
    with pytest.raises(UnknownMachine):
        qemu.start()
    assert threads() == before
    path = tmp_path / "file"
    path.write_text("mine")
    with pytest.raises(PyqomError, match="Failed to bind socket"):
        FakeQemu("none", path=path).start()
    assert path.read_text() == "mine"
    assert threads() == before


def test_it_runs_once(qemu_server: Make) -> None:
    with pytest.raises(RuntimeError, match="it runs already"):
        qemu_server("none").start()
    with pytest.raises(RuntimeError, match="it has not been started"):
        FakeQemu("none").restart()
    with pytest.raises(RuntimeError, match="it does not run"):
        FakeQemu("none").qmp("query-status")


# --- the machine from the outside ----------------------------------------------------------------


def test_events_come_from_any_thread(qemu_server: Make) -> None:
    qemu = qemu_server("none")
    with Client(qemu.path) as client:
        client.negotiated()
        qemu.vm.stop()
        assert client.receive()["event"] == "STOP"
        qemu.call(qemu.vm.cont)
        assert client.receive()["event"] == "RESUME"
        assert qemu.qmp("query-status") == {"running": True, "status": "running"}
        with pytest.raises(PyqomError, match="not found"):
            qemu.qmp("qom-get", path="/a", property="b")


@pytest.mark.parametrize("way", ["client", "qmp", "vm"])
def test_quit_ends_it(qemu_server: Make, way: str) -> None:
    qemu = qemu_server("none")
    with Client(qemu.path) as client:
        client.negotiated()
        if way == "client":
            client.send("quit")
        elif way == "qmp":
            qemu.qmp("quit")
        else:
            qemu.call(lambda: qemu.vm.shutdown("host-signal"))
        said = [client.receive() for _ in range(3)]
        assert said[0]["event"] == "SHUTDOWN"
        assert said[1:] == [{"return": {}}, None][way != "client" :] + [None][: way != "client"]
    assert not qemu.running
    assert not qemu.crashed
    assert not os.path.exists(qemu.path)
    with pytest.raises(FileNotFoundError):
        Client(qemu.path)


def test_restart(qemu_server: Make) -> None:
    qemu = qemu_server("none", faults=[Error("query-name", nth=2)])
    path, vm = qemu.path, qemu.vm
    with Client(path) as client:
        client.negotiated().ask("object-add", **{"qom-type": "iothread", "id": "t"})
        assert client.ask("query-name") == {"return": {}}
    qemu.restart()
    assert qemu.path == path
    assert qemu.vm is not vm
    with Client(path) as client:
        assert client.negotiated().ask("query-iothreads") == {"return": []}
        assert "error" in client.ask("query-name")
    assert [entry.client for entry in qemu.conversation.of("greeting")] == [1, 2]
    vm.stop()  # nobody hears that machine any more
    assert qemu.conversation.events == []


# --- faults --------------------------------------------------------------------------------------


def test_a_late_reply(qemu_server: Make) -> None:
    qemu = qemu_server("none", faults=[Late("query-name", after=5)])
    with Client(qemu.path) as client:
        client.negotiated().send("query-name")
        client.send("query-status")
        qemu.conversation.wait("held", "query-name")
        assert qemu.held == ["query-name"]
        assert client.socket.recv(100) == b'{"ret'
        client.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.socket.recv(100)
        client.socket.settimeout(60)
        assert qemu.release("query-name") == 1
        assert client.file.readline() == b'urn": {}}\r\n'
        assert client.receive()["return"]["status"] == "running"


def test_a_reply_in_pieces(qemu_server: Make) -> None:
    qemu = qemu_server("none", faults=[Split("query-commands", size=1), Split("greeting")])
    with Client(qemu.path) as client:
        names = client.negotiated().ask("query-commands")["return"]
    assert {"name": "query-commands"} in names


def test_a_dropped_reply(qemu_server: Make) -> None:
    qemu = qemu_server("none", faults=[Drop("query-name")])
    with Client(qemu.path) as client:
        client.negotiated().send("query-name")
        assert client.ask("query-status")["return"]["running"] is True


@pytest.mark.parametrize("when", ["asked", "run", "half", "answered"])
def test_a_disconnected_client_may_come_again(qemu_server: Make, when: Any) -> None:
    qemu = qemu_server("none", faults=[Disconnect("stop", when=when)])
    with Client(qemu.path) as client:
        client.negotiated().send("stop")
        got = client.file.read()
    # The event comes before the reply.
    event, _, reply = got.partition(b"\r\n")
    assert (b"STOP" in event) is (when != "asked")
    assert reply == {"half": b'{"return', "answered": b'{"return": {}}\r\n'}.get(when, b"")
    with Client(qemu.path) as client:
        status = client.negotiated().ask("query-status")["return"]
    assert status["running"] is (when == "asked")


def test_hanging_up_by_hand(qemu_server: Make) -> None:
    qemu = qemu_server("none")
    with Client(qemu.path) as client:
        client.negotiated()
        qemu.disconnect()
        assert client.receive() is None
    with Client(qemu.path) as client:
        client.negotiated()


@pytest.mark.parametrize("by", ["fault", "hand"])
def test_a_crash(qemu_server: Make, by: str) -> None:
    qemu = qemu_server("none", monitors=2, faults=[Crash("query-name")])
    with Client(qemu.addresses[0]) as client, Client(qemu.addresses[1]) as other:
        client.negotiated()
        other.negotiated()
        if by == "fault":
            client.send("query-name")
        else:
            qemu.crash()
        assert client.receive() is None
        assert other.receive() is None
    assert qemu.crashed
    assert qemu.vm.exited
    assert not qemu.running
    # As after SIGKILL the sockets are still there, but nobody listens.
    for path in qemu.addresses:
        assert stat.S_ISSOCK(os.stat(path).st_mode)
        with pytest.raises(ConnectionRefusedError):
            Client(path)
    assert qemu.conversation.of("event") == []
    qemu.crash()
    assert len(qemu.conversation.of("crash")) == 1
    qemu.restart()
    with Client(qemu.path) as client:
        assert client.negotiated().ask("query-uuid")["return"]["UUID"]
    assert not qemu.crashed


def test_a_crash_leaves_its_own_path_until_the_end(tmp_path: Path) -> None:
    path = Path(os.path.relpath(tmp_path / "q"))
    with FakeQemu("none", path=path) as qemu:
        qemu.crash()
        assert path.exists()
    assert not path.exists()


def test_tcp_crash(qemu_server: Make) -> None:
    qemu = qemu_server("none", tcp=True)
    qemu.crash()
    with pytest.raises(ConnectionRefusedError):
        Client(qemu.address)


# --- the thread ----------------------------------------------------------------------------------


def test_a_thread_hands_on_what_is_raised() -> None:
    thread = LoopThread()
    assert thread.call(lambda: thread.call(thread.is_here)) is True
    assert thread.is_here() is False
    with pytest.raises(ZeroDivisionError):
        thread.call(lambda: 1 // 0)
    thread.close()
    with pytest.raises(RuntimeError, match="has ended"):
        thread.call(int)
    thread.close()


def test_a_faulty_callback_is_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    thread = LoopThread()
    thread.loop.call_soon_threadsafe(lambda: 1 // 0)
    assert thread.call(int) == 0  # it goes on
    with pytest.raises(ZeroDivisionError):
        thread.close()
    assert "serving" in caplog.text
