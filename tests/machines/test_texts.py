"""A VirtualMachine takes the command line's own -machine, -smp, -m, -global and -device."""

from __future__ import annotations

from typing import Any

import pytest

from pyqom import VirtualMachine
from pyqom.errors import PyqomError


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ({"smp": "4,sockets=2"}, {"smp": {"cpus": 4, "sockets": 2}}),
        ({"smp": "cpus=2,maxcpus=8,cores=4"}, {"smp": {"cpus": 2, "maxcpus": 8, "cores": 4}}),
        ({"smp": "3"}, {"smp": 3}),
        ({"memory": "256"}, {"memory": 256 << 20}),
        (
            {"memory": "1G,slots=2,maxmem=4G"},
            {"memory": {"size": 1 << 30, "slots": 2, "max-size": 4 << 30}},
        ),
        ({"memory": "0"}, {}),
        ({"devices": ["edu,addr=9"]}, {"devices": [{"driver": "edu", "addr": "9"}]}),
        (
            {"globals": ["qemu64-x86_64-cpu.avx2=on"]},
            {"globals": [("qemu64-x86_64-cpu", "avx2", "on")]},
        ),
        (
            {"globals": ["driver=qemu64-x86_64-cpu,property=level,value=7", ("cpu", "x", "y")][:1]},
            {"globals": [("qemu64-x86_64-cpu", "level", "7")]},
        ),
        ({"machine": "q35,smm=off"}, {"machine": "q35", "options": {"smm": "off"}}),
        ({"machine": "type=q35,hpet=off"}, {"machine": "q35", "options": {"hpet": False}}),
        (
            {"machine": "q35,smp.cpus=2,smp.cores=2"},
            {"machine": "q35", "smp": {"cpus": 2, "cores": 2}},
        ),
    ],
)
def test_text_and_value_mean_the_same(text: dict[str, Any], typed: dict[str, Any]) -> None:
    a, b = (
        VirtualMachine(**{"machine": "q35", **text}),
        VirtualMachine(**{"machine": "q35", **typed}),
    )
    for name in ("smp", "smm", "hpet", "memory"):
        assert a.machine.get(name) == b.machine.get(name)
    assert [cpu.cpuid_table() for cpu in a.cpus] == [cpu.cpuid_table() for cpu in b.cpus]
    assert len(a.cpus) == len(b.cpus)
    assert a.qmp("query-pci") == b.qmp("query-pci")


@pytest.mark.parametrize(
    "given",
    [{"machine": 5}, {"objects": ["iothread,id=i"]}, {"numa": ["node"]}, {"cpu": 5}],
)
def test_what_has_no_text(given: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="not"):
        VirtualMachine(**given)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"smp": "2,rows=3"}, "Parameter 'smp.rows' is unexpected"),
        ({"smp": "x"}, "Parameter 'smp.cpus' expects integer"),
        ({"smp": "2,"}, None),
        ({"machine": "q35,smm"}, "Expected '=' after parameter 'smm'"),
        ({"machine": "q36"}, 'unsupported machine type: "q36"'),
        ({"globals": ["level=7"]}, "Invalid parameter 'level'"),
        ({"memory": "x"}, "Parameter 'memory.size' expects size"),
        ({"devices": ["edu,addr=zz"]}, "Property 'edu.addr' doesn't take value 'zz'"),
    ],
)
def test_texts_that_are_wrong(given: dict[str, Any], error: str | None) -> None:
    if error is None:
        assert len(VirtualMachine(**{"machine": "q35", **given}).cpus) == 2
        return
    with pytest.raises(PyqomError) as caught:
        VirtualMachine(**{"machine": "q35", **given})
    assert error in str(caught.value)
