"""The monitors of a machine that a command line has made, and the program's main loop."""

from __future__ import annotations

import errno
import os
import stat
from functools import partial

from pyqom.errors import PyqomError
from pyqom.monitor.backends import open_backend
from pyqom.monitor.loop import PollLoop
from pyqom.monitor.protocol import Session, greeting, wording
from pyqom.monitor.server import Server
from pyqom.system.daemon import watch_signals
from pyqom.system.messages import NOWHERE, Failure
from pyqom.types.path import resolve_component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.events import Event
    from pyqom.monitor.backends import Backend
    from pyqom.monitor.chardev import Chardev
    from pyqom.system.commandline import CommandLine, Monitor
    from pyqom.system.messages import Messages
    from pyqom.vm import VirtualMachine

PATIENCE = 5.0
"""Seconds that the end of the program waits for a client to go on reading."""

MODES = ("readline", "control")
TRUE = ("on", "yes", "true", "y")


class Terminated(BaseException):
    """A signal has ended the program while it was still starting."""


class Serving:
    """Opens chardevs while the machine is made, then serves QMP on them."""

    def __init__(self, line: CommandLine, messages: Messages) -> None:
        self._line = line
        self._messages = messages
        self._loop = PollLoop()
        self._backends: dict[str, Backend] = {}
        self._monitors: list[tuple[Backend, bool]] = []
        self._server: Server | None = None
        self._vm: VirtualMachine | None = None
        self._wake: tuple[int, int] | None = None
        self._terminated = False

    # --- start ---------------------------------------------------------------

    def on_phase(self, vm: VirtualMachine) -> None:
        """Do what QEMU does for chardevs and monitors when a phase is reached.  Raises Failure."""
        if vm.phase == "early-backends":
            self._open(vm)
            for path in self._line.disks:
                _refuse_disk(path)
        elif vm.phase == "late-backends-created":
            count = 0
            for monitor in self._line.monitors:
                name = monitor.options.get("id") or f"compat_monitor{count}"
                count += "id" not in monitor.options
                try:
                    self._connect(vm, monitor, name)
                except PyqomError as error:
                    raise Failure(str(error), location=monitor.location) from None
            self._greet(vm)

    def _open(self, vm: VirtualMachine) -> None:
        """Open the chardevs, in the order in which they were given."""
        stdio = False
        for describe, location in self._line.chardevs:
            try:
                chardev = describe()
                for warning in chardev.warnings:
                    self._messages.warning(warning, location)
                if chardev.backend == "stdio":
                    if self._line.daemonize:
                        raise PyqomError("cannot use stdio with -daemonize")
                    if stdio:
                        raise PyqomError("cannot use stdio by multiple character devices")
                    stdio = True
                _check_named(vm, chardev)
                # what waits has its option's location, what connects later has none
                place = location if chardev.wait else NOWHERE
                inform = partial(self._messages.say, kind="", location=place)
                backend = self._backends[chardev.id] = open_backend(chardev, inform)
            except PyqomError as error:
                messages = getattr(error, "messages", (str(error),))
                raise Failure(*messages, location=location) from None
            shown = vm.add_chardev(chardev.backend, chardev.id, backend)
            if chardev.address is not None:
                shown.address = _wire(chardev.address)

    def _connect(self, vm: VirtualMachine, monitor: Monitor, name: str) -> None:
        """Check a monitor, and remember it (``monitor_init``).  Raises PyqomError."""
        options = monitor.options
        label, mode = options.get("chardev"), options.get("mode", "readline")
        if mode not in MODES:
            raise PyqomError(f"Parameter 'mode' does not accept value '{mode}'")
        if label is None:
            raise PyqomError("Parameter 'chardev' is missing")
        if mode == "readline" and "pretty" in options:
            raise PyqomError("'pretty' is not compatible with HMP monitors")
        pretty = options.get("pretty") in TRUE
        if "monitors-are-objects" in vm.release.rules:
            own = {"pretty": pretty} if mode == "control" else {}
            kind = "monitor-qmp" if mode == "control" else "monitor-hmp"
            vm.add_object(kind, name, {"chardev": label, **own})
        else:
            chardev = vm.surroundings.chardev(label)
            if chardev is None:
                raise PyqomError(f'chardev "{label}" not found')
            vm.surroundings.claim(vm.machine, label, chardev)
        backend = self._backends[label]
        if mode == "readline" and backend.chardev.backend != "null":
            raise PyqomError("pyqom has no human monitor yet")
        self._monitors.append((backend, pretty))

    def _greet(self, vm: VirtualMachine) -> None:
        """Greet whoever is there, although the machine may yet fail; requests wait for it."""
        dispatcher = vm.dispatcher
        hello = greeting(dispatcher.version())
        style = wording(vm.release)
        self._server = Server(
            self._loop,
            lambda pretty: Session(dispatcher, greeting=hello, pretty=pretty, wording=style),
        )
        for backend, pretty in self._monitors:
            self._server.add(backend, pretty=pretty)

    def start(self, vm: VirtualMachine) -> None:
        """The machine is there: tell what happens to it."""
        self._vm = vm
        vm.events.listen(self._tell)
        vm.on_exit = self._ended
        if vm.accel.runs_guests:
            self._let_guest_run(vm)

    def _let_guest_run(self, vm: VirtualMachine) -> None:
        """Lead what devices say to the chardevs that no monitor has, and begin."""
        from pyqom.monitor.outlet import Outlet
        from pyqom.system.execution import Execution

        taken = [backend for backend, _ in self._monitors]
        for chardev in vm.chardevs.children():
            if chardev.backend is not None and chardev.backend not in taken:
                chardev.sink = Outlet(chardev.backend, self._loop).write
        Execution(vm, self._loop)

    # --- run -----------------------------------------------------------------

    def run(self) -> None:
        """Serve until the machine ends."""
        assert self._vm is not None
        if not self._vm.exited:
            self._loop.run()

    def _tell(self, event: Event) -> None:
        assert self._server is not None
        seconds, fraction = divmod(event.timestamp, 1)
        self._server.event(event.name, event.data, int(seconds), int(fraction * 1_000_000))

    def _ended(self) -> None:
        """Stop, when the replies are on their way."""
        self._loop.call_soon(self._loop.stop)

    def watch_signals(self) -> None:
        """Care for signals from now on: they end the program, and what it made goes with it.

        Before there is a machine to shut down they raise `Terminated` wherever the program is.
        """
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        self._wake = reading, writing
        self._loop.add_reader(reading, self._woken)
        watch_signals(writing, self._signalled)

    def _woken(self) -> None:
        assert self._wake is not None
        os.read(self._wake[0], 64)

    def _signalled(self, number: int) -> None:
        """Somebody wants the program to end."""
        if self._terminated:
            return
        self._messages.error(f"terminating on signal {number}")
        if self._vm is None:
            self._terminated = True
            raise Terminated
        self._vm.shutdown("host-signal")

    def close(self) -> None:
        """Hang up everywhere, and take sockets away."""
        if self._server is not None:
            self._server.close(PATIENCE)
        for backend in self._backends.values():
            backend.close()
        self._loop.close()


def _refuse_disk(path: str) -> None:
    """There are no disks; QEMU's word counts where it could not have one either."""
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
    except IsADirectoryError:
        mode = stat.S_IFDIR
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or os.strerror(errno.ENOENT)
        raise Failure(f"Could not open '{path}': {why}", location=path) from None
    if not (stat.S_ISREG(mode) or stat.S_ISBLK(mode)):
        raise Failure(f"'file' driver requires '{path}' to be a regular file", location=path)
    raise Failure("pyqom has no disks", location=path)


def _check_named(vm: VirtualMachine, chardev: Chardev) -> None:
    """Look for the chardevs and credentials that a chardev names.  Raises PyqomError."""
    for label in chardev.bases:
        if vm.surroundings.chardev(label) is None:
            if chardev.backend == "mux":
                raise PyqomError(f"mux: base chardev {label} not found")
            raise PyqomError(f"hub: chardev can't be found by id '{label}'")
    if chardev.tls_creds is not None:
        objects = resolve_component(vm.root, "objects")
        if objects is None or resolve_component(objects, chardev.tls_creds) is None:
            raise PyqomError(f"No TLS credentials with id '{chardev.tls_creds}'")
        raise PyqomError("pyqom does not have 'tls-creds' on a chardev")


def _wire(address: Any) -> dict[str, Any]:
    """An address as QMP's SocketAddress."""
    if hasattr(address, "path"):
        return {"type": "unix", "path": address.path}
    if hasattr(address, "fd"):
        return {"type": "fd", "str": address.fd}
    return {"type": "inet", "host": address.host, "port": address.port}
