"""What the devices of one machine share: its tree, its main bus, its numbers and its events.

QEMU keeps these in static variables (``hw/core/qdev.c``, ``hw/core/sysbus.c``); here every machine
has its own.
"""

from __future__ import annotations

from pyqom.devices.block_nodes import make_node
from pyqom.devices.blocks import Blocks
from pyqom.devices.bus import attach
from pyqom.devices.loose import LooseParts
from pyqom.devices.network import Network
from pyqom.devices.reset import below, reset_all
from pyqom.types.path import Ambiguous, lookup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from pyqom.devices.backends.surroundings import Surroundings
    from pyqom.devices.context import Context
    from pyqom.devices.hotplug import HotplugHandler
    from pyqom.types import Registry

HW_VERSION = "2.5+"
"""What newer machine types tell, whatever the release."""


class AudioBackend:
    """An audio backend, which makes no sound."""

    def __init__(self, name: str) -> None:
        self.name = name


class Board:
    """The machine as its devices see it.

    types        the registry that devices and buses are made from
    machine      the machine object
    unattached   the container of devices that nobody owns
    surroundings where backends are found: chardevs, network, block nodes, objects
    emit         tells an event: its name and its data
    handler      the machine's own hot-plug handler for a device; None where its bus has the word
    """

    def __init__(
        self,
        types: Registry,
        machine: Any,
        unattached: Any,
        surroundings: Surroundings,
        emit: Callable[[str, dict[str, Any] | None], None],
        handler: Callable[[Any], HotplugHandler | None],
    ) -> None:
        self.types = types
        self.machine = machine
        self.unattached = unattached
        self.surroundings = surroundings
        self.emit = emit
        self.handler = handler
        self.ready = False
        """Whether the machine is complete: what comes now is hot-plugged."""
        self.ended = False
        """Whether the machine goes away as a whole: nobody is told of its devices."""
        self.loose = LooseParts(types, unattached, unattached)
        """The memory regions and interrupt lines of no device."""
        self.own = LooseParts(types, machine, unattached)
        """The machine's own memory regions."""
        self.first_apic: Any = None
        """The CPU whose local APIC the machine's memory shows."""
        self.root_buses: list[Any] = []
        """The PCI buses that no bridge leads to."""
        self.blocks = Blocks()
        self.network = Network(surroundings)
        self.audiodevs: dict[str, Any] = {}
        """The audio backends by id."""
        self.boot_order: dict[int, tuple[Any, str]] = {}
        """The devices with a ``bootindex``, each with the name of that property."""
        self.balloon: Any = None
        """The balloon device, of which there is one at most."""
        self.memory: list[Any] = []
        """The memory devices that are plugged."""
        self.ide_drives = 0
        """How many IDE drives the buses that there are could have."""
        self.singles: set[str] = set()
        """What there is already of which there is only one."""
        self.has_run = False
        """Whether the machine has ever run: time has passed for its guest."""
        self.serial_ports: list[Any] = []
        """The ports of all virtio-serial devices."""
        self.failover: dict[str | None, str | None] = {}
        """The id of the primary card of each network card that stands by, None for none."""
        self.isa_counts: dict[str, int] = {}
        """How many ISA devices of a type have been given a number."""
        self.acpi_indexes: set[int] = set()
        """The ``acpi-index`` of all PCI devices that have one."""
        self.chassis_slots: set[tuple[int, int]] = set()
        """The slots of chassis that PCI Express ports have taken."""
        self._ids: dict[str, int] = {}
        self._system_bus: Any = None
        self._unattached = 0

    def next_bus_id(self, typename: str) -> int:
        """The number of the next bus of a type whose device has no id; never given twice."""
        number = self._ids.get(typename, 0)
        self._ids[typename] = number + 1
        return number

    def adopt(self, device: Any) -> None:
        """Give a device without parent a place among the unattached ones."""
        self.unattached.add_child(f"device[{self._unattached}]", device)
        self._unattached += 1

    def disown(self, device: Any) -> None:
        """Take back what `adopt` did: the device could not be realized."""
        device.unparent()
        self._unattached -= 1

    def add_blockdev(self, options: Mapping[str, Any]) -> None:
        """Make a block node from checked BlockdevOptions.  Raises PyqomError."""
        make_node(self.blocks, options)

    def add_audiodev(self, options: Mapping[str, Any]) -> None:
        """Make an audio backend from a checked Audiodev."""
        self.audiodevs[options["id"]] = AudioBackend(options["id"])

    def find(self, typename: str) -> Any:
        """The only device of a type; None where there is none, or several."""
        try:
            return lookup(self.surroundings.root, "", typename)
        except Ambiguous:
            return None

    def reserve(self) -> None:
        """Leave out the number of an unattached device that is not made."""
        self._unattached += 1

    def complete(self) -> None:
        """The machine is complete: it is reset, and what comes from now on is hot-plugged."""
        for each in below(self.system_bus):
            each.machine_done()
        self.reset()
        self.ready = True

    def reset(self) -> None:
        """Reset all devices on buses, and the buses with them, in their three phases."""
        reset_all(self.system_bus)

    @property
    def hw_version(self) -> str:
        """The version that devices tell of themselves (``qemu_hw_version``)."""
        version = self.machine.machine_type.fields.get("hw-version")
        return str(version or HW_VERSION)

    @property
    def system_bus(self) -> Any:
        """``main-system-bus``, made when first asked for."""
        if self._system_bus is None:
            bus = self.types.get("System")()
            attach(bus, None, "main-system-bus")
            self._system_bus = self.unattached.add_child("sysbus", bus)
        return self._system_bus

    def new(self, typename: str, context: Context) -> Any:
        """A new device, not yet anywhere."""
        return self.types.get(typename)(context)
