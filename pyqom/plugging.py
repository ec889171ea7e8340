"""Devices of a machine: made, plugged and asked to leave (``system/qdev-monitor.c``).

What the machine's hot-plug handler does before a device is realized is here, too: a CPU gets its
place, memory its slot and address (``hw/i386/pc.c``, ``x86-common.c``).
"""

from __future__ import annotations

from pyqom.devices.catalog import aliases
from pyqom.devices.cpu.x86.cpu import X86CPU
from pyqom.devices.dimm import UNASSIGNED_SLOT, PCDimm
from pyqom.devices.finding import default_bus, find_bus
from pyqom.devices.hotplug import HotplugHandler
from pyqom.devices.virtio_memory import MemoryProxy
from pyqom.errors import DeviceNotFound, MissingParameter, PyqomError
from pyqom.machines.memory import check_addable, check_prepared, free_address, free_slot
from pyqom.types.path import resolve_at
from pyqom.types.qdict import qdict_order
from pyqom.types.user_creatable import id_wellformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pyqom.devices.board import Board
    from pyqom.devices.context import Context
    from pyqom.devices.device import Device
    from pyqom.devices.modules import Modules
    from pyqom.machines import MachineType
    from pyqom.machines.cpus import Cpus
    from pyqom.release import Release
    from pyqom.reports import Reports
    from pyqom.types import Registry

NO_ACPI = "memory hotplug is not enabled: missing acpi device or acpi disabled"


class Texts(dict):  # type: ignore[type-arg]
    """Properties as a command line gives them: nested, with texts for all scalars."""


class Plugging(HotplugHandler):
    """The devices of a machine; the part of `pyqom.vm.VirtualMachine` that deals with them."""

    root: Any
    machine: Any
    machine_type: MachineType
    unattached: Any
    peripheral: Any
    peripheral_anon: Any
    types: Registry
    release: Release
    modules: Modules
    context: Context
    cpus: Cpus | None
    warnings: Reports
    board: Board
    _anonymous = 0

    def has_reached(self, phase: str) -> bool:
        """Whether that much of the machine has been built."""
        raise NotImplementedError

    # --- plugging ------------------------------------------------------------

    def realize(self, device: Device) -> None:
        """Realize a device; one without a parent becomes an unattached one.

        Raises PyqomError and leaves nothing behind.
        """
        device.realize(True)

    def add_device(
        self, driver: str | None, identifier: str | None, props: Mapping[str, Any]
    ) -> Device | None:
        """Make and plug a device (``device_add``), in QEMU's order of checks.

        `props` are typed, or `Texts`.  None for the primary card of a failover pair, which stays
        hidden.  Raises PyqomError and leaves nothing behind.
        """
        if driver is None:
            raise MissingParameter("Parameter 'driver' is missing")
        cls = self._device_class(driver)
        props = Texts(props) if isinstance(props, Texts) else dict(props)
        bus = self._find_bus(cls, driver, props.pop("bus", None))
        if self._hides(identifier, props):
            if bus is not None and not bus.hotpluggable:
                raise PyqomError(f"Bus '{bus.name}' does not support hotplugging")
            return None
        device: Device = cls(self.context)
        try:
            if device._hotplugged:
                self._check_hotpluggable(device, bus)
            self._take_in(device, identifier)
            setter = device.set_keyval if isinstance(props, Texts) else device.set
            for name in qdict_order(props):
                setter(name, props[name])
            if bus is not None:
                device.put_on(bus)
            device.realize(True)
        except PyqomError:
            device.unparent()
            device.finalize()
            raise
        return device

    def _hides(self, identifier: str | None, props: Mapping[str, Any]) -> bool:
        """Whether a device is the primary card of a pair (``failover_hide_primary_device``)."""
        pairs = self.board.failover
        if "failover_pair_id" not in props or not pairs:
            return False
        if identifier is None:
            raise PyqomError("Device with failover_pair_id needs to have id")
        pair = props["failover_pair_id"]
        if pair not in pairs:
            return False
        if pairs[pair] not in (None, identifier):
            raise PyqomError(
                f"Cannot attach more than one primary device to '{pair}':"
                f" '{pairs[pair]}' and '{identifier}'"
            )
        pairs[pair] = identifier
        return True

    def _find_bus(self, cls: Any, driver: str, path: Any) -> Any:
        """The bus for a device: the one that is named, or the first that takes it."""
        if path is not None:
            bus = find_bus(self.board.system_bus, path, aliases(self.release))
            if cls.bus_type is None or not bus.cast(cls.bus_type):
                raise PyqomError(f"Device '{driver}' can't go on {bus.typename} bus")
            return bus
        return None if cls.bus_type is None else default_bus(self.board.system_bus, cls)

    def _device_class(self, driver: str) -> Any:
        """The class of a device that users may make (``qdev_get_device_class``)."""
        name = driver
        if self.modules.asked_for(name) is None:
            name = aliases(self.release).get(driver, driver)
        if self.modules.asked_for(name) is None or not self.types.implements(name, "device"):
            alias = "" if name == driver else f" (alias '{name}')"
            raise PyqomError(f"'{driver}'{alias} is not a valid device model name")
        if self.types.abstract(name):
            raise PyqomError("Parameter 'driver' expects a non-abstract device type")
        cls = self.types.get(name)
        late = "only-hotpluggable-types-are-pluggable" in self.release.rules
        if not cls.user_creatable_class or (
            late and self.has_reached("machine-ready") and not cls.hotpluggable_class
        ):
            raise PyqomError("Parameter 'driver' expects a pluggable device type")
        on_system_bus = self.types.implements(name, "sys-bus-device")
        if on_system_bus and self.machine_type.family not in cls.machines:
            raise PyqomError(
                "Parameter 'driver' expects a dynamic sysbus device type for the machine"
            )
        return cls

    def _check_hotpluggable(self, device: Device, bus: Any) -> None:
        """Refuse what the type, its bus or the machine cannot plug (``qdev_hotplug_allowed``)."""
        if not device.hotpluggable_class:
            raise PyqomError(f"Device '{device.typename}' does not support hotplugging")
        if bus is not None:
            if not bus.hotpluggable:
                raise PyqomError(f"Bus '{bus.name}' does not support hotplugging")
        elif self.handler_of(device) is None:
            raise PyqomError(f"Device '{device.typename}' can not be hotplugged on this machine")

    def _take_in(self, device: Device, identifier: str | None) -> None:
        """Give a device its place among the peripherals (``qdev_set_id``)."""
        if identifier is None:
            self.peripheral_anon.add_child(f"device[{self._anonymous}]", device)
            self._anonymous += 1
            return
        checked = "device-ids-are-checked" in self.release.rules
        if checked and not id_wellformed(identifier):
            raise PyqomError(f"Invalid qdev ID '{identifier}'")
        if self.peripheral.has_property(identifier):
            raise PyqomError(f"Duplicate device ID '{identifier}'")
        device.id = identifier
        self.peripheral.add_child(identifier, device)

    # --- unplugging ----------------------------------------------------------

    def del_device(self, identifier: str) -> None:
        """Ask a device to leave (``device_del``).  Raises DeviceNotFound, PyqomError."""
        found = resolve_at(self.root, self.peripheral, identifier)
        if found is None:
            raise DeviceNotFound(f"Device '{identifier}' not found")
        if not found.cast("device"):
            hotpluggable = "unplug-wants-hotpluggable-devices" in self.release.rules
            kind = "hotpluggable device" if hotpluggable else "device"
            raise PyqomError(f"{identifier} is not a {kind}")
        if found.pending_deleted and not (found.pending_expires and self.board.has_run):
            raise PyqomError(f"Device {identifier} is already in the process of unplug")
        self._unplug(found)

    def _unplug(self, device: Device) -> None:
        """Let a device go, or ask the guest to, which without guest code it never does."""
        self._check_hotpluggable(device, device.parent_bus)
        handler = device.handler()
        if handler.asks_guest:
            handler.unplug_request(device)
        else:
            handler.unplug(device)
            device.unparent()

    # --- the machine's part ----------------------------------------------------

    @property
    def has_acpi(self) -> bool:
        """Whether the machine can plug by ACPI."""
        family = self.machine_type.family
        return family in ("pc-i440fx", "pc-q35") and self.machine.get("acpi") != "off"

    asks_guest = True

    def handler_of(self, device: Any) -> HotplugHandler | None:
        """The machine, where it handles hot-plug of a device (``pc_get_hotplug_handler``)."""
        ancestors = self.machine_type.ancestors
        if isinstance(device, X86CPU):
            return self if "x86-machine" in ancestors else None
        if isinstance(device, (PCDimm, MemoryProxy)):
            return self if "generic-pc-machine" in ancestors else None
        return None

    def pre_plug(self, device: Any) -> None:
        """Find a device its place, before it is realized.  Raises PyqomError."""
        if isinstance(device, X86CPU):
            self._pre_plug_cpu(device)
        elif isinstance(device, PCDimm):
            self._pre_plug_memory(device)
        else:
            device.place(self._free_address(device))
            self._bus_handler(device).pre_plug(device)

    def plug(self, device: Any) -> None:
        """Take a CPU, or memory, that has been realized."""
        if isinstance(device, X86CPU):
            assert self.cpus is not None
            self.cpus.present[device.cpu_index] = device
            return
        self._account(device)
        if isinstance(device, MemoryProxy):
            self._bus_handler(device).plug(device)

    @staticmethod
    def _bus_handler(device: Device) -> HotplugHandler:
        """Who handles the bus of a device; what handles nothing, where nobody does."""
        handler = device.parent_bus.handler
        return HotplugHandler() if handler is None else handler

    def _account(self, device: Any) -> None:
        """Take the room of a memory device, until it is put to rest (``memory_device_plug``)."""
        memory, size = self.machine.device_memory, device.memory.get("size")
        memory.used += size
        self.board.memory.append(device)

        def leave() -> None:
            memory.used -= size
            self.board.memory.remove(device)

        device.on_unrealize(leave)

    def unplug_request(self, device: Any) -> None:
        """Refuse what cannot go.  Raises PyqomError."""
        if isinstance(device, PCDimm) and not self.has_acpi:
            raise PyqomError(NO_ACPI)
        if device.cast("nvdimm"):
            raise PyqomError("nvdimm device hot unplug is not supported yet.")
        if isinstance(device, MemoryProxy):
            device.backend.check_leaving()
            self._bus_handler(device).unplug_request(device)
        if self.cpus is not None and isinstance(device, self.cpus.cpu_class):
            if self.machine_type.family == "microvm":
                raise PyqomError("unplug not supported by microvm")
            if device.cpu_index == 0:
                raise PyqomError("Boot CPU is unpluggable")
            if "cpu-hotplug-is-never-legacy" not in self.release.rules:
                # until the guest has switched to the newer interface
                raise PyqomError(
                    f"acpi: device unplug request for not supported device type: {device.typename}"
                )

    def _pre_plug_cpu(self, cpu: X86CPU) -> None:
        """``x86_cpu_pre_plug``: a CPU's place and its node."""
        if self.cpus is None or "x86-machine" not in self.machine_type.ancestors:
            return
        self.cpus.slots.pre_plug(cpu)
        if self.machine_type.fields.get("cpu-host-phys-bits"):
            cpu.host_phys_bits = True
        if self.machine.numa is not None:
            self.machine.numa.pre_plug(cpu, cpu.cpu_index)

    def _pre_plug_memory(self, dimm: PCDimm) -> None:
        """``pc_memory_pre_plug``: a DIMM's slot and address."""
        machine = self.machine
        if not self.has_acpi:
            raise PyqomError(NO_ACPI)
        slots = machine.memory_slots
        if dimm.slot != UNASSIGNED_SLOT and not 0 <= dimm.slot < max(slots, 1):
            raise PyqomError(f"invalid slot number {dimm.slot}, valid range is [0-{slots - 1}]")
        if dimm.cast("nvdimm") and not machine.get("nvdimm"):
            raise PyqomError("nvdimm is not enabled: missing 'nvdimm' in '-M'")
        taken = {other.slot for other in self.memory_devices() if isinstance(other, PCDimm)}
        dimm.set("slot", free_slot(machine, taken, dimm.slot))
        dimm.set("addr", self._free_address(dimm))
        dimm.numa_nodes = 0 if machine.numa is None else len(machine.numa)

    def _free_address(self, device: Any) -> int:
        """Where a memory device goes (``memory_device_pre_plug``).  Raises PyqomError."""
        memory = self.machine.device_memory
        check_prepared(memory)
        size = device.memory.get("size")
        check_addable(memory, size, device.alignment)
        taken = [
            (other.addr, other.memory.get("size"), other.id) for other in self.memory_devices()
        ]
        return free_address(memory, taken, device.addr, device.alignment, size)

    def memory_devices(self) -> list[Any]:
        """The memory that is plugged, by address."""
        return sorted(self.board.memory, key=lambda device: device.addr)
