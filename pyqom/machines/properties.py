"""The properties that every machine has: ``/machine`` as QOM shows it (``hw/core/machine.c``).

The class body is QEMU's class initialiser; what a machine type says of itself comes from its
`MachineType`.  The PC types are in `pyqom.machines.pc`, those of the families in
`pyqom.machines.families`.
"""

from __future__ import annotations

from pyqom.devices.parts import part
from pyqom.errors import PyqomError
from pyqom.machines.numa import NumaState
from pyqom.machines.smp import (
    CACHE_LEVELS,
    CACHES,
    LEVELS,
    Smp,
    check_smp,
    fill_smp,
    set_smp_cache,
    settle_smp_cache,
)
from pyqom.types import (
    Bool,
    CInt,
    Computed,
    Enum,
    Int64,
    Link,
    ListOf,
    Object,
    OnOffAuto,
    Size,
    Str,
    String,
    Struct,
    UInt64,
)
from pyqom.types.path import resolve_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, TypeVar

    from pyqom.machines.machine import MachineType
    from pyqom.types import Property

    P = TypeVar("P", bound=Property)

PAGE = 8192
"""Memory sizes are rounded up to this (``machine_set_mem``)."""
U64 = (1 << 64) - 1


def flag(default: bool, description: str | None = None, **options: Any) -> Bool:
    """A plain boolean of a machine."""
    return Bool(default, description=description, qdev=False, show_default=False, **options)


def switch(description: str, **options: Any) -> OnOffAuto:
    """on, off or auto, at first auto."""
    return OnOffAuto("auto", description=description, qdev=False, show_default=False, **options)


def text(description: str | None = None, **options: Any) -> String:
    """A plain text, at first empty."""
    return String("", description=description, show_default=False, **options)


def of_instance(prop: P) -> P:
    """A property that QEMU adds to each instance, not to the class: no abstract type shows it."""
    prop.per_instance = True
    return prop


def _levels(*names: str) -> Struct:
    members = {name: Int64() for name in names}
    return Struct("SMPConfiguration", members, optional=names)


SMP = _levels("cpus", *LEVELS, "maxcpus")
SMP_WITHOUT_MODULES = _levels("cpus", "sockets", "dies", "clusters", "cores", "threads", "maxcpus")

SMP_CACHE = ListOf(
    Struct(
        "SmpCacheProperties",
        {
            "cache": Enum(CACHES, "CacheLevelAndType"),
            "topology": Enum(CACHE_LEVELS, "CpuTopologyLevel"),
        },
    )
)

BOOT_MEMBERS: dict[str, Property] = {
    "order": Str(),
    "once": Str(),
    "menu": Bool(),
    "splash": Str(),
    "splash-time": Int64(),
    "reboot-timeout": Int64(),
    "strict": Bool(),
}
BOOT = Struct("BootConfiguration", BOOT_MEMBERS, optional=tuple(BOOT_MEMBERS))

MEMORY_MEMBERS: dict[str, Property] = {"size": Size(), "max-size": Size(), "slots": UInt64()}
MEMORY = Struct("MemorySizeConfiguration", MEMORY_MEMBERS, optional=tuple(MEMORY_MEMBERS))


class Machine(Object, typename="machine", abstract=True):
    """A machine; its subclasses are the machine types.

    ``machine_type`` is what the type's class says (`MachineType`), None for an abstract one.  It is
    made detached; whoever makes it gives it its place, its options (`pyqom.machines.options`), its
    memory and CPUs, and then calls `settle`.
    """

    machine_type: MachineType | None = None

    memory_size = 0
    """Bytes of memory at the start; ``max_memory`` with what can be plugged in ``memory_slots``."""
    max_memory = 0
    memory_slots = 0
    layout: Any = None
    """Where its memory is (`pyqom.machines.memory.Layout`); None before it is laid out."""
    device_memory: Any = None
    """Where memory devices go (`pyqom.machines.memory.DeviceMemory`), None where none can."""
    smp_config: Smp
    smp_caches: dict[str, str]
    has_smp_cache = False
    """Whether ``smp-cache`` was given."""
    boot_config: dict[str, Any]
    numa: NumaState | None = None
    """The NUMA nodes; None where the machine type knows none."""
    nvdimm_persistence_text = ""
    warnings: list[str] | None = None
    """What QEMU prints as a warning goes here, when it is a list; what it prints as an error, and
    goes on after, to ``reports``."""
    reports: list[str] | None = None
    parts = (
        part(child="peripheral", type="container", until="11.1"),
        part(child="peripheral-anon", type="container", until="11.1"),
    )
    """What each has from its birth; newer releases make the containers a little later."""
    instance_order = (
        *("peripheral", "peripheral-anon", "nvdimm", "nvdimm-persistence", "hmat", "spcr"),
        *("system.flash0", "pflash0", "system.flash1", "pflash1", "pcspk-audiodev"),
        *("cxl", "cxl-fmw"),
    )
    """The order in which QEMU adds properties to a machine, where the classes have another."""
    settled = False
    """Whether the board has been initialised."""

    # in the order in which QEMU adds them, as far as its lists show that
    x_change_vmfd_on_reset = flag(
        False,
        "Set on/off to enable/disable generating new accelerator guest handle on guest reset. "
        "Default: off (used only for testing/debugging).",
        since="11.1",
    )
    kernel = text("Linux kernel image file")
    initrd = text("Linux initial ramdisk file")
    append = text("Linux kernel command line")
    shim = text("shim.efi file", since="11.1")
    dtb = text("Linux kernel device tree file")
    dumpdtb = text("Dump current dtb to a file and quit")
    boot = Computed(
        "BootConfiguration",
        lambda self: self.boot_config,
        lambda self, value: self.set_boot(value),
        kind=BOOT,
        description="Boot configuration",
    )
    smp = Computed(
        "SMPConfiguration",
        lambda self: self.get_smp(SMP),
        lambda self, value: self.set_smp(value),
        kind=SMP,
        description="CPU topology",
        since="11.1",
    )
    smp_without_modules = Computed(
        "SMPConfiguration",
        lambda self: self.get_smp(SMP_WITHOUT_MODULES),
        lambda self, value: self.set_smp(value),
        kind=SMP_WITHOUT_MODULES,
        name="smp",
        description="CPU topology",
        until="11.1",
    )
    smp_cache = Computed(
        "SmpCachePropertiesWrapper",
        lambda self: [{"cache": key, "topology": at} for key, at in self.smp_caches.items()],
        lambda self, value: self.set_smp_cache(value),
        kind=SMP_CACHE,
        description="Cache properties list for SMP machine",
        since="11.1",
    )
    phandle_start = CInt(
        0,
        description="The first phandle ID we may generate dynamically",
        qdev=False,
        show_default=False,
    )
    dt_compatible = text('Overrides the "compatible" property of the dt root node')
    dump_guest_core = flag(True, "Include guest memory in a core dump")
    mem_merge = flag(True, "Enable/disable memory merge support")
    graphics = flag(True, "Set on/off to enable/disable graphics emulation")
    usb = flag(False, "Set on/off to enable/disable usb")
    firmware = text("Firmware image")
    suppress_vmdesc = flag(False, "Set on to disable self-describing migration")
    memory_encryption = Computed(
        "string",
        lambda self: _component(self.confidential_guest_support),
        lambda self, value: self.set_memory_encryption(value),
        description="Set memory encryption object to use",
    )
    memory_backend = Link(
        "memory-backend",
        description="Set RAM backendValid value is ID of hostmem based backend",
        qdev=False,
    )
    memory = Computed(
        "MemorySizeConfiguration",
        lambda self: self.get_memory(),
        lambda self, value: self.set_memory(value),
        kind=MEMORY,
        description="Memory size configuration",
    )
    aux_ram_share = flag(
        False, "Use anonymous shared memory for auxiliary guest RAMs", since="11.1"
    )
    confidential_guest_support = Link(
        "confidential-guest-support",
        description="Set confidential guest scheme to support",
        qdev=False,
    )
    spcr = of_instance(
        flag(
            True,
            "Set on/off to enable/disable ACPI Serial Port Console Redirection Table (spcr)",
            since="11.1",
        )
    )

    def instance_init(self) -> None:
        """``machine_initfn``."""
        fields = self.machine_type.fields  # type: ignore[union-attr]
        self.memory_size = self.max_memory = fields["default-ram-size"]
        count = fields["default-cpus"]
        self.smp_config = Smp(count, count)
        self.smp_caches = dict.fromkeys(CACHES, "default")
        self.boot_config = self._with_order({})

    @property
    def rules(self) -> frozenset[str]:
        """The rules of the machine's release."""
        return self.machine_type.release.rules  # type: ignore[union-attr]

    def warn(self, text: str) -> None:
        """Keep a warning, without "warning: " before it."""
        if self.warnings is not None:
            self.warnings.append(text)

    def report(self, text: str) -> None:
        """Keep an error that QEMU prints and then goes on."""
        if self.reports is not None:
            self.reports.append(text)

    def del_property(self, name: str) -> None:
        """Take a property of this instance away; also one that the class declares for each."""
        known = self.properties()
        prop = known.get(name)
        if prop is None or not prop.per_instance:
            super().del_property(name)
            return
        left = {key: each for key, each in known.items() if key != name}
        self.__dict__["properties"] = lambda: left

    # --- setters -------------------------------------------------------------

    def get_smp(self, kind: Struct) -> dict[str, int]:
        """The topology with all levels that the release has."""
        return {name: getattr(self.smp_config, name) for name in kind.members or ()}

    def set_smp(self, value: Mapping[str, int]) -> None:
        """Compute the topology from what is given; once the CPUs are there it changes nothing.

        What is refused for its total stays, as in QEMU.  Raises PyqomError.
        """
        assert self.machine_type is not None
        self.smp_config = fill_smp(self.machine_type, value, self.warn)
        check_smp(self.machine_type, self.smp_config)

    def set_smp_cache(self, value: Sequence[Mapping[str, str]]) -> None:
        """Take the places of caches; what is refused stays, as in QEMU.  Raises PyqomError."""
        assert self.machine_type is not None
        set_smp_cache(self.machine_type, self.smp_caches, value)
        self.has_smp_cache = True

    def get_memory(self) -> dict[str, int]:
        """The memory's size, and what may be plugged where something may."""
        sizes = {"size": self.memory_size}
        if self.memory_slots:
            sizes |= {"max-size": self.max_memory, "slots": self.memory_slots}
        return sizes

    def set_memory(self, value: Mapping[str, int]) -> None:
        """Take a memory configuration (``machine_set_mem``).  Raises PyqomError."""
        assert self.machine_type is not None
        size = value.get("size", self.machine_type.fields["default-ram-size"])
        size = -(-size // PAGE) * PAGE & U64
        slots = value.get("slots", 0)
        if "max-size" in value:
            most = value["max-size"]
            _check_max_memory(size, most, slots)
        elif "slots" in value:
            raise PyqomError("slots specified but no max-size")
        else:
            most = size
        self.memory_size, self.max_memory, self.memory_slots = size, most, slots

    def set_boot(self, value: Mapping[str, Any]) -> None:
        """Take a boot configuration (``machine_set_boot``).  Raises PyqomError."""
        for key in ("order", "once"):
            if key in value:
                _check_boot_devices(value[key])
        self.boot_config = self._with_order(value)

    def _with_order(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """A boot configuration with the machine type's order, where it has none of its own."""
        order = value.get("order") or self.machine_type.fields["default-boot-order"]  # type: ignore[union-attr]
        if order or "order" in value or "boot-order-is-always-told" in self.rules:
            return {**value, "order": value.get("order", order)}
        return dict(value)

    def set_memory_encryption(self, name: str) -> None:
        """Take a confidential guest object by its id.  Raises PyqomError."""
        if "memory-encryption-is-deprecated" in self.rules:
            self.warn("memory-encryption is deprecated, use confidential-guest-support instead")
        root = self.root()
        found = resolve_at(root, root, f"/objects/{name}") if root is not None and name else None
        if found is None:
            raise PyqomError(f"No such memory encryption object '{name}'")
        self.set("confidential-guest-support", found)

    # --- the board -----------------------------------------------------------

    def check_cpu_type(self, typename: str) -> None:
        """Warn of a CPU type that the machine type takes only for compatibility."""
        assert self.machine_type is not None
        fit = self.machine_type.fields.get("undeprecated-cpu-types")
        if fit is not None and typename not in fit:
            self.warn(f"cpu type {typename} is deprecated for {self.machine_type.name} machine")

    def low_memory(self) -> int:
        """How many bytes of memory are below 4 GiB at most; settles ``max-ram-below-4g``.

        Raises PyqomError where the machine cannot have its memory.
        """
        return self.memory_size

    def settle(self, cache_places: Mapping[str, str] | None = None) -> None:
        """What the board's initialisation leaves in the machine's properties.

        `cache_places` are where the CPU has its caches in the topology; they count where
        ``smp-cache`` was given.  Raises PyqomError.
        """
        if cache_places is not None and self.has_smp_cache:
            settle_smp_cache(self.smp_caches, cache_places)
        self.settled = True


def _component(obj: Any) -> str:
    return "" if obj is None else obj.path_component or ""


def _check_max_memory(size: int, most: int, slots: int) -> None:
    if most < size:
        raise PyqomError(
            f"invalid value of maxmem: maximum memory size (0x{most:x}) must be at least "
            f"the initial memory size (0x{size:x})"
        )
    if slots and most == size:
        raise PyqomError(
            "invalid value of maxmem: memory slots were specified but maximum memory size "
            f"(0x{most:x}) is equal to the initial memory size (0x{size:x})"
        )


def _check_boot_devices(devices: Sequence[str]) -> None:
    """Boot devices are letters a to p, each once (``validate_bootdevices``)."""
    seen = set()
    for letter in devices:
        if not "a" <= letter <= "p":
            raise PyqomError(f"Invalid boot device '{letter}'")
        if letter in seen:
            raise PyqomError(f"Boot device '{letter}' was given twice")
        seen.add(letter)
