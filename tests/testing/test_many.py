"""Many clients and machines at once, and a client that never reads."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any

from qemu.qmp import QMPClient

from pyqom.monitor.protocol import OUTPUT_HIGH
from pyqom.testing import FakeQemu
from tests.testing.client import Client

Make = Callable[..., FakeQemu]

MANY = 200


def test_many_clients_of_one_machine(qemu_server: Make) -> None:
    qemu = qemu_server("none", monitors=MANY)

    async def talk(number: int, path: str, ready: asyncio.Barrier) -> list[str]:
        client = QMPClient(str(number))
        await client.connect(path)
        await client.execute("object-add", {"qom-type": "iothread", "id": f"t{number}"})
        await ready.wait()
        if number == 0:
            await client.execute("stop")
        heard = (await client.events.get())["event"]
        listed = await client.execute("qom-list", {"path": "/objects"})
        await client.disconnect()
        assert isinstance(listed, list)
        return [heard, *(entry["name"] for entry in listed)]

    async def all_talk() -> list[list[str]]:
        ready = asyncio.Barrier(MANY)
        talks = [talk(number, path, ready) for number, path in enumerate(qemu.addresses)]
        return await asyncio.gather(*talks)

    heard = asyncio.run(all_talk())
    names = {f"t{number}" for number in range(MANY)} | {"type"}
    assert all(each[0] == "STOP" and set(each[1:]) == names for each in heard)
    qemu.conversation.assert_no_errors()
    qemu.conversation.assert_all_answered()


def test_many_machines(qemu_server: Make) -> None:
    """They share nothing: each knows its own object only."""
    machines = [qemu_server("pc", name=f"vm{number}") for number in range(MANY)]

    async def talk(number: int) -> tuple[Any, Any]:
        client = QMPClient(str(number))
        await client.connect(machines[number].path)
        await client.execute("object-add", {"qom-type": "iothread", "id": f"t{number}"})
        name = await client.execute("query-name")
        threads = await client.execute("query-iothreads")
        await client.disconnect()
        assert isinstance(threads, list)
        return name, [thread["id"] for thread in threads]

    async def all_talk() -> list[tuple[Any, Any]]:
        return await asyncio.gather(*map(talk, range(MANY)))

    assert asyncio.run(all_talk()) == [
        ({"name": f"vm{number}"}, [f"t{number}"]) for number in range(MANY)
    ]


def test_a_client_that_never_reads(qemu_server: Make) -> None:
    """It costs bounded memory, keeps nobody waiting, and loses nothing if it reads after all."""
    qemu = qemu_server("q35", monitors=2)
    asked = 200
    request = json.dumps({"execute": "query-cpu-definitions"}).encode() + b"\n"
    with Client(qemu.addresses[0]) as deaf, Client(qemu.addresses[1]) as other:
        deaf.negotiated()
        other.negotiated()
        size = len(json.dumps(other.ask("query-cpu-definitions")))
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
        deaf.socket.sendall(request * asked)
        # What the other asks is answered in between, whatever the first one does.
        for _ in range(50):
            assert other.ask("query-status")["return"]["running"] is True
        taken, kept = qemu.call(lambda: _load(qemu))
        # One batch on its way, and one that waits.
        assert kept <= 2 * (OUTPUT_HIGH + size)
        assert taken < asked
        deaf.socket.settimeout(60)
        for _ in range(asked):
            assert len(deaf.receive()["return"]) > 100


def _load(qemu: FakeQemu) -> tuple[int, int]:
    """How many commands the first client has had run, and what lies there for it."""
    assert qemu._server is not None
    connection = qemu._server.monitors[0].connection
    assert connection is not None
    commands = qemu.conversation.of("command", client=1)
    return len(commands), connection.session._output_size + len(connection._unsent)


def test_events_for_a_client_that_never_reads(qemu_server: Make) -> None:
    """When there is too much of it, it is hung up on."""
    qemu = qemu_server("none", monitors=2)
    data = {"guest": False, "reason": "x" * 100_000}
    with Client(qemu.addresses[0]) as deaf, Client(qemu.addresses[1]) as other:
        deaf.negotiated()
        other.negotiated()
        told = 0
        while not qemu.conversation.of("disconnect"):
            qemu.vm.events.emit("RESET", data)
            assert other.receive()["event"] == "RESET"
            told += 1
            assert told < 1000
        assert other.ask("query-status")["return"]["running"] is True
        got = deaf.file.read()
        assert 0 < len(got) < 1 << 20
