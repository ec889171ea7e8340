"""A realized CPU as CPUID sees it: what all leaves are computed from."""

from __future__ import annotations

from pyqom.devices.cpu.x86.cpuid.caches import MOST_CORES, MOST_SHARING, option
from pyqom.devices.cpu.x86.cpuid.facts import ZERO, leaf_facts
from pyqom.devices.cpu.x86.filter import AMD
from pyqom.devices.cpu.x86.rules import INTEL, ZHAOXIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.devices.cpu.x86.cpuid.facts import Registers
    from pyqom.devices.cpu.x86.cpuid.xsave import Layout


class Source:
    """The facts about one CPU that leaves ask for, taken when it is made.

    ``threads`` is the number of threads that the CPU takes for a package: with
    ``packages-are-counted-by-die`` those of a die.  ``by_level`` tells whether caches are shared by
    a topology level (``caches-are-shared-by-level``) or by their own level.  ``layout`` is that of
    the XSAVE area, once somebody has asked for it.
    """

    __slots__ = (
        "amd",
        "apic_id",
        "by_level",
        "cache_passthrough",
        "caches",
        "core_offset",
        "cpu",
        "die_offset",
        "facts",
        "intel",
        "kvm",
        "layout",
        "module_offset",
        "options",
        "package_offset",
        "rules",
        "threads",
        "topology",
        "uses_host",
        "vendor",
        "words",
        "zhaoxin",
    )  # fmt: skip

    def __init__(self, cpu: X86CPU) -> None:
        self.cpu = cpu
        self.words: Any = cpu.words
        self.facts = leaf_facts(cpu.facts.release)
        self.rules = cpu.facts.rules
        self.apic_id: int = cpu._apic_id
        self.vendor: str = cpu.vendor
        self.intel = self.vendor == INTEL
        self.amd = self.vendor in AMD
        self.zhaoxin = self.vendor in ZHAOXIN
        self.kvm = cpu.accel.name == "kvm"
        self.uses_host: bool = cpu.accel.uses_host_cpuid
        self.caches = cpu.caches
        self.options: dict[str, bool] = {}
        self.layout: Layout | None = None
        self.cache_passthrough = bool(getattr(cpu, "_host_cache_info", False))
        self.topology = topology = cpu.topology
        offsets = topology.offsets()
        self.core_offset, self.module_offset, self.die_offset, self.package_offset = offsets
        self.by_level = "caches-are-shared-by-level" in self.rules
        if "packages-are-counted-by-die" in self.rules:
            self.threads = topology.cores * topology.threads
        else:
            self.threads = topology.threads_per_package

    def option(self, name: str) -> bool:
        """A switch between old and new behaviour (`caches.option`)."""
        found = self.options.get(name)
        if found is None:
            found = self.options[name] = option(self.cpu, name)
        return found

    def word(self, name: str) -> int:
        """A feature word; 0 where the release does not know it."""
        index = self.cpu.facts.features.index.get(name)
        return 0 if index is None else self.words[index]

    def has(self, feature: str) -> bool:
        """Whether the CPU has a feature; one that the release does not know it has not."""
        index, mask = self.cpu.facts.features.places.get(feature, (0, 0))
        return bool(self.words[index] & mask)

    def registers(self, leaf: int, subleaf: int | None = None) -> list[int]:
        """The feature words that stand in a leaf, each in its register; the others are 0."""
        found = [0, 0, 0, 0]
        for place, index in self.facts.words.get((leaf, subleaf), ()):
            found[place] = self.words[index]
        return found

    def offset(self, level: str) -> int:
        """The bit in the APIC id above which the CPUs of one such level agree."""
        return {
            "core": self.core_offset,
            "module": self.module_offset,
            "die": self.die_offset,
            "socket": self.package_offset,
        }[level]

    def sharing(self, level: str) -> int:
        """How many APIC ids share what a level shares, less one, as far as leaf 4 can tell."""
        return min((1 << self.offset(level)) - 1, MOST_SHARING)

    def cores_field(self) -> int:
        """Bits 31:26 of leaf 4 EAX: the core ids of a package, less one."""
        return min((1 << self.package_offset - self.core_offset) - 1, MOST_CORES) << 26

    # --- the accelerator -------------------------------------------------------------------------

    def supported(self, leaf: int, subleaf: int) -> Registers:
        """What the accelerator can give in a leaf (``x86_cpu_get_supported_cpuid``)."""
        host = self.cpu.accel.host
        return ZERO if host is None else host.kvm_cpuid(leaf, subleaf)

    def host(self, leaf: int, subleaf: int = 0) -> Registers:
        """What the host's CPUID instruction answers."""
        host = self.cpu.accel.host
        return ZERO if host is None else host.cpuid(leaf, subleaf)

    def host_cache(self, leaf: int, subleaf: int) -> Registers:
        """A cache leaf of the host; zeros beyond its highest (``x86_cpu_get_cache_cpuid``)."""
        if leaf > self.host(leaf & 0x80000000)[0]:
            return ZERO
        return self.host(leaf, subleaf)
