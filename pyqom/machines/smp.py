"""``-smp``: how many CPUs a machine has, and how they sit (QEMU ``hw/core/machine-smp.c``)."""

from __future__ import annotations

from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyqom.machines.machine import MachineType

LEVELS = ("drawers", "books", "sockets", "dies", "clusters", "modules", "cores", "threads")
"""The levels of the hierarchy, the largest first."""

OPTIONAL = ("modules", "clusters", "dies", "books", "drawers")
"""The levels that a machine may lack, in the order in which they are checked."""


class Smp:
    """The number of CPUs at the start (``cpus``), at most (``maxcpus``), and of each level."""

    __slots__ = ("cpus", "maxcpus", *LEVELS)

    drawers: int
    books: int
    sockets: int
    dies: int
    clusters: int
    modules: int
    cores: int
    threads: int

    def __init__(self, cpus: int, maxcpus: int, levels: Mapping[str, int]) -> None:
        self.cpus = cpus
        self.maxcpus = maxcpus
        for level in LEVELS:
            setattr(self, level, levels[level])

    @property
    def total(self) -> int:
        """The product of all levels."""
        product = 1
        for level in LEVELS:
            product *= getattr(self, level)
        return product

    def hierarchy(self, machine: MachineType) -> str:
        """``sockets (2) * cores (2) * threads (1)``, with the levels that the machine has."""
        return " * ".join(
            f"{level} ({getattr(self, level)})" for level in LEVELS if supports(machine, level)
        )


def supports(machine: MachineType, level: str) -> bool:
    """Whether the machine type has a level."""
    return level not in OPTIONAL or bool(machine.fields.get(f"{level}-supported"))


def parse_smp(machine: MachineType, config: Mapping[str, int]) -> Smp:
    """The topology that a configuration means on a machine type.

    `config` has what was given of ``cpus``, ``maxcpus`` and the levels.  Raises PyqomError with
    QEMU's text where it cannot be.
    """
    if any(value == 0 for value in config.values()):
        raise PyqomError(
            "Invalid CPU topology: CPU topology parameters must be greater than zero"
        )
    for level in OPTIONAL:
        if config.get(level, 1) > 1 and not supports(machine, level):
            raise PyqomError(f"{level} > 1 not supported by this machine's CPU topology")
    smp = _filled_in(machine, config)
    _check(machine, smp)
    return smp


def _filled_in(machine: MachineType, config: Mapping[str, int]) -> Smp:
    """What was not given follows from what was: sockets or cores first, threads last."""
    levels = {level: config.get(level, 1 if level in OPTIONAL else 0) for level in LEVELS}
    cpus, maxcpus = config.get("cpus", 0), config.get("maxcpus", 0)
    if not cpus and not maxcpus:
        order = ()
    elif machine.fields["prefer-sockets"]:
        order = ("sockets", "cores")
    else:
        order = ("cores", "sockets")
    maxcpus = maxcpus or cpus
    if order:
        _derive(levels, order, maxcpus)
    for level in LEVELS:
        if not order:
            levels[level] = levels[level] or 1
    smp = Smp(cpus, maxcpus, levels)
    smp.maxcpus = maxcpus or smp.total
    smp.cpus = cpus or smp.maxcpus
    return smp


def _derive(levels: dict[str, int], order: tuple[str, str], maxcpus: int) -> None:
    """Let the first level that is missing, or else the threads, make up for `maxcpus`."""
    first, second = order
    if not levels[first]:
        levels[second] = levels[second] or 1
        levels["threads"] = levels["threads"] or 1
        levels[first] = maxcpus // _product(levels, first)
    elif not levels[second]:
        levels["threads"] = levels["threads"] or 1
        levels[second] = maxcpus // _product(levels, second)
    if not levels["threads"]:
        levels["threads"] = maxcpus // _product(levels, "threads")


def _product(levels: Mapping[str, int], left_out: str) -> int:
    """The product of all levels but one; QEMU would divide by zero where this is 0."""
    product = 1
    for level, count in levels.items():
        if level != left_out:
            product *= count
    return product or 1


def _check(machine: MachineType, smp: Smp) -> None:
    hierarchy = smp.hierarchy(machine)
    if smp.total != smp.maxcpus:
        raise PyqomError(
            "Invalid CPU topology: product of the hierarchy must match maxcpus: "
            f"{hierarchy} != maxcpus ({smp.maxcpus})"
        )
    if smp.maxcpus < smp.cpus:
        raise PyqomError(
            "Invalid CPU topology: maxcpus must be equal to or greater than smp: "
            f"{hierarchy} == maxcpus ({smp.maxcpus}) < smp_cpus ({smp.cpus})"
        )
    least = machine.fields["min-cpus"]
    if smp.cpus < least:
        raise PyqomError(
            f"Invalid SMP CPUs {smp.cpus}. The min CPUs supported by machine"
            f" '{machine.name}' is {least}"
        )
    if smp.maxcpus > machine.cpu_max:
        raise PyqomError(
            f"Invalid SMP CPUs {smp.maxcpus}. The max CPUs supported by machine"
            f" '{machine.name}' is {machine.cpu_max}"
        )
