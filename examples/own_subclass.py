"""A CPU type of one's own with a property, and a machine type of one's own that sets it."""

from typing import Any

import pyqom
from pyqom.types import UInt8

types = pyqom.new_types()
SandyBridge: Any = types.get("SandyBridge-x86_64-cpu")


class LabCPU(SandyBridge, typename="Lab-x86_64-cpu", registry=types):  # type: ignore[misc, call-arg]
    """A SandyBridge with AVX2, and a number of accelerator lanes that no QEMU knows."""

    lanes = UInt8(default=4, description="accelerator lanes")
    avx2 = True
    stepping = 9


q35 = pyqom.machines.find("pc-q35-11.1")
lab = q35.derive("lab-q35", compat=[("Lab-x86_64-cpu", "lanes", "2"), ("cpu", "aes", "off")])

for machine in (q35, lab):
    props = pyqom.expand("Lab", machine=machine, types=types)["model"]["props"]
    print(machine.name, {name: props[name] for name in ("lanes", "avx2", "aes", "stepping")})
for name in ("lanes", "avx2", "aes"):
    for step in pyqom.explain("Lab", name, machine=lab, types=types).steps:
        print(f"{name} = {step.value}: {step}")
