"""The properties of PC-like machines (``hw/i386/x86.c``, ``hw/i386/pc.c``)."""

from __future__ import annotations

from pyqom.errors import InvalidParameterValue, PyqomError
from pyqom.machines.numa import NumaState
from pyqom.machines.properties import Machine, flag, of_instance, switch
from pyqom.types import Computed, Enum, Int64, ListOf, Size, Str, Struct, UInt64
from pyqom.types.property import set_after_realize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

MIB = 1 << 20
GIB = 1 << 30


def _oem(slot: str, name: str, most: int) -> Callable[[Any, str], None]:
    def setter(self: Any, value: str) -> None:
        if len(value.encode()) > most:
            raise PyqomError(f"User specified {name} value is bigger than {most} bytes in size")
        setattr(self, slot, value)

    return setter


SGX_EPC = ListOf(Struct("SgxEPC", {"memdev": Str(), "node": Int64()}))


class X86Machine(Machine, typename="x86-machine", abstract=True):
    """What PC-like machines share."""

    oem_id = "BOCHS "
    oem_table_id = "BXPC    "
    bus_lock_limit = 0
    sgx_sections: tuple[Any, ...] = ()

    smm = switch("Enable SMM")
    acpi = switch("Enable ACPI")
    pit = switch("Enable i8254 PIT")
    pic = switch("Enable i8259 PIC")
    x_oem_id = Computed(
        "string",
        lambda self: self.oem_id,
        _oem("oem_id", "x-oem-id", 6),
        description="Override the default value of field OEMID in ACPI table header."
        "The string may be up to 6 bytes in size",
    )
    x_oem_table_id = Computed(
        "string",
        lambda self: self.oem_table_id,
        _oem("oem_table_id", "x-oem-table-id", 8),
        description="Override the default value of field OEM Table ID in ACPI table header."
        "The string may be up to 8 bytes in size",
    )
    bus_lock_ratelimit = Computed(
        "uint64_t",
        lambda self: self.bus_lock_limit,
        lambda self, value: setattr(self, "bus_lock_limit", value),
        kind=UInt64(),
        description="Set the ratelimit for the bus locks acquired in VMs",
    )
    sgx_epc = Computed(
        "SgxEPC",
        lambda self: self.sgx_sections,
        lambda self, value: setattr(self, "sgx_sections", value),
        kind=SGX_EPC,
        description="SGX EPC device",
    )
    hmat = of_instance(
        Computed(
            "bool",
            lambda self: self.numa.hmat_enabled,
            lambda self, value: setattr(self.numa, "hmat_enabled", value),
            description="Set on/off to enable/disable ACPI Heterogeneous Memory Attribute Table"
            " (HMAT)",
        )
    )

    def instance_init(self) -> None:
        """``x86_machine_initfn``: an x86 machine knows where its CPUs sit."""
        self.numa = NumaState(self)


class BelowFourGiB(Size):
    """``max-ram-below-4g``."""

    def in_range(self, value: int, owner: Any) -> int:
        if value > 4 * GIB:
            raise InvalidParameterValue(
                f"Machine option 'max-ram-below-4g={value}' expects size less than or equal to 4G"
            )
        if value < MIB:
            owner.warn(
                f"Only {value} bytes of RAM below the 4GiB boundary,"
                "BIOS may not work with less than 1MiB"
            )
        return value


class FirmwareSize(Size):
    """``max-fw-size``."""

    def in_range(self, value: int, owner: Any) -> int:
        if value > 16 * MIB:
            word = "firwmare" if "old-misspellings" in owner.rules else "firmware"
            raise InvalidParameterValue(
                f"User specified max allowed firmware size {value} is greater than 16MiB. "
                f"If combined {word} size exceeds 16MiB the system may not boot, or experience "
                "intermittentstability issues."
            )
        return value


def _entry_point(*names: str, **options: Any) -> Enum:
    return Enum(
        names,
        "str",
        description="SMBIOS Entry Point type [32, 64]",
        qdev=False,
        show_default=False,
        **options,
    )


def _set_persistence(self: Any, value: str) -> None:
    if value not in ("cpu", "mem-ctrl"):
        raise PyqomError(f"-machine nvdimm-persistence={value}: unsupported option")
    self.nvdimm_persistence_text = value


def _set_audiodev(self: Any, value: str) -> None:
    """An alias of the speaker's property: the only audio backend there is, is none."""
    if self.settled:
        speaker = _Speaker()
        raise set_after_realize(speaker, "audiodev")
    if "short-audiodev-errors" in self.rules:
        raise InvalidParameterValue(f"audiodev '{value}' not found")
    raise InvalidParameterValue(f"Property 'isa-pcspk.audiodev' can't find value '{value}'")


class _Speaker:
    """What the text of a late change of the speaker's audio backend names."""

    typename = "isa-pcspk"


class PCMachine(X86Machine, typename="generic-pc-machine", abstract=True):
    """A PC with ISA or PCI."""

    low_memory_default = 0
    """``max-ram-below-4g`` where it is not given, in bytes."""

    device_memory_region_size = Computed(
        "int",
        lambda self: self.device_memory.size if self.device_memory is not None else 0,
        until="11.1",
    )
    max_ram_below_4g = BelowFourGiB(
        0,
        description="Maximum ram below the 4G boundary (32bit boundary)",
        qdev=False,
        show_default=False,
    )
    vmport = switch("Enable vmport (pc & q35)")
    smbus = flag(True, "Enable/disable system management bus")
    sata = flag(True, "Enable/disable Serial ATA bus")
    hpet = flag(True, "Enable/disable high precision event timer emulation")
    i8042 = flag(True, "Enable/disable Intel 8042 PS/2 controller emulation", since="11.1")
    i8042_undescribed = flag(True, name="i8042", until="11.1")
    default_bus_bypass_iommu = flag(False)
    max_fw_size = FirmwareSize(
        8 * MIB, description="Maximum combined firmware size", qdev=False, show_default=False
    )
    smbios_entry_point_type = _entry_point("32", "64", "auto", since="11.1")
    smbios_entry_point_without_auto = _entry_point(
        "32", "64", name="smbios-entry-point-type", until="11.1"
    )
    fd_bootchk = flag(
        True,
        "Enable/disable boot signature checking for floppy disks in BIOS",
        since="11.1",
    )
    nvdimm = of_instance(flag(False, "Set on/off to enable/disable NVDIMM instantiation"))
    nvdimm_persistence = of_instance(
        Computed(
            "string",
            lambda self: self.nvdimm_persistence_text,
            _set_persistence,
            description="Set NVDIMM persistenceValid values are cpu, mem-ctrl",
        )
    )
    pcspk_audiodev = of_instance(
        Computed(
            "str",
            lambda self: "",
            _set_audiodev,
            description="ID of an audiodev to use as a backend",
        )
    )

    def instance_init(self) -> None:
        """``pc_machine_initfn``."""
        entry_point = self.machine_type.fields["default-smbios-ep-type"]  # type: ignore[union-attr]
        self.set("smbios-entry-point-type", entry_point)

    def low_memory(self) -> int:
        if not self.max_ram_below_4g:
            self._max_ram_below_4g = self.low_memory_default
        return int(self.max_ram_below_4g)

    def settle(self, cache_places: Mapping[str, str] | None = None) -> None:
        PCMachine.low_memory(self)  # the property alone: `lay_out` has warned
        if self.vmport == "auto":
            self.vmport = "on" if self.i8042 or "i8042" not in self.properties() else "off"
        super().settle(cache_places)
