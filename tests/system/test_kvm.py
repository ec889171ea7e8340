"""``-accel kvm`` of the command line: what stands on standard error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pyqom.system.program import main

GENOA = Path(__file__).parents[1] / "data" / "hosts" / "genoa.json"


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A host whose KVM recommends one CPU and has two."""
    record = json.loads(GENOA.read_text(encoding="utf-8"))
    for number, value in (("9", 1), ("66", 2)):
        record["extensions"][number] = {**record["extensions"][number], "kvm": value, "vm": value}
    file = tmp_path / "host.json"
    file.write_text(json.dumps(record), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("release", "before"), [("7.2", ""), ("11.1", "pyqom-system-x86_64: -accel kvm: ")]
)
def test_too_many_cpus(
    host: Path, release: str, before: str, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ("-M", "q35", "-accel", f"kvm,x-host={host}", "-smp", "3", "-display", "none")
    status = main(["pyqom-system-x86_64", "--release", release, *words])
    text = "Number of SMP cpus requested (3) exceeds the"
    assert (status, capfd.readouterr().err) == (
        1,
        "pyqom-system-x86_64: -accel kvm: warning:"
        f" {text} recommended cpus supported by KVM (1)\n"
        f"{before}{text} maximum cpus supported by KVM (2)\n",
    )
