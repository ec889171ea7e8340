"""Servers on true sockets, files and pipes, on both event loops."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import socket
import stat
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pyqom.monitor import protocol
from pyqom.monitor.backends import open_backend
from pyqom.monitor.chardev import ChardevError, parse_chardev, parse_compat
from pyqom.monitor.loop import PollLoop
from pyqom.monitor.protocol import Session, greeting
from pyqom.monitor.server import Monitor, Server
from tests.monitor.small import NEGOTIATE, SmallDispatcher, version

ROOT = Path(__file__).parent.parent.parent


class Running:
    """A server whose loop runs in a thread of its own."""

    def __init__(self, loop: Any) -> None:
        self.loop = loop
        self.server = Server(loop, self.make_session)
        self.reports: list[str] = []
        self._thread = threading.Thread(target=loop.run_forever, daemon=True)

    def make_session(self, pretty: bool) -> Session:
        return Session(SmallDispatcher(), greeting=greeting(version()), pretty=pretty)

    def start(self) -> None:
        self._thread.start()

    def add(self, text: str, *, pretty: bool = False) -> Monitor:
        chardev = parse_chardev(text) if ",id=" in text else parse_compat(text, "compat_monitor0")
        backend = open_backend(chardev, self.reports.append)
        return self.call(lambda: self.server.add(backend, pretty=pretty))

    def call(self, action: Callable[[], Any]) -> Any:
        """Do something in the loop's thread, and wait for it."""
        done = threading.Event()
        result: list[Any] = []

        def act() -> None:
            result.append(action())
            done.set()

        self.loop.call_soon_threadsafe(act)
        assert done.wait(10)
        return result[0]

    def close(self) -> None:
        self.call(self.server.close)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


class OwnLoop(PollLoop):
    run_forever = PollLoop.run


@pytest.fixture(params=[OwnLoop, asyncio.new_event_loop], ids=["own", "asyncio"])
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    new = Running(request.param())
    new.start()
    yield new
    new.close()


class Client:
    """A blocking client that reads line by line."""

    def __init__(self, where: str | tuple[str, int] | socket.socket) -> None:
        if isinstance(where, socket.socket):
            self.sock = where
        elif isinstance(where, str):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(where)
        else:
            self.sock = socket.create_connection(where)
        self.sock.settimeout(10)
        self.buffer = b""

    def line(self) -> bytes:
        while b"\n" not in self.buffer:
            data = self.sock.recv(1 << 20)
            if not data:
                return b""
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        assert line.endswith(b"\r")
        return line

    def message(self) -> Any:
        return json.loads(self.line())

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def ask(self, data: bytes) -> Any:
        self.send(data)
        return self.message()

    def negotiate(self) -> Client:
        assert "QMP" in self.message()
        assert self.ask(NEGOTIATE) == {"return": {}}
        return self

    def silent(self) -> bool:
        """Whether nothing comes for a while."""
        self.sock.settimeout(0.1)
        try:
            return not self.sock.recv(1)
        except TimeoutError:
            return True
        finally:
            self.sock.settimeout(10)

    def close(self) -> None:
        self.sock.close()


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


# --- unix sockets --------------------------------------------------------------------------------


def test_unix_socket(running: Running, tmp_path: Path) -> None:
    path = tmp_path / "qmp.sock"
    running.add(f"unix:{path},server=on,wait=off")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    client = Client(str(path)).negotiate()
    assert client.ask(b'{"execute": "query-name", "id": 1}\n') == {"return": {}, "id": 1}
    running.call(running.server.close)
    assert client.line() == b""
    assert not path.exists()


def test_mode_does_not_follow_umask(running: Running, tmp_path: Path) -> None:
    for number, mask in enumerate((0o000, 0o177, 0o777)):
        path = tmp_path / f"{number}.sock"
        before = os.umask(mask)
        try:
            running.add(f"unix:{path},server=on,wait=off")
        finally:
            os.umask(before)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_stale_socket_is_replaced_but_no_file(running: Running, tmp_path: Path) -> None:
    path = tmp_path / "qmp.sock"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    running.add(f"unix:{path},server=on,wait=off")
    Client(str(path)).negotiate().close()
    precious = tmp_path / "precious"
    precious.write_text("data")
    with pytest.raises(ChardevError, match=f"Failed to bind socket to {precious}: Address already"):
        running.add(f"unix:{precious},server=on,wait=off")
    assert precious.read_text() == "data"


def test_somebody_elses_socket_is_left(running: Running, tmp_path: Path) -> None:
    path = tmp_path / "qmp.sock"
    running.add(f"unix:{path},server=on,wait=off")
    path.unlink()
    other = socket.socket(socket.AF_UNIX)
    other.bind(str(path))
    running.call(running.server.close)
    assert path.exists()
    other.close()


def test_one_client_at_a_time_and_each_is_greeted(running: Running, tmp_path: Path) -> None:
    path = str(tmp_path / "qmp.sock")
    running.add(f"unix:{path},server=on,wait=off")
    first = Client(path).negotiate()
    second, third = Client(path), Client(path)
    assert second.silent()
    first.send(b'{"execute":')
    first.close()
    assert "QMP" in second.message()
    assert third.silent()
    # Neither the first one's negotiation nor half a command of it is left.
    refusal = second.ask(b'{"execute": "query-name"}\n')
    assert refusal["error"]["desc"].startswith("Expecting capabilities negotiation")
    assert second.ask(NEGOTIATE) == {"return": {}}
    second.close()
    third.negotiate()


def test_abstract_socket(running: Running) -> None:
    name = f"pyqom-test-{os.getpid()}"
    running.add(f"socket,id=a,path={name},abstract=on,server=on,wait=off")
    Client("\0" + name).negotiate()


def test_waiting_for_the_first_client(running: Running, tmp_path: Path) -> None:
    path = tmp_path / "qmp.sock"
    clients: list[Client] = []

    def connect() -> None:
        until(path.exists)
        until(lambda: running.reports)
        clients.append(Client(str(path)))

    thread = threading.Thread(target=connect)
    thread.start()
    running.add(f"unix:{path},server=on")
    thread.join()
    assert running.reports == [
        f"info: QEMU waiting for connection on: disconnected:unix:{path},server=on"
    ]
    clients[0].negotiate()


# --- TCP -----------------------------------------------------------------------------------------


def port_of(monitor: Monitor) -> int:
    address: Any = monitor.backend.chardev.address
    return int(address.port)


def test_tcp_on_loopback(running: Running) -> None:
    monitor = running.add("tcp:127.0.0.1:0,server=on,wait=off")
    client = Client(("127.0.0.1", port_of(monitor))).negotiate()
    assert client.ask(b'{"execute": "query-kvm"}')["return"]["present"] is True


def test_tcp_beyond_loopback_is_asked_for_by_name(running: Running) -> None:
    with pytest.raises(ChardevError, match="must be asked for"):
        running.add("tcp::0,server=on,wait=off")
    running.add("tcp:0.0.0.0:0,server=on,wait=off")


def test_a_port_that_is_taken(running: Running) -> None:
    port = port_of(running.add("tcp:127.0.0.1:0,server=on,wait=off"))
    with pytest.raises(ChardevError, match="Failed to find an available port: Address already"):
        running.add(f"tcp:127.0.0.1:{port},server=on,wait=off")
    assert port < port_of(
        running.add(f"tcp:127.0.0.1:{port},server=on,wait=off,to={min(65535, port + 50)}")
    )


# --- clients of their own ------------------------------------------------------------------------


def test_client_mode(running: Running, tmp_path: Path) -> None:
    path = str(tmp_path / "manager.sock")
    with pytest.raises(ChardevError, match=f"Failed to connect to '{path}': No such file"):
        running.add(f"unix:{path}")
    with socket.socket(socket.AF_UNIX) as manager:
        manager.bind(path)
        manager.listen()
        running.add(f"unix:{path}")
        Client(manager.accept()[0]).negotiate()


def test_client_mode_connects_again(running: Running, tmp_path: Path) -> None:
    path = str(tmp_path / "manager.sock")
    running.add(f"unix:{path},reconnect-ms=20")
    until(lambda: running.reports)
    time.sleep(0.05)
    assert running.reports == [
        "Unable to connect character device compat_monitor0: "
        f"Failed to connect to '{path}': No such file or directory"
    ]
    with socket.socket(socket.AF_UNIX) as manager:
        manager.bind(path)
        manager.listen()
        for _ in range(2):
            client = Client(manager.accept()[0]).negotiate()
            client.close()


def test_inherited_sockets(running: Running) -> None:
    ours, theirs = socket.socketpair()
    running.add(f"socket,id=a,fd={os.dup(theirs.fileno())}")
    Client(ours).negotiate()
    with socket.socket(socket.AF_INET) as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        listener.listen()
        running.add(f"socket,id=b,fd={os.dup(listener.fileno())},server=on,wait=off")
    Client(("127.0.0.1", port)).negotiate()
    with open(os.devnull) as null, pytest.raises(ChardevError, match="is not a socket"):
        running.add(f"socket,id=c,fd={null.fileno()}")


# --- several monitors, and pressure --------------------------------------------------------------


def test_events_reach_every_monitor(running: Running, tmp_path: Path) -> None:
    paths = [str(tmp_path / f"{number}.sock") for number in range(3)]
    for path in paths:
        running.add(f"unix:{path},server=on,wait=off")
    deaf = Client(paths[2])
    clients = [Client(path).negotiate() for path in paths[:2]]
    running.call(lambda: running.server.event("STOP", None, 7, 8))
    for client in clients:
        assert client.message() == {
            "timestamp": {"seconds": 7, "microseconds": 8},
            "event": "STOP",
        }
    assert "QMP" in deaf.message()
    assert deaf.silent()


def test_two_hundred_clients(running: Running, tmp_path: Path) -> None:
    paths = [str(tmp_path / f"{number}.sock") for number in range(200)]
    for path in paths:
        running.add(f"unix:{path},server=on,wait=off")
    clients = [Client(path) for path in paths]
    threads = threading.active_count()
    for client in clients:
        client.negotiate()
    for client in clients:
        client.send(b'{"execute": "query-name"}' * 10)
    for client in clients:
        assert [client.message() for _ in range(10)] == [{"return": {}}] * 10
        client.close()
    assert threading.active_count() == threads


def test_many_commands_at_once(running: Running, tmp_path: Path) -> None:
    path = str(tmp_path / "qmp.sock")
    running.add(f"unix:{path},server=on,wait=off")
    client = Client(path).negotiate()
    count = 20_000
    data = b"".join(b'{"execute": "query-name", "id": %d}\n' % i for i in range(count))
    writer = threading.Thread(target=client.send, args=(data,))
    writer.start()
    for number in range(count):
        assert client.line() == b'{"return": {}, "id": %d}\r' % number
    writer.join()


def test_a_client_that_does_not_read_is_not_read(running: Running, tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("deaf.sock", "other.sock")]
    monitor = running.add(f"unix:{paths[0]},server=on,wait=off")
    running.add(f"unix:{paths[1]},server=on,wait=off")
    deaf = Client(paths[0]).negotiate()
    request = b'{"execute": "x-large", "arguments": {"size": 200000}}\n'
    deaf.sock.settimeout(0.3)
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < 20_000_000:
            deaf.send(request * 50)
            sent += 50 * len(request)
    deaf.sock.settimeout(10)
    # The rest is where the system keeps it.
    assert sent < 5_000_000
    connection = monitor.connection
    assert connection is not None
    held = len(connection._unsent) + connection.session._output_size
    assert held < 2 * protocol.OUTPUT_HIGH + 500_000
    assert Client(paths[1]).negotiate().ask(b'{"execute": "query-name"}') == {"return": {}}
    # Nothing is lost for one who reads at last, late as it is.
    for _ in range(60):
        assert len(deaf.line()) > 200_000


def test_a_client_that_does_not_read_events_is_hung_up(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "OUTPUT_LIMIT", 100_000)
    path = str(tmp_path / "qmp.sock")
    monitor = running.add(f"unix:{path},server=on,wait=off")
    deaf = Client(path).negotiate()

    def tell() -> None:
        for _ in range(1000):
            running.server.event("STOP", {"pad": "x" * 1000}, 1, 2)

    running.call(tell)
    until(lambda: monitor.connection is None)
    deaf.close()
    Client(path).negotiate()


def test_quit_is_answered(running: Running, tmp_path: Path) -> None:
    path = str(tmp_path / "qmp.sock")
    running.add(f"unix:{path},server=on,wait=off")
    client = Client(path).negotiate()
    client.send(b'{"execute": "quit"}{"execute": "query-name"}')
    assert client.message()["event"] == "SHUTDOWN"
    assert client.message() == {"return": {}}
    assert client.line() == b""


def test_the_end_of_the_machine(running: Running, tmp_path: Path) -> None:
    """All clients hear of it, nobody is answered any more, and then they are hung up."""
    paths = [str(tmp_path / f"{number}.sock") for number in range(2)]
    for path in paths:
        running.add(f"unix:{path},server=on,wait=off")
    clients = [Client(path).negotiate() for path in paths]

    def end() -> None:
        running.server.event("SHUTDOWN", {"guest": False}, 1, 2)
        running.server.finish()

    running.call(end)
    for monitor, client in zip(running.server.monitors, clients, strict=True):
        assert client.message()["event"] == "SHUTDOWN"
        assert monitor.session is None or monitor.session.closed
    running.call(running.server.close)
    for client in clients:
        assert client.line() == b""


def test_a_thousand_listeners_are_cheap(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 1200:
        if hard < 1200:
            pytest.skip("too few file descriptors")
        resource.setrlimit(resource.RLIMIT_NOFILE, (1200, hard))
    loop = PollLoop()
    servers = []
    for number in range(1000):
        server = Server(loop, lambda pretty: Session(SmallDispatcher(), greeting=greeting({})))
        chardev = parse_compat(f"unix:{tmp_path}/{number}.sock,server=on,wait=off", "a")
        server.add(open_backend(chardev, print))
        servers.append(server)
    assert threading.active_count() < 10
    for server in servers:
        server.close()
    loop.close()
    assert not list(tmp_path.iterdir())


# --- files and standard input --------------------------------------------------------------------


def test_file(running: Running, tmp_path: Path) -> None:
    out, requests = tmp_path / "out", tmp_path / "in"
    requests.write_bytes(NEGOTIATE + b'{"execute": "query-name", "id": 1}')
    running.add(f"file,id=a,path={out},input-path={requests}")
    until(lambda: out.read_bytes().count(b"\r\n") == 3)
    assert out.read_bytes().endswith(b'{"return": {}}\r\n{"return": {}, "id": 1}\r\n')
    with pytest.raises(ChardevError, match="Could not open '/no/such': No such file"):
        running.add("file:/no/such")


def test_pipe(running: Running, tmp_path: Path) -> None:
    base = tmp_path / "pipe"
    os.mkfifo(f"{base}.in")
    os.mkfifo(f"{base}.out")
    running.add(f"pipe:{base}")
    with open(f"{base}.in", "wb", 0) as requests, open(f"{base}.out", "rb", 0) as answers:
        assert b'"QMP"' in answers.readline()
        requests.write(NEGOTIATE)
        assert answers.readline() == b'{"return": {}}\r\n'


def test_pty(running: Running, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    running.add(f"pty,id=a,path={tmp_path}/link")
    name = os.readlink(tmp_path / "link")
    assert capsys.readouterr().out == f"char device redirected to {name} (label a)\n"
    fd = os.open(name, os.O_RDWR | os.O_NOCTTY)
    with os.fdopen(fd, "rb", 0) as client:
        assert b'"QMP"' in client.readline()
        os.write(fd, NEGOTIATE)
        assert client.readline() == b'{"return": {}}\r\n'
    running.call(running.server.close)
    assert not (tmp_path / "link").is_symlink()


def test_null_answers_nobody(running: Running) -> None:
    monitor = running.add("null")
    assert monitor.session is not None
    running.call(lambda: running.server.event("STOP", None, 1, 2))
    with pytest.raises(ChardevError, match="no chardev backend 'parallel'"):
        running.add("/dev/parport0")


STDIO = textwrap.dedent(
    """
    import asyncio, sys
    from pyqom.monitor.backends import open_backend
    from pyqom.monitor.chardev import parse_compat
    from pyqom.monitor.loop import PollLoop
    from pyqom.monitor.server import Server
    from tests.monitor.test_server import Running

    loop = PollLoop() if sys.argv[1] == "own" else asyncio.new_event_loop()
    server = Server(loop, lambda pretty: Running.make_session(None, pretty))
    monitor = server.add(open_backend(parse_compat("stdio", "a"), print))
    loop.call_later(float(sys.argv[2]), loop.stop)
    loop.run() if sys.argv[1] == "own" else loop.run_forever()
    server.close()
    print("gone")
    """
)


@pytest.mark.parametrize("loop", ["own", "asyncio"])
@pytest.mark.parametrize("source", ["pipe", "file", "null"])
def test_stdio(loop: str, source: str, tmp_path: Path) -> None:
    """Standard input may be anything, and when it ends the server goes on."""
    requests = NEGOTIATE + b'{"execute": "query-name", "id": 1}' * 1000
    (tmp_path / "in").write_bytes(requests)
    command = [sys.executable, "-c", STDIO, loop, "1"]
    how: dict[str, Any] = {"capture_output": True, "check": True, "cwd": ROOT, "timeout": 60}
    if source == "pipe":
        how["input"] = requests
        output = subprocess.run(command, **how).stdout
    else:
        name = tmp_path / "in" if source == "file" else os.devnull
        with open(name, "rb") as given:
            output = subprocess.run(command, stdin=given, **how).stdout
    lines = output.split(b"\r\n")
    assert b'"QMP"' in lines[0]
    assert lines[-1] == b"gone\n"
    if source != "null":
        assert lines[2:-1] == [b'{"return": {}, "id": 1}'] * 1000
