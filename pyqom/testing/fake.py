"""A QEMU process that is none: a machine with monitors on sockets, in this process."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from pyqom.events import Event
from pyqom.monitor.backends import ListenBackend, open_backend
from pyqom.monitor.chardev import Chardev, InetAddress, UnixAddress
from pyqom.monitor.protocol import Session
from pyqom.monitor.server import Server
from pyqom.testing.conversation import Conversation
from pyqom.testing.faults import Fault, Plan
from pyqom.testing.session import RecordedSession
from pyqom.testing.thread import Here, LoopThread, Runner
from pyqom.vm import VirtualMachine

T = TypeVar("T")


class FakeQemu:
    """A machine, served; what it was asked, what it said, and what goes wrong with it.

    It takes what `pyqom.vm.VirtualMachine` takes, and

    * ``path``: the unix socket of the first monitor; by default one in a folder of its own;
    * ``monitors``: how many there are.  Each has one client at a time, as QEMU's do: whoever comes
      second waits until the first has gone;
    * ``tcp``: monitors listen on free ports of 127.0.0.1 instead;
    * ``pretty``: as ``-qmp-pretty``;
    * ``faults``: what goes wrong (`pyqom.testing.faults`);
    * ``thread``: a `LoopThread` to share with other machines.

    ``with FakeQemu(...)`` serves from a thread of its own, so that blocking clients can be tested;
    ``async with FakeQemu(...)`` serves on the loop that runs, without a thread.

    The machine is `vm`.  Events that it tells go to all clients, from whatever thread; to change
    it while clients do, use `qmp` or `call`, which take turns with them.
    """

    vm: VirtualMachine

    def __init__(
        self,
        *given: Any,
        path: str | os.PathLike[str] | None = None,
        monitors: int = 1,
        tcp: bool = False,
        pretty: bool = False,
        faults: Iterable[Fault] = (),
        thread: LoopThread | None = None,
        **options: Any,
    ) -> None:
        self.conversation = Conversation()
        self.faults = Plan(faults)
        self.addresses: list[str] = []
        self.crashed = False
        self._given, self._options = given, options
        self._own_path = None if path is None else os.fspath(path)
        self._monitors = monitors
        self._tcp = tcp
        self._pretty = pretty
        self._shared = thread
        self._own: LoopThread | None = None
        self._runner: Runner | None = None
        self._server: Server | None = None
        self._folder: str | None = None
        self._clients = 0
        self._deaf: Callable[[], None] | None = None
        self._exiting = False

    # --- where it is ---------------------------------------------------------

    @property
    def path(self) -> str:
        """The unix socket of the first monitor."""
        return self.addresses[0]

    @property
    def address(self) -> str | tuple[str, int]:
        """The first monitor as clients' ``connect`` take it: a path, or (host, port)."""
        host, colon, port = self.addresses[0].rpartition(":")
        return (host, int(port)) if self._tcp and colon else self.addresses[0]

    @property
    def running(self) -> bool:
        """Whether the process, if it were one, would be there."""
        runner = self._runner
        return runner is not None and runner.call(lambda: self._server is not None)

    # --- start and end -------------------------------------------------------

    def start(self, runner: Runner | None = None) -> FakeQemu:
        """Build the machine and listen.

        Raises what `VirtualMachine` does, and ChardevError where a socket cannot be had.
        """
        if self._server is not None:
            raise RuntimeError("it runs already")
        self.vm = VirtualMachine(*self._given, **self._options)
        if runner is None:
            runner = self._shared or self._own
            if runner is None:
                runner = self._own = LoopThread()
        self._runner = runner
        self.crashed = self._exiting = False
        server = self._server = Server(runner.loop, self._session)
        self._deaf = self.vm.events.listen(self._told)
        try:
            for index in range(self._monitors):
                known = self.addresses[index : index + 1]
                backend = open_backend(self._chardev(index, *known), lambda text: None)
                if not known:
                    self.addresses.append(_shown(backend.chardev))
                runner.call(lambda backend=backend: server.add(backend, pretty=self._pretty))  # type: ignore[misc]
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Hang up, remove the sockets and end the thread.  May be called again."""
        if self._runner is not None:
            self._runner.call(self._shut)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        elif self.crashed:
            for path in self.addresses:
                if not self._tcp and os.path.exists(path):
                    os.unlink(path)
        self.addresses.clear()
        own, self._own, self._runner = self._own, None, None
        if own is not None:
            own.close()

    def restart(self) -> None:
        """Build the machine anew, at the same addresses, as a supervisor would.

        The conversation goes on, and faults keep their counts.
        """
        runner = self._runner
        if runner is None:
            raise RuntimeError("it has not been started")
        runner.call(self._shut)
        self.start(runner)

    def __enter__(self) -> FakeQemu:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> FakeQemu:
        import asyncio

        return self.start(Here(asyncio.get_running_loop()))

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def _shut(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.finish()
            server.close()
        if self._deaf is not None:
            self._deaf()
            self._deaf = None

    def _chardev(self, index: int, known: str | None = None) -> Chardev:
        label = f"compat_monitor{index}"
        if self._tcp:
            port = "0" if known is None else known.rpartition(":")[2]
            return Chardev("socket", label, address=InetAddress("127.0.0.1", port), server=True)
        path = known or (self._own_path if index == 0 else None)
        if path is None:
            if self._folder is None:
                # pytest's own folders are too deep for a socket's address.
                self._folder = tempfile.mkdtemp(prefix="pyqom-")
            path = os.path.join(self._folder, f"qmp{index or ''}.sock")
        return Chardev("socket", label, address=UnixAddress(path), server=True)

    # --- what tests do -------------------------------------------------------

    def call(self, action: Callable[[], T]) -> T:
        """Do something where the machine is served, between two commands; its result.

        Raises what that raises.
        """
        if self._runner is None:
            raise RuntimeError("it does not run")

        def act() -> T:
            result = action()
            self._look()
            return result

        return self._runner.call(act)

    def qmp(self, command: str, /, **arguments: Any) -> Any:
        """Run a QMP command as another client would, unrecorded; see `VirtualMachine.qmp`."""
        return self.call(lambda: self.vm.qmp(command, **arguments))

    def release(self, name: str | None = None) -> int:
        """Let go the messages that are held back (`Late`), or those of that name; how many."""
        return self.call(lambda: sum(session.release(name) for session in self._sessions()))

    @property
    def held(self) -> list[str]:
        """The names of the messages that are held back."""
        return self.call(lambda: [name for each in self._sessions() for name in each.held])

    def disconnect(self) -> None:
        """Hang up on all clients; they may come again."""

        def hang_up() -> None:
            for session in self._sessions():
                session.hang_up()

        self.call(hang_up)

    def crash(self) -> None:
        """End as by SIGKILL: all lines are dead, and nobody listens at the sockets, which stay."""
        self.call(self._crash)

    # --- inside --------------------------------------------------------------

    def _sessions(self) -> list[RecordedSession]:
        monitors = self._server.monitors if self._server is not None else ()
        sessions = [monitor.session for monitor in monitors]
        return [session for session in sessions if isinstance(session, RecordedSession)]

    def _session(self, pretty: bool) -> Session:
        self._clients += 1
        return RecordedSession(
            self.vm.dispatcher,
            self.conversation,
            self.faults,
            self._clients,
            pretty=pretty,
            on_crash=self._crash,
            on_exit=self._look,
        )

    def _told(self, event: Event) -> None:
        runner, server = self._runner, self._server
        if runner is None or server is None:
            return
        seconds, fraction = divmod(event.timestamp, 1)

        def tell() -> None:
            server.event(event.name, event.data, int(seconds), int(fraction * 1_000_000))

        if runner.is_here():
            tell()
        else:
            runner.loop.call_soon_threadsafe(tell)

    def _look(self) -> None:
        """Go, if the machine has ended."""
        if self.vm.exited and not self._exiting and self._server is not None:
            self._exiting = True
            self._server.finish()
            # What has been said is still to be sent by whoever called this.
            self._server.loop.call_soon(self._shut)

    def _crash(self) -> None:
        server = self._server
        if server is None:
            return
        self.crashed = self.vm.exited = self._exiting = True
        self.conversation.note(0, "crash")
        for monitor in server.monitors:
            address = monitor.backend.chardev.address
            if isinstance(address, UnixAddress) and isinstance(monitor.backend, ListenBackend):
                _leave_behind(address.path)
        self._shut()


def _shown(chardev: Chardev) -> str:
    """The address of a monitor as clients know it."""
    address = chardev.address
    if isinstance(address, InetAddress):
        return f"{address.host}:{address.port}"
    assert isinstance(address, UnixAddress)
    return address.path


def _leave_behind(path: str) -> None:
    """Put a socket to which nobody listens where one is, as a killed process does.

    It takes the place of the other at once, so that there is always one to be refused by.
    """
    other = f"{path}~"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(other)
    os.chmod(other, 0o600)
    os.rename(other, path)
