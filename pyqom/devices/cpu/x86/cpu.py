"""``x86_64-cpu``: the properties of every x86 CPU (QEMU ``target/i386/cpu.c``).

The class body declares what is a value of its own; the feature properties, each a view on bits of
a feature word, come from ``data/features.json`` (`pyqom.devices.cpu.x86.models`).
"""

from __future__ import annotations

from pyqom.devices.cpu.cpu import CPU
from pyqom.devices.cpu.x86.facts import UNSET
from pyqom.devices.cpu.x86.filter import feature_words, unavailable_features
from pyqom.devices.cpu.x86.kinds import (
    Avx10Version,
    Limited,
    Model,
    ModelId,
    TscFrequency,
    Vendor,
)
from pyqom.devices.cpu.x86.loading import load
from pyqom.devices.cpu.x86.rules import LBR_FMT_MASK, LBR_FMT_UNSET
from pyqom.devices.cpu.x86.topology import Topology
from pyqom.errors import PyqomError
from pyqom.types import (
    Bit,
    Bool,
    Computed,
    Int32,
    OnOffAuto,
    Str,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
)
from pyqom.types.views import InstanceComputed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.accel.accelerator import Accelerator
    from pyqom.devices.context import Context
    from pyqom.devices.cpu.x86.cpuid.caches import Caches
    from pyqom.devices.cpu.x86.definition import Definition
    from pyqom.devices.cpu.x86.facts import Facts


def hyperv(bit: int) -> Bit:
    """A Hyper-V enlightenment: a bit of ``hyperv_features``."""
    return Bit("hyperv_features", bit, default=False)


class X86CPU(CPU, typename="x86_64-cpu", abstract=True):
    """An x86 CPU: some 60 values and the feature words.

    ``words`` are the feature words in the order of ``facts.features``, ``user_words`` the bits
    that were set by name after the model was loaded (compat properties count, as in QEMU),
    ``filtered_words`` what was asked for and taken away again.  A class made from a record has
    its ``definition`` and the version that it is, None for the name without a version.
    """

    if TYPE_CHECKING:
        # The slots of the properties, and the features, which are a release's own.
        def __getattr__(self, name: str) -> Any: ...

    facts: Facts
    definition: Definition | None = None
    model_version: int | None = None
    is_alias = False
    """Whether the name stands for a version (``X86CPUModel.is_alias``)."""
    description = ""
    """What ``-cpu help`` says of a model without definition."""
    ordering = 0
    """Place among the models in ``-cpu help``."""
    static = False
    """Whether the model means the same in every release (``base`` alone)."""
    migration_safe = False
    """Whether the same name and machine type give the same CPU on every host."""
    max_features = False
    """Whether expansion adds all that the accelerator supports."""
    host_cpuid_required = False
    """Whether the model can only be had from an accelerator that shows the host's CPUID."""

    context: Context
    accel: Accelerator
    words: Any = ()
    feature_defaults: Any = {}
    """Features that class bodies set: {name: on}."""
    migratable = False
    cannot_expand: PyqomError | None = None
    """Why a CPU that is only asked about could not be expanded to the end."""
    expansion_warnings: tuple[str, ...] = ()
    """What QEMU warns of each time that such a CPU is expanded."""
    cpu_index = -1
    """The CPU's number in its machine; none yet."""
    threads_per_package = 1
    threads_per_core = 1
    topology = Topology()
    """How many CPUs there are, and on which levels."""
    caches: Caches
    """The caches that CPUID shows, once it is realized."""
    cache_places: dict[str, str] | None = None
    """Which level shares each cache, where ``-machine smp-cache`` says it."""
    user_tsc_frequency = 0
    """The ``tsc-frequency`` that was asked for, in Hz; 0 for none."""
    mwait = (0, 0, 0, 0)
    """CPUID leaf 5 as the accelerator has found it."""
    has_leaf_1f = False
    """Whether the topology has levels that only CPUID leaf 1Fh can tell."""
    min_level_func7 = 0
    avx10_asked = 0
    """The version of AVX10 that was too high; its subleaves are still told of."""
    hyperv_features = 0
    hyperv_interface: tuple[int, ...] = (0x31237648, 0, 0, 0)
    """What the interface leaf of Hyper-V says: "Hv#1", and nothing."""
    hyperv_limits: tuple[int, ...] = (64, 0, 0)
    """EBX, ECX and EDX of the leaf with the implementation's limits."""

    apic_id = UInt32(UNSET)
    thread_id = Int32(-1)
    core_id = Int32(-1)
    module_id = Int32(-1, since="11.1")
    die_id = Int32(-1)
    socket_id = Int32(-1)
    node_id = Int32(-1)
    pmu = Bool(False)
    lbr_fmt = UInt64(LBR_FMT_UNSET, mask=LBR_FMT_MASK, show_default=False)

    hv_spinlocks = UInt32(0xFFFFFFFF)
    hv_relaxed = hyperv(0)
    hv_vapic = hyperv(1)
    hv_time = hyperv(2)
    hv_crash = hyperv(3)
    hv_reset = hyperv(4)
    hv_vpindex = hyperv(5)
    hv_runtime = hyperv(6)
    hv_synic = hyperv(7)
    hv_stimer = hyperv(8)
    hv_frequencies = hyperv(9)
    hv_reenlightenment = hyperv(10)
    hv_tlbflush = hyperv(11)
    hv_evmcs = hyperv(12)
    hv_ipi = hyperv(13)
    hv_stimer_direct = hyperv(14)
    hv_avic = hyperv(15)
    hv_emsr_bitmap = hyperv(17)
    hv_xmm_input = hyperv(18)
    hv_tlbflush_ext = hyperv(19)
    hv_tlbflush_direct = hyperv(20)
    hv_no_nonarch_coresharing = OnOffAuto("off")
    hv_syndbg = hyperv(16)
    hv_passthrough = Bool(False)
    hv_enforce_cpuid = Bool(False)
    hv_version_id_build = UInt32(0x3839)
    hv_version_id_major = UInt16(0x000A)
    hv_version_id_minor = UInt16(0)
    hv_version_id_spack = UInt32(0)
    hv_version_id_sbranch = UInt8(0)
    hv_version_id_snumber = UInt32(0)

    check = Bool(True)
    enforce = Bool(False)
    x_force_features = Bool(False)
    kvm = Bool(True)
    phys_bits = UInt32(0)
    guest_phys_bits = UInt32(UNSET, since="11.1")
    host_phys_bits = Bool(False)
    host_phys_bits_limit = UInt8(0)
    fill_mtrr_mask = Bool(True)
    level_func7 = UInt32(UNSET)
    level = UInt32(UNSET)
    xlevel = UInt32(UNSET)
    xlevel2 = UInt32(UNSET)
    min_level = UInt32(0)
    min_xlevel = UInt32(0)
    min_xlevel2 = UInt32(0)
    avx10_version = Avx10Version(since="11.1")
    ucode_rev = UInt64(0)
    full_cpuid_auto_level = Bool(True, until="11.1")
    hv_vendor_id = Str()
    cpuid_0xb = Bool(True)
    x_vendor_cpuid_only = Bool(True)
    x_vendor_cpuid_only_v2 = Bool(True, since="11.1")
    x_amd_topoext_features_only = Bool(True, since="11.1")
    lmce = Bool(False)
    l3_cache = Bool(True)
    kvm_no_smi_migration = Bool(False, until="11.1")
    kvm_pv_enforce_cpuid = Bool(False)
    vmware_cpuid_freq = Bool(True)
    tcg_cpuid = Bool(True)
    x_migrate_smi_count = Bool(True)
    legacy_cache = Bool(True)
    x_consistent_cache = Bool(True, since="11.1")
    legacy_multi_node = Bool(False, since="11.1")
    xen_vapic = Bool(False, since="11.1")
    x_hv_max_vps = Int32(-1)
    x_hv_synic_kvm_only = Bool(False, until="11.1")
    x_intel_pt_auto_level = Bool(True, until="11.1")
    x_l1_cache_per_thread = Bool(True, since="11.1")
    x_force_cpuid_0x1f = Bool(False, since="11.1")
    x_arch_cap_always_on = Bool(False, since="11.1")
    x_pdcm_on_even_without_pmu = Bool(False, since="11.1")

    family = Limited(0xFF + 0xF)
    model = Model(0xFF)
    stepping = Limited(0xF)
    vendor = Vendor("", show_default=False, after_realize=True)
    model_id = ModelId("", show_default=False, after_realize=True)
    tsc_frequency = TscFrequency()
    unavailable_features = Computed("strList", lambda self: unavailable_features(self))
    feature_words = InstanceComputed(
        "X86CPUFeatureWordInfo", lambda self: feature_words(self, self.words)
    )
    filtered_features = InstanceComputed(
        "X86CPUFeatureWordInfo", lambda self: feature_words(self, self.filtered_words)
    )
    crash_information = Computed("GuestPanicInformation", lambda self: self.crash())

    def __init__(self, context: Context, **values: Any) -> None:
        self.accel = context.accel
        if context.trace is not None:
            context.trace.watch(self)
        super().__init__(context, **values)

    def instance_init(self) -> None:
        """Load the model as its version means it; then the accelerator sets its own."""
        self.user_words = [0] * len(self.facts.features.words)
        self.filtered_words = list(self.user_words)
        load(self)
        self.accel.init_cpu(self)

    def crash(self) -> Any:
        """``crash-information``; a CPU that runs no guest code has none."""
        raise PyqomError("No crash occurred")

    def warn(self, text: str, once: bool = False) -> None:
        """Print a warning as QEMU would, where the context keeps them."""
        self.context.warn(text, once)

    def do_realize(self) -> None:
        """Expand, filter and check, as QEMU's x86 CPUs do; what fails leaves the CPU as it was."""
        from pyqom.devices.cpu.x86.realize import realize  # most CPUs are only asked about

        saved = {
            key: list(value) if isinstance(value, list) else value
            for key, value in self.__dict__.items()
        }
        try:
            realize(self)
        except PyqomError:
            self.__dict__.clear()
            self.__dict__.update(saved)
            raise
        if self.board is not None:
            from pyqom.devices.cpu.x86.interior import furnish

            furnish(self)

    def cpuid(
        self,
        leaf: int,
        subleaf: int = 0,
        *,
        cr4: int = 0,
        xcr0: int = 1,
        long_mode: bool = False,
    ) -> tuple[int, int, int, int]:
        """What the CPUID instruction answers to a guest: (EAX, EBX, ECX, EDX), 32 bits each.

        `leaf` and `subleaf` are EAX and ECX, 32 bits each; `cr4`, `xcr0` and `long_mode` the state
        of the CPU, at first that of a reset.  Raises PyqomError where a number is none or too
        large, and where the CPU is not realized.  QEMU ``cpu_x86_cpuid``.
        """
        from pyqom.devices.cpu.x86.cpuid import State, cpuid

        return cpuid(self, leaf, subleaf, State(cr4, xcr0, long_mode))

    def cpuid_table(
        self, *, cr4: int = 0, xcr0: int = 1, long_mode: bool = False
    ) -> list[tuple[int, int, int, int, int, int]]:
        """All of CPUID in order: (leaf, subleaf, EAX, EBX, ECX, EDX) each.

        Every basic and every extended leaf from the first to the highest and one beyond, with the
        subleaves that it may have, and leaves of the hypervisor's and of Centaur's range.  The
        arguments and errors are those of `cpuid`.
        """
        from pyqom.devices.cpu.x86.cpuid import State, cpuid_table

        return cpuid_table(self, State(cr4, xcr0, long_mode))

    def kvm_cpuid_table(self) -> list[tuple[int, int, int, int, int, int, int]]:
        """What KVM_SET_CPUID2 is given: (function, index, flags, EAX, EBX, ECX, EDX) in order.

        Raises PyqomError where the CPU is not realized, not under KVM, or has more entries than KVM
        takes.  QEMU ``kvm_arch_init_vcpu``.
        """
        from pyqom.devices.cpu.x86.cpuid.kvm import kvm_cpuid_table

        return kvm_cpuid_table(self)
