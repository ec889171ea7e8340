"""Real clients: the qemu.qmp library, both of its interfaces, and its shell."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from qemu.qmp import ConnectError, ExecInterruptedError, ExecuteError, QMPClient
from qemu.qmp.legacy import QEMUMonitorProtocol
from qemu.qmp.message import DeserializationError

from pyqom.testing import Crash, Disconnect, Error, FakeQemu, Late, Split

Make = Callable[..., FakeQemu]

HOTPLUG: dict[str, Any] = {"smp": {"cpus": 1, "maxcpus": 2}}
CPU = {"driver": "qemu64-x86_64-cpu", "id": "c", "socket-id": 0, "core-id": 1, "thread-id": 0}


async def plug(client: QMPClient) -> None:
    """Plug a CPU where there is room for one, and stop the machine."""
    places = await client.execute("query-hotpluggable-cpus")
    assert isinstance(places, list)
    free = next(place for place in places if "qom-path" not in place)
    await client.execute("device_add", {"driver": free["type"], "id": "c", **free["props"]})
    with client.listener("STOP") as listener:
        await client.execute("stop")
        assert (await listener.get())["event"] == "STOP"


def check(qemu: FakeQemu) -> None:
    talk = qemu.conversation
    talk.assert_order("query-hotpluggable-cpus", "device_add", "STOP")
    talk.assert_asked("qmp_capabilities", enable=["oob"])
    talk.assert_asked("device_add", id="c", core_id=1, times=1)
    talk.assert_event("STOP")
    talk.assert_no_errors()
    talk.assert_all_answered()
    assert qemu.vm.qmp("query-cpus-fast")[1]["qom-path"] == "/machine/peripheral/c"


@pytest.mark.parametrize("machine", ["pc", "q35"])
@pytest.mark.parametrize("release", ["7.2", "11.1"])
def test_asyncio_client(qemu_server: Make, machine: str, release: str) -> None:
    qemu = qemu_server(machine, release=release, **HOTPLUG)

    async def talk() -> None:
        client = QMPClient("test")
        await client.connect(qemu.path)
        await plug(client)
        await client.disconnect()

    asyncio.run(talk())
    check(qemu)


def test_asyncio_client_on_the_same_loop() -> None:
    async def talk() -> None:
        client = QMPClient("test")
        async with FakeQemu("q35", **HOTPLUG) as qemu:
            await client.connect(qemu.path)
            await plug(client)
            check(qemu)
            qemu.faults.add(Late("query-status"))
            asking = asyncio.create_task(client.execute("query-status"))
            while not qemu.held:
                await asyncio.sleep(0)
            assert not asking.done()
            qemu.release()
            assert (await asking)["status"] == "paused"  # type: ignore[index]
            await client.disconnect()

    asyncio.run(talk())


def test_asyncio_client_and_faults(qemu_server: Make) -> None:
    faults = [Error("query-name", "no name"), Split("query-cpu-definitions", size=1000)]
    qemu = qemu_server("q35", faults=[*faults, Disconnect("stop", when="half"), Crash("cont")])

    async def talk() -> None:
        client = QMPClient("test")
        await client.connect(qemu.path)
        with pytest.raises(ExecuteError, match="no name") as raised:
            await client.execute("query-name")
        assert raised.value.error_class == "GenericError"
        assert len(await client.execute("query-cpu-definitions")) > 100  # type: ignore[arg-type]
        with pytest.raises(ExecInterruptedError):
            await client.execute("stop")
        with pytest.raises(DeserializationError):
            await client.disconnect()
        await client.connect(qemu.path)
        with pytest.raises(ExecInterruptedError):
            await client.execute("cont")
        with pytest.raises(EOFError):
            await client.disconnect()
        with pytest.raises(ConnectError):
            await client.connect(qemu.path)

    asyncio.run(talk())
    assert qemu.crashed
    assert qemu.faults.unused == []


@pytest.mark.parametrize("tcp", [False, True])
def test_legacy_client(qemu_server: Make, tcp: bool) -> None:
    qemu = qemu_server("q35", tcp=tcp, **HOTPLUG)
    # The library may or may not have seen the end when it closes, after quit.
    with suppress(EOFError), QEMUMonitorProtocol(qemu.address) as client:
        greeting = client.connect()
        assert greeting is not None
        assert greeting["QMP"]["version"]["qemu"] == {"major": 11, "minor": 1, "micro": 3}
        assert client.cmd("device_add", **CPU) == {}
        assert client.cmd_obj({"execute": "query-name", "id": "5"}) == {"return": {}, "id": "5"}
        assert "error" in client.cmd_raw("device_add", dict(CPU))
        assert client.get_events() == []
        qemu.vm.stop()
        event = client.pull_event(wait=60.0)
        assert event is not None
        assert event["event"] == "STOP"
        with pytest.raises(ExecuteError, match="Duplicate device ID 'c'"):
            client.cmd("device_add", **CPU)
        client.cmd("quit")
    assert not qemu.running
    qemu.conversation.assert_asked("device_add", times=3)


def test_legacy_client_times_out(qemu_server: Make) -> None:
    qemu = qemu_server("none", faults=[Late("query-name")])
    with QEMUMonitorProtocol(qemu.path) as client:
        client.connect()
        client.settimeout(0.01)
        with pytest.raises(asyncio.TimeoutError):
            client.cmd("query-name")
        assert qemu.release() == 1
        client.settimeout(60)
        assert client.cmd("query-status") == {"running": True, "status": "running"}


SHELL = """
query-status
qom-list path=/objects
object-add qom-type=iothread id=t poll-max-ns=5
qom-get path=/objects/t property=poll-max-ns
device_add driver=nothing
transaction( actions=1 )
stop
query-status
"""


def test_qmp_shell(qemu_server: Make) -> None:
    qemu = qemu_server("q35", release="7.2")
    done = subprocess.run(
        [sys.executable, "-m", "qemu.qmp.qmp_shell", qemu.path],
        input=SHELL, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Connected to QEMU 7.2.22" in done.stdout
    assert '{"return": {"status": "running", "singlestep": false, "running": true}}' in done.stdout
    talk = qemu.conversation
    assert talk.of("disconnect", client=1)
    # The shell asks for the commands, to complete them.
    talk.assert_order("query-commands", "query-status", "object-add", "STOP", "query-status")
    added = talk.assert_asked("object-add", qom_type="iothread", poll_max_ns=5)
    reply = talk.reply(added)
    assert reply is not None
    assert reply.message == {"return": {}}
    [asked] = talk.asked("qom-get")
    reply = talk.reply(asked)
    assert reply is not None
    assert reply.message == {"return": 5}
