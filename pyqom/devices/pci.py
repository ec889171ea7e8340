"""PCI devices and the buses they sit on (QEMU ``hw/pci/pci.c``)."""

from __future__ import annotations

from pyqom.devices.bus import Bus
from pyqom.devices.device import Device
from pyqom.devices.region import WHOLE
from pyqom.devices.values import FUNCTIONS, SLOTS
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MOST_ACPI_INDEX = 16 * 1024 - 1
NO_ROM_SIZE = 0xFFFFFFFF
PXE_ROM_SIZE = 1 << 17
"""The size of the ROMs of network cards that do not know EFI."""


def slot_of(devfn: int) -> int:
    """The slot of a place on a bus."""
    return devfn // FUNCTIONS


def function_of(devfn: int) -> int:
    """The function of a place on a bus."""
    return devfn % FUNCTIONS


class PCIBus(Bus):
    """The model of type "PCI" and of those below it: 32 slots of 8 functions."""

    first_devfn = 0
    """The lowest place that is given to a device which asks for none."""
    reserved_slots = 0
    """A bit for each slot that no device gets."""
    is_root = False
    parent_device: Any = None
    """The expander that a further root bus belongs to."""
    number = 0
    """The bus number, which only a guest gives to the buses behind bridges."""

    def instance_init(self) -> None:
        """Nothing is plugged in."""
        self.devices: dict[int, PCIDevice] = {}
        """The devices by place."""

    @property
    def is_express(self) -> bool:
        """Whether it is of PCI Express."""
        return self.cast("PCIE")

    @property
    def bridge(self) -> Any:
        """The bridge behind which it is; None for a root bus."""
        return None if self.is_root else self.owner

    def devfns(self) -> Iterator[int]:
        """The free first functions of slots that are not reserved, the lowest first."""
        for devfn in range(self.first_devfn, SLOTS * FUNCTIONS, FUNCTIONS):
            if devfn not in self.devices and not self.reserves(devfn):
                yield devfn

    def reserves(self, devfn: int) -> bool:
        """Whether no device gets that slot."""
        return bool(self.reserved_slots >> slot_of(devfn) & 1)

    def address_of(self, device: Device) -> str:
        return f"{slot_of(device._addr):02x}.{function_of(device._addr):x}"


class PCIDevice(Device):
    """The model of type "pci-device"."""

    _addr: int
    _romfile: str | None
    checks_itself = True
    _romsize: int

    def do_realize(self) -> None:
        """``pci_qdev_realize``: find its place, then what the type itself does."""
        self._check_acpi_index()
        if self._romsize != NO_ROM_SIZE and self._romsize & (self._romsize - 1):
            raise PyqomError(f"ROM size {self._romsize} is not a power of two")
        self._register()
        self.check_requirements()
        self.pci_realize()
        self._check_failover()
        self._load_rom()

    def _load_rom(self) -> None:
        """``pci_add_option_rom``: its own ROM, where nobody asked for another or for none."""
        if self._romfile is None and self.rom is not None:
            self._romfile = self.rom["file"]
            self.on_unrealize(lambda: setattr(self, "_romfile", None))
        if not self._romfile:
            return
        size = self._rom_size()
        if not size:
            raise PyqomError(f'failed to find romfile "{self._romfile}"')
        if self._rombar:
            if self._romsize == NO_ROM_SIZE:
                self._romsize = size
                self.on_unrealize(lambda: setattr(self, "_romsize", NO_ROM_SIZE))
            self.add_region(self.rom["name"], size)

    def _rom_size(self) -> int:
        """The bytes of its option ROM, or of the older one for BIOS alone; 0 for another's."""
        if self.rom is None:
            return 0
        if self._romfile == self.rom["file"].replace("efi-", "pxe-", 1) != self.rom["file"]:
            return PXE_ROM_SIZE
        return int(self.rom["size"]) if self._romfile == self.rom["file"] else 0

    pci: Any = None
    """What its configuration tells, as the declaration has it."""

    def pci_declared(self) -> dict[str, Any]:
        """What the configuration of this device tells, in the form of a declaration."""
        declared = dict(self.pci or {})
        if self._romfile and self._rombar and self.rom is not None:
            declared["bars"] = [*declared.get("bars", ()), f"6 memory {self.rom['size']}"]
        return declared

    rom: Any = None
    """Its option ROM: file, name of the memory region, and size in bytes; None for none."""

    def pci_realize(self) -> None:
        """What a type of PCI device does to come to life.  Raises PyqomError."""

    @property
    def pci_bus(self) -> Any:
        """The bus it is on."""
        return self._parent_bus

    @property
    def is_bridge(self) -> bool:
        """Whether it has a bus behind it."""
        return self.cast("base-pci-bridge")

    @property
    def is_express(self) -> bool:
        """Whether it is of PCI Express, and of nothing older as well."""
        return self.cast("pci-express-device") and not self.cast("conventional-pci-device")

    @property
    def behind_port(self) -> bool:
        """Whether it sits behind a root port or a downstream port, where there is one slot."""
        bridge = self.pci_bus.bridge
        return bridge is not None and bridge.is_port

    is_port = False
    """Whether a device behind it has the whole link for itself."""

    @property
    def function_0(self) -> Any:
        """The device at function 0 of its slot; None where there is none yet."""
        first = 0 if self.behind_port else self._addr - function_of(self._addr)
        return self.pci_bus.devices.get(first)

    # --- its place -----------------------------------------------------------

    def _register(self) -> None:
        """``do_pci_register_device``."""
        bus = self.pci_bus
        if bus.parent_device is not None and not self.is_bridge:
            raise PyqomError(
                f"PCI: Only PCI/PCIe bridges can be plugged into {bus.parent_device.typename}"
            )
        asked: int = self._addr
        self._addr = self._free_devfn() if asked < 0 else asked
        self.on_unrealize(lambda: setattr(self, "_addr", asked))
        if asked >= 0:
            self._check_devfn()
        first = self.function_0
        if self._hotplugged and first is not None:
            raise PyqomError(
                f"PCI: slot {slot_of(first._addr)} function 0 already occupied by {first.typename},"
                f" new func {self.typename} cannot be exposed to guest."
            )
        self._check_functions()
        bus.devices[self._addr] = self
        devfn = self._addr
        self.on_unrealize(lambda: bus.devices.pop(devfn))
        self.add_region("bus master container", WHOLE)
        if self.board.ready:
            self.add_bus_master()

    def machine_done(self) -> None:
        self.add_bus_master()

    def add_bus_master(self) -> None:
        """Through it the device sees memory; it comes when the machine is complete."""
        region = self.add_region("bus master", WHOLE)
        region._container = self.property("bus master container[0]").resolve(self)

    def _free_devfn(self) -> int:
        for devfn in self.pci_bus.devfns():
            return devfn  # type: ignore[no-any-return]
        raise PyqomError(
            f"PCI: no slot/function available for {self.typename}, all in use or reserved"
        )

    def _check_devfn(self) -> None:
        bus, devfn = self.pci_bus, self._addr
        place = f"PCI: slot {slot_of(devfn)} function {function_of(devfn)} not available"
        if bus.reserves(devfn):
            raise PyqomError(f"{place} for {self.typename}, reserved")
        other = bus.devices.get(devfn)
        if other is not None:
            name = "(null)" if other.id is None else other.id
            raise PyqomError(f"{place} for {self.typename}, in use by {other.typename},id={name}")

    def _check_functions(self) -> None:
        """``pci_init_multifunction``: function 0 says whether there are more."""
        devices, slot = self.pci_bus.devices, slot_of(self._addr)
        function = function_of(self._addr)
        if function:
            first = devices.get(slot * FUNCTIONS)
            if first is not None and not first._multifunction:
                raise PyqomError(
                    "PCI: single function device can't be populated in"
                    f" function {slot:x}.{function:x}"
                )
        elif not self._multifunction:
            for other in range(1, FUNCTIONS):
                if slot * FUNCTIONS + other in devices:
                    raise PyqomError(
                        f"PCI: {slot:x}.0 indicates single function,"
                        f" but {slot:x}.{other:x} is already populated."
                    )

    # --- what it asks for ----------------------------------------------------

    def _check_acpi_index(self) -> None:
        index = self._acpi_index
        if index > MOST_ACPI_INDEX:
            raise PyqomError(f"acpi-index should be less or equal to {MOST_ACPI_INDEX}")
        if index:
            used = self.board.acpi_indexes
            if index in used:
                raise PyqomError(f"a PCI device with acpi-index = {index} already exist")
            used.add(index)
            self.on_unrealize(lambda: used.discard(index))

    def _check_failover(self) -> None:
        """What the primary device of a failover pair has to be."""
        if self._failover_pair_id is None:
            return
        if not self.pci_bus.is_express:
            raise PyqomError("failover primary device must be on PCIExpress bus")
        if self.category != "network":
            raise PyqomError("failover primary device is not an Ethernet device")
        if self._multifunction or function_of(self._addr):
            raise PyqomError("failover: primary device must be in its own PCI slot")
