"""A virtual machine: one tree, one machine, one accelerator, its CPUs, globals and events.

Nothing else in pyqom holds state, so a process may have thousands.  Building one runs QEMU's
phases (``include/hw/qdev-core.h``, ``system/vl.c``): the machine object, the accelerator, the
objects, the CPUs; or stops before the CPUs with ``preconfig``.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from pyqom.accel.choice import choose
from pyqom.catalog import registry
from pyqom.devices.backends.objects import early_and_late, object_add, object_del, records
from pyqom.devices.backends.surroundings import Surroundings
from pyqom.devices.board import Board
from pyqom.devices.context import Context, Override
from pyqom.devices.cpu.x86.featurestring import parse_model
from pyqom.devices.cpu.x86.models import SUFFIX
from pyqom.devices.dimm import PCDimm
from pyqom.devices.modules import Modules
from pyqom.errors import PyqomError, UnknownModel
from pyqom.events import EventLog
from pyqom.guest import Guest
from pyqom.machines import MachineType, find
from pyqom.machines.bootfiles import check_boot_files
from pyqom.machines.chipset import build_devices, build_early, lay_spaces
from pyqom.machines.context import compat_overrides, has_cpu_slots
from pyqom.machines.cpus import Cpus
from pyqom.machines.defaults import Defaults
from pyqom.machines.memory import attach_memory, lay_out, resolve_backend
from pyqom.machines.numa import info_numa
from pyqom.machines.options import (
    apply_options,
    dashify,
    default_options,
    memory_texts,
    pass_on,
)
from pyqom.plugging import Plugging, Texts
from pyqom.reports import Reports
from pyqom.types import Container, container_get, make_root
from pyqom.types.globaltext import parse_global
from pyqom.types.keyval import parse_keyval, parse_opts
from pyqom.types.path import resolve_component
from pyqom.types.qdict import qdict_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from pyqom.accel.accelerator import Accelerator
    from pyqom.devices.cpu.x86.featurestring import ModelString
    from pyqom.hosts.host import Host
    from pyqom.machines.options import PassedOn
    from pyqom.types import Registry

    Accel = str | tuple[str, Mapping[str, str]] | Accelerator

PHASES = (
    "no-machine",
    "early-backends",
    "machine-created",
    "accel-created",
    "late-backends-created",
    "machine-initialized",
    "machine-ready",
)
"""What has been built so far, as QEMU's ``MachineInitPhase``, and before the machine's options."""

FIRST_THREAD = 100_000
"""Where the numbering of threads begins: none of them exists."""

NO_UUID = "00000000-0000-0000-0000-000000000000"


class VirtualMachine(Guest, Plugging):
    """A machine as QEMU would start it, keyword for keyword what its command line has.

    ``machine`` is a machine type's name, alias or MachineType (None: QEMU's default), ``options``
    the further ``-machine`` properties, typed or `Texts`; ``cpu`` a model string
    (``"Haswell,+vmx"``), ``smp`` and ``memory`` as QMP's SMPConfiguration and
    MemorySizeConfiguration have them (an int is the number of CPUs, and bytes); ``accel`` an
    accelerator, its name, or the name with properties as texts, or a list to try in turn;
    ``globals`` are (driver, property, text), ``devices`` mappings with ``driver`` (`Texts` where
    values are texts).  ``machine``, ``smp``, ``memory``, ``globals`` and ``devices`` may be a text
    as the command line has it.  ``objects`` are mappings with ``qom-type`` and ``id``, ``numa``
    records as ``set-numa-node`` has them, ``blockdevs``, ``netdevs`` and ``audiodevs`` as QMP's
    BlockdevOptions, Netdev and Audiodev, ``chardevs`` who gets the bytes that devices write to a
    character device, by its id.  ``host`` is the host of ``accel="kvm"``, a record or its file
    (None: this machine), which lets guests stop the CPU with ``cpu_pm``.  ``types`` is a registry
    with types of one's own.

    It is ready when it is made; ``paused`` (``-S``) leaves it in ``prelaunch``, ``incoming`` in
    ``inmigrate``, ``preconfig`` before its CPUs are made, until `exit_preconfig`; ``mem_path`` is
    where the file with its memory would be.  Raises what QEMU refuses to start with, as
    `pyqom.errors.PyqomError` with QEMU's text; an error for which one of several options is to
    blame has it as ``origin``: ``("numa", 2)``.

    ``reports`` takes what QEMU would print meanwhile; it is ``warnings`` then.  ``on_phase`` is
    called with the machine whenever it has reached one of `PHASES`.  ``defaults`` are the devices
    of a plain start (`pyqom.machines.defaults.Defaults`); there are none without it.
    """

    def __init__(
        self,
        machine: str | MachineType | None = None,
        cpu: str | None = None,
        smp: int | str | Mapping[str, int] | None = None,
        accel: Accel | Sequence[Accel] = "tcg",
        memory: int | str | Mapping[str, int] | None = None,
        globals: Iterable[str | tuple[str, str, str]] = (),
        objects: Iterable[Mapping[str, Any]] = (),
        devices: Iterable[Mapping[str, Any] | str] = (),
        numa: Iterable[Mapping[str, Any]] = (),
        blockdevs: Iterable[Mapping[str, Any]] = (),
        netdevs: Iterable[Mapping[str, Any]] = (),
        audiodevs: Iterable[Mapping[str, Any]] = (),
        release: str | None = None,
        *,
        options: Mapping[str, Any] | None = None,
        chardevs: Mapping[str, Callable[[bytes], object]] | None = None,
        name: str | None = None,
        uuid: str | None = None,
        paused: bool = False,
        preconfig: bool = False,
        incoming: bool = False,
        mem_path: str | None = None,
        actions: Mapping[str, str] | None = None,
        host: Host | str | None = None,
        cpu_pm: bool = False,
        types: Registry | None = None,
        reports: Reports | None = None,
        on_phase: Callable[[VirtualMachine], None] | None = None,
        defaults: Defaults | None = None,
    ) -> None:
        self.phase = PHASES[0]
        self.warnings = Reports() if reports is None else reports
        self.events = EventLog()
        Guest.__init__(self, actions or {}, paused=paused, incoming=incoming)
        self.name = name
        self.uuid = uuid
        self._mem_path = mem_path
        self._on_phase = on_phase
        self._host, self._cpu_pm = host, cpu_pm
        self._devices = [
            Texts(parse_opts(entry, "driver")) if isinstance(entry, str) else entry
            for entry in devices
        ]
        self._defaults = defaults or Defaults()
        self._threads: dict[int, int] = {}
        self._dispatcher: Any = None
        self.cpus: Cpus | None = None
        texts: dict[str, Any] = {}
        if isinstance(machine, str):
            texts = parse_keyval(machine, "type")
            machine = texts.pop("type", None if texts else machine)
        if isinstance(smp, str):
            texts["smp"], smp = parse_keyval(smp, "cpus"), None
        if isinstance(memory, str):
            texts["memory"], memory = memory_texts(dict(parse_opts(memory, "size")).get), None
        if not isinstance(machine, MachineType):
            if not isinstance(machine, str | None):
                raise TypeError(f"a machine is a name or a MachineType, not {machine!r}")
            machine = find("pc" if machine is None else machine, release)
        self.machine_type = machine
        self.release = machine.release
        self.types = registry(self.release) if types is None else types
        self.modules = Modules(self.types)
        self.globals = [
            Override(*(parse_global(entry) if isinstance(entry, str) else entry))
            for entry in globals
        ]
        early, late = early_and_late(records("objects", objects))
        self._create_machine()
        self._reach("early-backends")
        for label, sink in (chardevs or {}).items():
            self.add_chardev("null", label).sink = sink
        self._add_objects(early)
        others = self._configure_machine(options or {}, texts, smp, memory)
        self._reach("machine-created")
        self._choose_accelerator(accel, others)
        self._add_each("audiodevs", audiodevs, self.board.add_audiodev)
        self._add_each("blockdevs", blockdevs, self.board.add_blockdev)
        self._reach("accel-created")
        if machine.deprecation_warning:
            self.warnings.append(machine.deprecation_warning)
        self._add_objects(late)
        self._add_each("netdevs", netdevs, self.board.network.add)
        self._reach("late-backends-created")
        self._choose_cpu(cpu)
        if others.memory_backend is not None:
            resolve_backend(self.machine, others.memory_backend, others.has_memory_size)
        self._configure_numa(iter(records("numa", numa)))
        if not preconfig:
            self.exit_preconfig()

    def __enter__(self) -> VirtualMachine:
        return self

    def __exit__(self, *_: object) -> None:
        self.board.ended = True
        self.root.finalize()

    # --- phases --------------------------------------------------------------

    def _reach(self, phase: str) -> None:
        self.phase = phase
        if self._on_phase is not None:
            self._on_phase(self)

    def has_reached(self, phase: str) -> bool:
        """Whether that much has been built: one of `PHASES`."""
        return PHASES.index(self.phase) >= PHASES.index(phase)

    def _create_machine(self) -> None:
        """Make the tree and the machine in it."""
        late = "containers-come-when-needed" in self.release.rules
        self.root = make_root(("chardevs",)) if late else make_root()
        self.machine = self.types.get(self.machine_type.typename)()
        self.machine.warnings, self.machine.reports = self.warnings, self.warnings.errors
        self.root.add_child("machine", self.machine)
        self.surroundings = Surroundings(self.root, thread_id=self.thread_id)
        self.unattached = self.machine.add_child("unattached", Container())
        self.peripheral = self.machine.add_child("peripheral", Container())
        self.peripheral_anon = self.machine.add_child("peripheral-anon", Container())
        self.board = Board(
            self.types,
            self.machine,
            self.unattached,
            self.surroundings,
            self.events.emit_behind,
            self.handler_of,
        )
        apply_options(self.machine, default_options(self.machine_type))

    def _configure_machine(
        self,
        options: Mapping[str, Any],
        texts: Mapping[str, Any],
        smp: int | Mapping[str, int] | None,
        memory: int | Mapping[str, int] | None,
    ) -> PassedOn:
        """Set the machine's properties; the result is what is not the machine's own.

        `texts` are options as a command line has them, as are `options` where they are `Texts`.
        """
        given: dict[str, Any] = {}
        if smp is not None:
            given["smp"] = {"cpus": smp} if isinstance(smp, int) else smp
        if memory is not None:
            given["memory"] = {"size": memory} if isinstance(memory, int) else memory
        typed = {**({} if isinstance(options, Texts) else dashify(options)), **given}
        written = dashify({**texts, **options} if isinstance(options, Texts) else texts)
        own, others = pass_on({**written, **typed})
        if others.memory_backend is not None and self._mem_path is not None:
            raise PyqomError("'-mem-path' can't be used together with'-machine memory-backend'")
        for name in qdict_order(own):
            if name in typed:
                self.machine.set(name, own[name])
            else:
                self.machine.set_keyval(name, own[name])
        return others

    def _choose_accelerator(self, accel: Accel | Sequence[Accel], others: PassedOn) -> None:
        """Take the first accelerator that can be had (``configure_accelerators``)."""
        choices: list[Any] = list(accel) if isinstance(accel, list) else [accel]
        kind = "accel"
        if others.accel is not None:
            names = others.accel.split(":") if others.accel else []
            # those that are none are told of before any is tried
            choices, kind = sorted(names, key=lambda name: f"{name}-accel" in self.types), "machine"
        self.accel = choose(
            *(choices, kind, self.types, self.warnings, self.machine),
            *(others.globals, self._host, self._cpu_pm),
        ).on(self.machine_type)
        self.compat = compat_overrides(self.machine_type, self.accel)
        self.surroundings.context = Context(self.accel, overrides=self.compat)

    def _choose_cpu(self, cpu: str | None) -> None:
        """Parse the CPU model, and make what every device of this machine is made in."""
        if cpu == "":
            raise PyqomError("-cpu option cannot be empty")
        self.model = parse_model(cpu) if cpu is not None else None
        if self.model is not None:
            self.warnings.extend(self.model.warnings)
        cpu_class = self._cpu_class()
        model = self.model.overrides(cpu_class.typename) if self.model and cpu_class else ()
        self.context = Context(
            self.accel,
            self.machine_type.default_cpu_version,
            (*self.compat, *self.globals, *model),
            switches=self.model.switches if self.model else (),
            board=self.board,
            warnings=self.warnings,
            boot_cpus=self.machine.smp_config.cpus,
        )
        if cpu_class is not None:
            machine = self.machine
            places = machine.smp_caches if machine.has_smp_cache else None
            self.cpus = Cpus(cpu_class, machine.smp_config, places)
            if self.machine.numa is not None:
                self.machine.numa.cpus = self.cpus

    def _cpu_class(self) -> Any:
        """The type of the machine's CPUs; None where it has none.  Raises UnknownModel."""
        model: ModelString | None = self.model
        typename = self.machine_type.default_cpu_type if model is None else model.name + SUFFIX
        if typename is None:
            return None
        if typename not in self.types or self.types.abstract(typename):
            assert model is not None
            known = (name.removesuffix(SUFFIX) for name in self.types.list("x86_64-cpu"))
            raise UnknownModel(f"unable to find CPU model '{model.name}'", model.name, known)
        return self.types.get(typename)

    def _configure_numa(self, records: Iterator[Mapping[str, Any]]) -> None:
        """Take NUMA options one by one; the iterator may refuse one by raising."""
        record: Mapping[str, Any] | None = {}
        index = 0
        while record is not None:
            with self.warnings.at("numa", index):
                record = next(records, None)
                if record is not None:
                    self.set_numa_node(record)
            index += 1

    def set_numa_node(self, record: Mapping[str, Any]) -> None:
        """Take a NUMA option (``set-numa-node``, ``-numa``).  Raises PyqomError."""
        if self.machine.numa is None:
            raise PyqomError("NUMA is not supported by this machine-type")
        self.machine.numa.set_options(record)

    def numa_text(self) -> str:
        """What the monitor says of the NUMA nodes (``info numa``)."""
        cpus = [(cpu.cpu_index, cpu.get("node-id")) for cpu in self.cpus or ()]
        plugged: dict[int, int] = {}
        for dimm in self.memory_devices():
            node = dimm.node if isinstance(dimm, PCDimm) else 0
            plugged[node] = plugged.get(node, 0) + dimm.memory.get("size")
        return info_numa(self.machine.numa, cpus, plugged)

    def exit_preconfig(self) -> None:
        """Make the memory, the CPUs and the devices, and be ready.

        Raises PyqomError; a machine that cannot be made so has ended, with that as ``failure``.
        """
        if self.has_reached("machine-initialized"):
            raise PyqomError("The command is permitted only before machine initialization")
        try:
            self._initialize()
        except PyqomError as error:
            self.fail(error)
            raise

    def _initialize(self) -> None:
        objects = resolve_component(self.root, "objects")
        taken = [child.path_component for child in objects.children()] if objects else []
        attach_memory(self.machine, self._make_memory, taken)
        self.phase = "machine-initialized"
        lay_spaces(self.board)
        build_early(self.context, self.machine_type.family)
        self._create_cpus()
        self._defaults.add_backends(self)
        build_devices(self.context, self.machine_type.family, self._defaults)
        self._defaults.add_consoles(self.root, self.board)
        for index, entry in enumerate(self._devices):
            with self.warnings.at("devices", index):
                props = Texts(entry) if isinstance(entry, Texts) else dict(entry)
                self.add_device(props.pop("driver", None), props.pop("id", None), props)
        self._check_globals()
        self._prepare_guest()
        self.board.complete()
        self._reach("machine-ready")
        if self.autostart and self.status != "inmigrate":
            self.cont()

    def _create_cpus(self) -> None:
        """Make the CPUs that the machine starts with, and lay out its memory behind them."""
        places = None
        if self.cpus is not None:
            self.machine.check_cpu_type(self.cpus.cpu_class.typename)
            for cpu in self.cpus.boot(self.context, has_cpu_slots(self.machine_type)):
                self.realize(cpu)
                self.cpus.present[cpu.cpu_index] = cpu
                places = cpu.caches.places()
                if cpu.cpu_index == 0 and "generic-pc-machine" in self.machine_type.ancestors:
                    amd = cpu.vendor in ("AuthenticAMD", "HygonGenuine")
                    hole = getattr(self.machine, "hole64_size", 0)
                    self.machine.layout = lay_out(
                        self.machine, cpu.phys_bits, cpu.get("lm"), amd, hole
                    )
        check_boot_files(self.machine)
        self.machine.settle(places)

    def _make_memory(self, name: str, size: int) -> Any:
        """Make the backend of the machine's own memory."""
        if self._mem_path is None:
            return self.add_object("memory-backend-ram", name, {"size": size})
        props = {"mem-path": self._mem_path, "size": size}
        return self.add_object("memory-backend-file", name, props)

    def _check_globals(self) -> None:
        """Warn of globals that name no device (``qdev_prop_check_globals``)."""
        for entry in self.globals:
            name = entry.driver
            if name not in self.types or not self.types.implements(name, "device"):
                self.warnings.append(f"global {name}.{entry.property} has invalid class name")

    # --- objects and devices -------------------------------------------------

    def _add_objects(self, objects: Iterable[Mapping[str, Any]]) -> None:
        for entry in objects:
            props = dict(entry)
            self.add_object(props.pop("qom-type"), props.pop("id"), props)

    def _add_each(
        self, kind: str, entries: Iterable[Mapping[str, Any]], add: Callable[[Any], object]
    ) -> None:
        """Make backends of a kind; what fails has its place among them as `origin`."""
        waiting = iter(entries)
        entry: Mapping[str, Any] | None = {}
        index = 0
        while entry is not None:
            with self.warnings.at(kind, index):
                entry = next(waiting, None)
                if entry is not None:
                    add(entry)
            index += 1

    def add_object(self, qom_type: str, identifier: str, props: Mapping[str, Any]) -> Any:
        """Make a user-creatable object under /objects (``object-add``).  Raises PyqomError."""
        around = self.surroundings
        return object_add(self.root, self.types, qom_type, identifier, props, surroundings=around)

    def add_chardev(self, kind: str, label: str, backend: Any = None) -> Any:
        """Show a character device under /chardevs; `kind` is QEMU's name of the backend."""
        chardev = self.types.get(f"chardev-{kind}")()
        chardev.backend = backend
        self.chardevs.add_child(label, chardev)
        return chardev

    def del_object(self, identifier: str) -> None:
        """Delete an object under /objects (``object-del``).  Raises PyqomError."""
        object_del(self.root, identifier)

    @property
    def chardevs(self) -> Any:
        """The container of character devices."""
        return container_get(self.root, "/chardevs")

    @property
    def objects(self) -> Any:
        """The container of user-creatable objects."""
        return container_get(self.root, "/objects")

    def thread_id(self, owner: Any) -> int:
        """The id of the thread that a CPU or an I/O thread would be; each has its own."""
        return self._threads.setdefault(id(owner), FIRST_THREAD + len(self._threads))

    def cont(self) -> None:
        super().cont()
        self.board.has_run |= self.running

    def reset_devices(self) -> None:
        self.board.reset()

    # --- commands ------------------------------------------------------------

    def qmp(self, command: str, /, **arguments: Any) -> Any:
        """Run a QMP command here, with a socket's checks and errors; `_` stands for ``-``.

        Returns what QMP returns.  Raises what QMP answers, as `pyqom.errors.PyqomError`.
        """
        return self.dispatcher.execute(command, arguments)

    @property
    def dispatcher(self) -> Any:
        """What runs QMP commands on this machine (`pyqom.monitor.dispatcher.Dispatcher`)."""
        if self._dispatcher is None:
            # The monitor stands above the machine that it looks at.
            monitor = import_module("pyqom.monitor.dispatcher")
            self._dispatcher = monitor.Dispatcher(self)
        return self._dispatcher

    def __repr__(self) -> str:
        return f"<VirtualMachine {self.machine_type.name} {self.status}>"


__all__ = ["NO_UUID", "PHASES", "Texts", "VirtualMachine"]
