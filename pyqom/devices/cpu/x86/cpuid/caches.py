"""The caches of a CPU, and how CPUID tells of them: leaves 2, 4, 80000005h, 80000006h, 8000001Dh.

A model has a cache description of its own or, with ``legacy-cache``, those that QEMU has always
shown: three that contradict each other in old machine types, one that follows the vendor in newer
ones (``x86_cpu_realizefn`` and ``encode_cache_*``, ``target/i386/cpu.c``).
"""

from __future__ import annotations

from pyqom.devices.cpu.x86.cpuid.facts import ZERO, leaf_facts
from pyqom.devices.cpu.x86.data import known, load
from pyqom.devices.cpu.x86.features import number
from pyqom.devices.cpu.x86.filter import AMD
from pyqom.devices.cpu.x86.loading import caches_of, versions_of
from pyqom.quick import memo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.devices.cpu.x86.cpuid.facts import Registers
    from pyqom.devices.cpu.x86.cpuid.source import Source
    from pyqom.devices.cpu.x86.cpuid.state import State
    from pyqom.release import Release

NAMES = ("l1d", "l1i", "l2", "l3")
"""The caches of a description, in the order of leaf 4's subleaves."""

TYPES = {"data": 1, "instruction": 2, "unified": 3}

MOST_SHARING = 4095
MOST_CORES = 63
"""What the fields of leaf 4 can hold."""

SHARING = 0xFFF << 14

TOPOEXT_FLAGS = 0b11
"""The bits of 8000001Dh EDX that AMD defines: WBINVD and inclusive."""


class Cache:
    """One cache as its record in ``data/caches.json`` describes it, and its registers.

    ``share`` is the topology level that shares it; ``shape`` what leaf 4 and 8000001Dh say of it,
    without who shares it; ``l1`` its register in leaf 80000005h, ``l2`` and ``l3`` those in
    80000006h; ``key`` what a descriptor of leaf 2 goes by.
    """

    __slots__ = ("key", "l1", "l2", "l3", "level", "shape", "share")

    def __init__(self, record: Mapping[str, Any], ways: Mapping[int, int]) -> None:
        line, associativity, size = record["line-size"], record["associativity"], record["size"]
        self.level: int = record["level"]
        self.share: str = record["share-level"]
        self.key = self.level, record["type"], size, associativity, line
        self.shape: Registers = (
            TYPES[record["type"]] | self.level << 5 | record["self-init"] << 8,
            line - 1 | record["partitions"] - 1 << 12 | associativity - 1 << 22,
            record["sets"] - 1,
            record["no-invd-sharing"] | record["inclusive"] << 1 | record["complex-indexing"] << 2,
        )
        tags = record["lines-per-tag"] << 8 | line
        code = ways.get(associativity, 0) << 12 | tags
        self.l1 = (size >> 10 << 24 | associativity << 16 | tags) & 0xFFFFFFFF
        self.l2 = (size >> 10 << 16 | code) & 0xFFFFFFFF
        self.l3 = (size >> 19 << 18 | code) & 0xFFFFFFFF

    def shared_by(self, level: str) -> Cache:
        """This cache, shared by another level."""
        twin = Cache.__new__(Cache)
        for name in Cache.__slots__:
            setattr(twin, name, getattr(self, name))
        twin.share = level
        return twin


class CacheSet:
    """The caches of one description, by their names."""

    __slots__ = ("by_name", "l1d", "l1i", "l2", "l3", "name")

    def __init__(self, name: str, by_name: Mapping[str, Cache]) -> None:
        self.name = name
        self.by_name = by_name
        self.l1d, self.l1i, self.l2, self.l3 = (by_name[each] for each in NAMES)

    def placed(self, places: Mapping[str, str]) -> CacheSet:
        """These caches where ``-machine smp-cache`` wants them; "default" leaves one as it is."""
        return CacheSet(
            self.name,
            {
                name: cache if places[name] == "default" else cache.shared_by(places[name])
                for name, cache in self.by_name.items()
            },
        )


class Caches:
    """The caches of one CPU, as each leaf shows them.

    ``own`` are what the CPU has (``env->cache_info``), ``leaf2``, ``leaf4`` and ``amd`` (80000005h
    and 80000006h) what these leaves tell.
    """

    __slots__ = ("amd", "leaf2", "leaf4", "own")

    def __init__(self, own: CacheSet, leaf2: CacheSet, leaf4: CacheSet, amd: CacheSet) -> None:
        self.own = own
        self.leaf2 = leaf2
        self.leaf4 = leaf4
        self.amd = amd

    def places(self) -> dict[str, str]:
        """The level that shares each of the CPU's caches."""
        return {name: cache.share for name, cache in self.own.by_name.items()}

    def placed(self, places: Mapping[str, str]) -> Caches:
        """These caches moved by ``smp-cache``; a legacy description moves wherever it is shown."""
        own = self.own.placed(places)
        others = (
            own if each.name == own.name else each for each in (self.leaf2, self.leaf4, self.amd)
        )
        return Caches(own, *others)


@memo
def cache_set(name: str, release: Release) -> CacheSet:
    """A description of ``data/caches.json``."""
    records = known(load("caches.json")["caches"], release)
    record = next(each for each in records if each["name"] == name)
    ways = leaf_facts(release).tlb.ways
    return CacheSet(name, {each: Cache(record[each], ways) for each in NAMES})


@memo
def _caches(own: str, leaf2: str, leaf4: str, amd: str, release: Release) -> Caches:
    return Caches(*(cache_set(name, release) for name in (own, leaf2, leaf4, amd)))


def settle_caches(cpu: X86CPU) -> Caches:
    """The caches that a CPU gets when it is realized; ``legacy-cache=off`` was checked before."""
    release = cpu.facts.release
    if not cpu._legacy_cache:
        name = caches_of(cpu, versions_of(cpu))
        assert name is not None
        return _caches(name, name, name, name, release)
    intel, amd = "legacy-intel", "legacy-amd"
    own = amd if cpu.vendor in AMD else intel
    leaf4, other = own, own
    if not option(cpu, "x-vendor-cpuid-only-v2"):
        leaf4, other = intel, amd
        if "topoext-caches-follow-vendor" not in release.rules:
            own = amd
    leaf2 = leaf4 if option(cpu, "x-consistent-cache") else "legacy-intel-cpuid2"
    return _caches(own, leaf2, leaf4, other, release)


def option(cpu: X86CPU, name: str) -> bool:
    """A switch between old and new behaviour; a release that lacks it has the old one."""
    found = cpu.properties().get(name)
    if found is None:
        return leaf_facts(cpu.facts.release).absent[name]
    return bool(found.get(cpu))


# --- leaves --------------------------------------------------------------------------------------


@memo
def _descriptors(release: Release) -> dict[tuple[int, str, int, int, int], int]:
    """The descriptors of leaf 2, by what they describe; the first of equal ones."""
    found: dict[tuple[int, str, int, int, int], int] = {}
    for each in known(load("cpuid-descriptors.json")["descriptors"], release):
        key = (
            each["level"], each["type"], each["size"], each["associativity"], each["line-size"],
        )  # fmt: skip
        found.setdefault(key, number(each["descriptor"]))
    return found


def leaf_2(source: Source, subleaf: int, state: State) -> Registers:
    """Descriptors of the caches; "see leaf 4" where one has none and the CPU tells so."""
    cpu = source.cpu
    if source.cache_passthrough:
        return source.host_cache(2, 0)
    if cpu._x_vendor_cpuid_only and source.amd:
        return ZERO
    unknown = number(load("cpuid-descriptors.json")["unknown"])
    found = _descriptors(cpu.facts.release)
    caches = source.caches.leaf2
    codes = [found.get(caches.by_name[name].key) for name in NAMES]
    unmatched = None in codes
    if source.option("x-consistent-cache") and (cpu._min_level >= 4 or unmatched):
        return 1, 0, 0, unknown
    l1d, l1i, l2, l3 = (unknown if code is None else code for code in codes)
    return 1, 0, l3 if cpu._l3_cache else 0, l1d << 16 | l1i << 8 | l2


def leaf_4(source: Source, subleaf: int, state: State) -> Registers:
    """One cache each subleaf, and who shares it."""
    cpu = source.cpu
    if source.cache_passthrough:
        return _host_leaf_4(source, subleaf)
    if subleaf > 3 or (subleaf == 3 and not cpu._l3_cache):
        return ZERO
    if cpu._x_vendor_cpuid_only and source.amd:
        return ZERO
    cache = source.caches.leaf4.by_name[NAMES[subleaf]]
    topology = source.topology
    eax, ebx, ecx, edx = cache.shape
    if source.by_level:
        eax |= source.cores_field() | source.sharing(cache.share) << 14
        if subleaf < 2 and not source.option("x-l1-cache-per-thread"):
            eax &= ~SHARING
    else:
        sharing = (1, 1, topology.threads, 1 << source.die_offset)[subleaf]
        eax |= topology.cores - 1 << 26 | sharing - 1 << 14
    return eax & 0xFFFFFFFF, ebx, ecx, edx


def _host_leaf_4(source: Source, subleaf: int) -> Registers:
    """The host's cache, shared by no more CPUs than there are."""
    eax, ebx, ecx, edx = source.host_cache(4, subleaf)
    if eax & 31:
        threads = source.topology.threads_per_package
        cores = source.topology.cores
        if source.by_level:
            eax = eax & ~(0x3F << 26) | source.cores_field()
            most = source.sharing("socket")
        else:
            if cores > 1:
                eax = eax & ~(0x3F << 26) | (1 << (cores - 1).bit_length()) - 1 << 26
            most = (1 << (threads - 1).bit_length()) - 1
        if ((eax & SHARING) >> 14) + 1 > threads:
            eax = eax & ~SHARING | most << 14
    return eax & 0xFFFFFFFF, ebx, ecx, edx


def leaf_80000005(source: Source, subleaf: int, state: State) -> Registers:
    """AMD's way to tell of L1 caches and TLBs."""
    if source.cache_passthrough:
        return source.host_cache(0x80000005, 0)
    if source.intel and source.option("x-vendor-cpuid-only-v2"):
        return ZERO
    caches = source.caches.amd
    eax, ebx = source.facts.tlb.l1
    return eax, ebx, caches.l1d.l1, caches.l1i.l1


def leaf_80000006(source: Source, subleaf: int, state: State) -> Registers:
    """AMD's way to tell of L2 and L3 caches and TLBs; Intel has only the L2 cache there."""
    if source.cache_passthrough:
        return source.host_cache(0x80000006, 0)
    caches = source.caches.amd
    if (source.intel or source.zhaoxin) and source.option("x-vendor-cpuid-only-v2"):
        return 0, 0, caches.l2.l2, 0
    eax, ebx = source.facts.tlb.l2
    return eax, ebx, caches.l2.l2, caches.l3.l3 if source.cpu._l3_cache else 0


def leaf_8000001d(source: Source, subleaf: int, state: State) -> Registers:
    """AMD's leaf 4."""
    if source.cache_passthrough:
        eax, ebx, ecx, edx = source.host_cache(0x8000001D, subleaf)
    elif subleaf > 3:
        return ZERO
    else:
        cache = source.caches.own.by_name[NAMES[subleaf]]
        eax, ebx, ecx, edx = cache.shape
        if source.by_level:
            eax |= source.sharing(cache.share) << 14
        else:
            cores = source.topology.cores if cache.level == 3 else 1
            eax = (eax | cores * source.topology.threads - 1 << 14) & 0xFFFFFFFF
        if source.option("x-amd-topoext-features-only"):
            edx &= TOPOEXT_FLAGS
    return eax, ebx, ecx, edx
