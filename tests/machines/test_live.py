"""Machine types against an installed QEMU of a carried release."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from pyqom import errors, machines, release

QEMU = "qemu-system-x86_64"


def ask(*commands: dict) -> list:
    """The replies of a QEMU without a machine to QMP commands; [0] is its greeting."""
    lines = [json.dumps(each) for each in ({"execute": "qmp_capabilities"}, *commands)]
    argv = [QEMU, "-M", "none", "-accel", "tcg", "-nodefaults", "-display", "none", "-qmp", "stdio"]
    quit_ = json.dumps({"execute": "quit"})
    done = subprocess.run(
        argv, input="\n".join([*lines, quit_]), capture_output=True, text=True, timeout=60
    )
    return [each for each in map(json.loads, done.stdout.splitlines()) if "event" not in each]


@pytest.fixture(scope="module")
def installed():
    if shutil.which(QEMU) is None:
        pytest.skip(f"{QEMU} is not installed")
    qemu = ask()[0]["QMP"]["version"]["qemu"]
    version = (qemu["major"], qemu["minor"], qemu["micro"])
    for each in release.releases():
        if each.version == version:
            return each
    pytest.skip(f"{QEMU} is {version}, no release that pyqom carries")


@pytest.mark.live
def test_query_machines(installed):
    told = "machine-info-tells-compat-props" in installed.rules
    arguments = {"compat-props": True} if told else {}
    reply = ask({"execute": "query-machines", "arguments": arguments})[2]["return"]
    assert [each.info(compat_props=True) for each in machines.machines(installed.name)] == reply


@pytest.mark.live
def test_unsupported_machine_type(installed):
    with pytest.raises(errors.UnknownMachine) as caught:
        machines.find("no-such-machine", installed.name)
    done = subprocess.run([QEMU, "-M", "no-such-machine"], capture_output=True, text=True)
    assert done.stderr.splitlines()[0] == f"{QEMU}: {caught.value}"
