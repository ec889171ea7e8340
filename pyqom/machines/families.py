"""What single families of machine types add: q35, i440fx, isapc, microvm, x-remote.

QEMU ``hw/i386/pc_q35.c``, ``pc_piix.c``, ``isapc.c``, ``microvm.c``, ``hw/remote/machine.c``.  In
QEMU each versioned type of a family adds these to its own class, so here they are no types.
"""

from __future__ import annotations

from pyqom.devices.parts import part
from pyqom.errors import InvalidParameterValue, PyqomError
from pyqom.machines.pc import GIB, MIB, PCMachine, X86Machine
from pyqom.machines.properties import Machine, flag, of_instance, switch
from pyqom.types import Bool, Computed, Enum, ListOf, Size, Str, Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

INTERLEAVE_WAYS = (1, 2, 4, 8, 16, 3, 6, 12)
INTERLEAVE_GRANULARITY = tuple(256 << power for power in range(7))
WINDOW = 256 * MIB

CXL_WINDOWS = ListOf(
    Struct(
        "CXLFixedMemoryWindowOptions",
        {"size": Size(), "interleave-granularity": Size(), "targets": ListOf(Str())},
        optional=("interleave-granularity",),
    )
)


def _set_windows(self: Any, windows: tuple[Mapping[str, Any], ...]) -> None:
    """``machine_set_cfmw``; what it refuses stays."""
    if not windows:
        return
    self.cxl_windows = windows
    for window in windows:
        ways = len(window["targets"])
        if ways not in INTERLEAVE_WAYS:
            raise PyqomError(f"Interleave ways: {ways} not supported")
        if window["size"] % WINDOW:
            verb = "must my" if "old-misspellings" in self.rules else "must be"
            raise PyqomError(f"Size of a CXL fixed memory window {verb} a multiple of 256MiB")
        granularity = window.get("interleave-granularity", INTERLEAVE_GRANULARITY[0])
        if granularity not in INTERLEAVE_GRANULARITY:
            raise PyqomError(f"Interleave granularity: {granularity} invalid")


def cxl_switch(**lifetime: Any) -> Bool:
    """Whether there are CXL devices (``cxl_machine_init``)."""
    description = "Set on/off to enable/disable CXL instantiation"
    return of_instance(flag(False, description, **lifetime))


def fixed_windows(**lifetime: Any) -> Computed:
    """The fixed memory windows of CXL."""
    prop = Computed(
        "CXLFixedMemoryWindow",
        lambda self: self.cxl_windows,
        _set_windows,
        kind=CXL_WINDOWS,
        description="CXL Fixed Memory Windows (array)",
        **lifetime,
    )
    return of_instance(prop)


def flash(number: int) -> Computed:
    """A block device for the firmware: an alias of the flash device's; there is none."""

    def set_drive(self: Any, value: str) -> None:
        if value:
            raise InvalidParameterValue(f"Property 'cfi.pflash01.drive' can't find value '{value}'")

    prop = Computed(
        "str",
        lambda self: "",
        set_drive,
        name=f"pflash{number}",
        description="Node name or ID of a block device to use as a backend",
    )
    return of_instance(prop)


class PCIMachine(PCMachine):
    """A PC with PCI."""

    hole64_size = 0
    """The size of the PCI hole above 4 GiB, where the PCI host is not told another."""
    cxl_windows: tuple[Any, ...] = ()

    parts = (
        part(child="system.flash0", type="cfi.pflash01"),
        part(child="system.flash1", type="cfi.pflash01"),
    )
    """The flash devices, which go again when the board finds no drive for them."""

    pflash0 = flash(0)
    pflash1 = flash(1)
    cxl = cxl_switch()
    cxl_fmw = fixed_windows()

    def settle(self, cache_places: Mapping[str, str] | None = None) -> None:
        super().settle(cache_places)
        for name in ("pflash0", "pflash1"):  # no drive: the flash devices go again
            self.del_property(name)


class Q35(PCIMachine):
    """pc-q35."""

    low_memory_default = 4 * GIB
    hole64_size = 32 * GIB

    wdat = flag(False, "Enable WDAT watchdog support. Default: off", since="11.1")

    def low_memory(self) -> int:
        low = 0x80000000 if self.memory_size >= 0xB0000000 else 0xB0000000
        most = super().low_memory()
        if low > most:
            low = most
            if (self.memory_size - low) % (1 << 64) > low and low % GIB:
                self.warn(
                    f"There is possibly poor performance as the ram size  (0x{self.memory_size:x})"
                    f" is more then twice the size of max-ram-below-4g ({most}) and"
                    " max-ram-below-4g is not a multiple of 1G."
                )
        return low


class I440FX(PCIMachine):
    """pc-i440fx."""

    low_memory_default = 0xE0000000
    hole64_size = 2 * GIB

    x_south_bridge = Enum(
        ("PIIX3", "piix4-isa"),
        "PCSouthBridgeOption",
        description="Use a different south bridge than PIIX3",
        qdev=False,
        show_default=False,
        since="11.1",
    )

    def low_memory(self) -> int:
        low = most = super().low_memory()
        assert self.machine_type is not None
        if self.memory_size >= most and self.machine_type.fields["gigabyte-align"]:
            low = min(low, 0xC0000000)
            if low % GIB:
                self.warn(
                    f"Large machine and max_ram_below_4g ({most}) not a multiple of 1G; "
                    "possible bad performance."
                )
        return low


class ISAPC(PCMachine):
    """isapc: no PCI, and no memory above 4 GiB."""

    low_memory_default = 0xE0000000
    cxl_windows: tuple[Any, ...] = ()

    cxl = cxl_switch(until="11.1")
    cxl_fmw = fixed_windows(until="11.1")

    def low_memory(self) -> int:
        if "isapc-has-no-high-memory" not in self.rules:
            return super().low_memory()
        if self.memory_size > 3584 * MIB:
            raise PyqomError(
                f"Too much memory for this machine: {self.memory_size // MIB} MiB, maximum 3584 MiB"
            )
        self._max_ram_below_4g = self.low_memory_default
        return self.memory_size

    def settle(self, cache_places: Mapping[str, str] | None = None) -> None:
        self.hpet = False
        super().settle(cache_places)


class MicroVM(X86Machine):
    """microvm."""

    rtc = switch("Enable MC146818 RTC")
    pcie = switch("Enable PCIe")
    ioapic2 = switch("Enable second IO-APIC")
    isa_serial = flag(True, "Set off to disable the instantiation an ISA serial port")
    x_option_roms = flag(True, "Set off to disable loading option ROMs")
    auto_kernel_cmdline = flag(
        True, "Set off to disable adding virtio-mmio devices to the kernel cmdline"
    )

    def low_memory(self) -> int:
        return 0xC0000000


class RemoteMachine(Machine):
    """x-remote."""

    is_vfio_user = False

    vfio_user = Computed(
        "bool", lambda self: self.is_vfio_user, lambda self, on: self.set_vfio_user(on)
    )
    auto_shutdown = flag(True)

    def set_vfio_user(self, on: bool) -> None:
        """Only before the machine is there.  Raises PyqomError."""
        if self.settled:
            raise PyqomError("Error enabling vfio-user - machine already created")
        self.is_vfio_user = on


FAMILIES: dict[str, type[Machine]] = {
    "pc-q35": Q35,
    "pc-i440fx": I440FX,
    "isapc": ISAPC,
    "microvm": MicroVM,
    "x-remote": RemoteMachine,
}
"""The class with what a family's machine types add; not every family adds something."""
