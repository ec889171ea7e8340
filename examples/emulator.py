"""An emulator in Python: a CPU model, a device of one's own, and guest code that meets both."""

import sys
import tempfile

import pyqom
from pyqom.types import Computed, UInt16
from pyqom.vm import VirtualMachine

types = pyqom.new_types()


class Adder(types.get("isa-device"), typename="lab-adder", registry=types):  # type: ignore
    """Adds up what guest code writes to its port; the sum is what the port reads."""

    iobase = UInt16(default=0x300, description="the port")
    total = 0
    sum = Computed("uint32", lambda self: self.total, description="what it has come to")

    def ports(self) -> range:
        return range(self.iobase, self.iobase + 1)

    def read_port(self, port: int, size: int) -> int:
        return self.total

    def write_port(self, port: int, size: int, value: int) -> None:
        self.total += value


code = "6631c0 0fa2" + "88d8e6e966c1eb08" * 4 + "88d0e6e966c1ea08" * 4 + "88c8e6e966c1e908" * 4
code += "ba0003 b002ee b003ee ec ba0105 ee"  # CPUID's vendor to port E9h; 2 + 3; debug-exit
with tempfile.NamedTemporaryFile(buffering=0) as rom:
    rom.write(bytes.fromhex(code).ljust(0xFFF0, b"\xf4") + b"\xe9\x0d\x00".ljust(16, b"\xf4"))
    devices = [{"driver": "isa-debugcon", "chardev": "log"}, {"driver": "isa-debug-exit"}]
    vm = VirtualMachine(
        machine="q35,firmware=" + rom.name, cpu="EPYC-Genoa", accel="unicorn", types=types,
        devices=[*devices, {"driver": "lab-adder", "id": "add"}],
        chardevs={"log": sys.stdout.buffer.write})  # fmt: skip
print(vm.run(max_instructions=1000), vm.exit_status, vm.qmp("qom-get", path="add", property="sum"))
