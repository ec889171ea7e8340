"""Whatever is on the command line: it starts, or says why not, and never as Python would."""

from __future__ import annotations

import random

import pytest

from pyqom import release as releases
from pyqom.system import table

from .started import Start

UNTRIED = {"daemonize", "pidfile", "readconfig", "qmp", "qmp-pretty", "chardev"} | {
    *("D", "trace"),
}
"""What leaves the process, or touches files."""
ODD = [
    *("", "x", "?", "help", ",", "=", ",,", "a=b", "a=b,c", "{", "{}", "[]", '{"a":1}', '"x"'),
    *("\udcff", "é", "0", "-1", "1e9", "99999999999999999999", "0x", "on", "order=abc"),
    *("node", "node,nodeid=0,cpus=0-", "cpu,node-id=0", "dist,src=0", "hmat-lb,initiator=0"),
    *("q35", "none,x.0=1,x.2=2", "smp.cpus=x", "memory.size=9E", "none,memory-backend=/"),
    *("tcg,thread", "tcg,id=0", "chardev:", "null", "memory-backend-ram,id=a,size=0"),
    *("memory-backend-ram,id=a,size=18446744073709551615", "iothread,id=a,poll-max-ns=-1"),
    *("secret,id=a", "authz-list,id=a,rules.0.match=x", '{"qom-type":"iothread","id":5}'),
    *('{"qom-type":[]}', "qemu64,+", "qemu64,-,+,=", "max,family=\udcff", "pc-dimm,memdev="),
    *("qemu64-x86_64-cpu,id=a,socket-id=0", '{"driver":"qemu64-x86_64-cpu","socket-id":{}}'),
    *("pc-dimm,slot=99999999999", "qemu64-x86_64-cpu.family=", "machine.a.b=c", "a.b=c"),
    *("64,slots=,maxmem=1", "1,maxcpus=4294967296", "1,sockets=9999999,maxcpus=99999999"),
    *("guest=,debug-threads=x", "shutdown=pause,", "base=1-1-1T1:1:1"),
]
STARTS = 150


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("release", ["7.2", "11.1"])
def test_any_command_line(release: str, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(seed)
    known = table.options(releases.get(release)).values()
    options = [option for option in known if option.name not in UNTRIED]
    for _ in range(STARTS):
        arguments = ["--release", release, "-M", chance.choice(["none", "q35", "microvm"])]
        for option in chance.choices(options, k=chance.randint(1, 3)):
            arguments.append(f"-{option.name}")
            if option.argument:
                arguments.append(chance.choice(ODD))
        start = Start(arguments)
        assert start.vm is not None or start.lines or capsys.readouterr().out, arguments
