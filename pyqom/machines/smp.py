"""``-smp``: how many CPUs a machine has, and how they sit (QEMU ``hw/core/machine-smp.c``)."""

from __future__ import annotations

from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyqom.machines.machine import MachineType

LEVELS = ("drawers", "books", "sockets", "dies", "clusters", "modules", "cores", "threads")
"""The levels of the hierarchy, the largest first."""

OPTIONAL = ("modules", "clusters", "dies", "books", "drawers")
"""The levels that a machine may lack, in the order in which they are checked."""

CACHES = ("l1d", "l1i", "l2", "l3")
"""The caches whose place in the topology can be chosen (``CacheLevelAndType``)."""

CACHE_LEVELS = ("thread", "core", "module", "cluster", "die", "socket", "book", "drawer", "default")
"""The places, the lowest first (``CpuTopologyLevel``)."""

UNSIGNED = 0xFFFFFFFF
"""QEMU computes in C's unsigned int."""


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

    def __init__(self, cpus: int, maxcpus: int, levels: Mapping[str, int] | None = None) -> None:
        """Levels that are not given count one."""
        self.cpus = cpus
        self.maxcpus = maxcpus
        for level in LEVELS:
            setattr(self, level, (levels or {}).get(level, 1))

    @property
    def total(self) -> int:
        """The product of all levels."""
        return _product({level: getattr(self, level) for level in LEVELS})

    def hierarchy(self, machine: MachineType) -> str:
        """``sockets (2) * cores (2) * threads (1)``, with the levels that the machine has."""
        return " * ".join(
            f"{level} ({getattr(self, level)})" for level in LEVELS if supports(machine, level)
        )


def supports(machine: MachineType, level: str) -> bool:
    """Whether the machine type has a level."""
    return level not in OPTIONAL or bool(machine.fields.get(f"{level}-supported"))


def parse_smp(
    machine: MachineType, config: Mapping[str, int], warn: Callable[[str], None] | None = None
) -> Smp:
    """The topology that a configuration means on a machine type.

    `config` has what was given of ``cpus``, ``maxcpus`` and the levels.  Raises PyqomError with
    QEMU's text where it cannot be; `warn` gets what QEMU only warns of.
    """
    smp = fill_smp(machine, config, warn)
    check_smp(machine, smp)
    return smp


def fill_smp(
    machine: MachineType, config: Mapping[str, int], warn: Callable[[str], None] | None = None
) -> Smp:
    """The topology that a configuration comes to, checked only as far as its own members go.

    QEMU keeps it even where `check_smp` then refuses it.  Raises PyqomError.
    """
    if any(value == 0 for value in config.values()):
        text = "CPU topology parameters must be greater than zero"
        if "smp-zero-is-deprecated" not in machine.release.rules:
            raise PyqomError(f"Invalid CPU topology: {text}")
        if warn is not None:
            warn(f"Deprecated CPU topology (considered invalid): {text}")
    _check_levels(machine, config)
    return _filled_in(machine, {name: value & UNSIGNED for name, value in config.items()})


def _check_levels(machine: MachineType, config: Mapping[str, int]) -> None:
    """Refuse more than one of what the machine has none of."""
    if "smp-levels-are-counted-signed" in machine.release.rules:
        for level in OPTIONAL:
            if config.get(level, 1) > 1 and not supports(machine, level):
                raise PyqomError(f"{level} > 1 not supported by this machine's CPU topology")
        return
    for level in ("dies", "clusters"):
        if config.get(level, 1) & UNSIGNED > 1 and not supports(machine, level):
            raise PyqomError(f"{level} not supported by this machine's CPU topology")


def _filled_in(machine: MachineType, config: Mapping[str, int]) -> Smp:
    """What was not given follows from what was: sockets or cores first, threads last."""
    levels = {level: config.get(level, 0) or int(level in OPTIONAL) for level in LEVELS}
    cpus, maxcpus = config.get("cpus", 0), config.get("maxcpus", 0)
    if cpus or maxcpus:
        maxcpus = maxcpus or cpus
        first = ("sockets", "cores") if machine.fields["prefer-sockets"] else ("cores", "sockets")
        _derive(levels, first, maxcpus)
    else:
        for level in LEVELS:
            levels[level] = levels[level] or 1
    smp = Smp(cpus, maxcpus, levels)
    smp.maxcpus = maxcpus or smp.total
    smp.cpus = cpus or smp.maxcpus
    return smp


def _derive(levels: dict[str, int], order: Sequence[str], maxcpus: int) -> None:
    """Let the first level that is missing, or else the threads, make up for `maxcpus`."""
    first, second = order
    if not levels[first]:
        levels[second] = levels[second] or 1
        levels["threads"] = levels["threads"] or 1
        levels[first] = _divide(levels, first, maxcpus)
    elif not levels[second]:
        levels["threads"] = levels["threads"] or 1
        levels[second] = _divide(levels, second, maxcpus)
    if not levels["threads"]:
        levels["threads"] = _divide(levels, "threads", maxcpus)


def _divide(levels: Mapping[str, int], missing: str, maxcpus: int) -> int:
    """What is left for the missing level.

    QEMU itself would divide by zero where the product of the others comes to 0; here the level
    comes to 0 then, and the check of the total refuses it.
    """
    others = _product({level: count for level, count in levels.items() if level != missing})
    return maxcpus // others if others else 0


def _product(levels: Mapping[str, int]) -> int:
    product = 1
    for count in levels.values():
        product = product * count & UNSIGNED
    return product


def _signed(count: int) -> int:
    """The number as QEMU prints it where it takes it for an int."""
    return count - (1 << 32) if count >> 31 else count


def check_smp(machine: MachineType, smp: Smp) -> None:
    """Refuse a topology that does not come out even, or is too large or too small.

    Raises PyqomError.
    """
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
            f"Invalid SMP CPUs {_signed(smp.cpus)}. The min CPUs supported by machine"
            f" '{machine.name}' is {least}"
        )
    if smp.maxcpus > machine.cpu_max:
        raise PyqomError(
            f"Invalid SMP CPUs {_signed(smp.maxcpus)}. The max CPUs supported by machine"
            f" '{machine.name}' is {machine.cpu_max}"
        )


# --- smp-cache ---------------------------------------------------------------------------------


def set_smp_cache(
    machine: MachineType, levels: dict[str, str], config: Sequence[Mapping[str, str]]
) -> None:
    """Take a ``smp-cache`` configuration into `levels`, which has the place of every cache.

    As QEMU's, `levels` keeps what was taken before an error.  Raises PyqomError.
    """
    seen = set()
    for entry in config:
        cache = entry["cache"]
        if cache in seen:
            raise PyqomError(
                f"Invalid cache properties: {cache}. The cache properties are duplicated"
            )
        levels[cache] = entry["topology"]
        seen.add(cache)
    for cache in CACHES:
        _check_cache(machine, cache, levels[cache])


def _check_cache(machine: MachineType, cache: str, level: str) -> None:
    if level != "default" and cache not in machine.fields.get("cache-supported", ()):
        raise PyqomError(f"{cache} cache topology not supported by this machine")
    if level == "thread":
        raise PyqomError(f"{level} level cache not supported by this machine")
    if level != "default" and not supports(machine, f"{level}s"):
        raise PyqomError(
            f"Invalid topology level: {level}. The topology level is not supported by this machine"
        )


def settle_smp_cache(levels: dict[str, str], own: Mapping[str, str]) -> None:
    """Let the CPU's `own` places stand for the defaults (``x86_cpu_update_smp_cache_topo``).

    Raises PyqomError where a cache then sits lower than one below it.
    """
    for cache in CACHES:
        if levels[cache] == "default":
            levels[cache] = own[cache]
    for low, high in (("l1d", "l2"), ("l1i", "l2"), ("l2", "l3")):
        if CACHE_LEVELS.index(levels[low]) > CACHE_LEVELS.index(levels[high]):
            raise PyqomError(
                "Invalid smp cache topology. "
                f"{high.upper()} cache topology level shouldn't be lower than"
                f" {low[:2].upper()} cache"
            )
