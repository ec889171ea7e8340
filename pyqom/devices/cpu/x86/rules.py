"""The rules that turn a configured x86 CPU into the one a guest gets.

`expand` is QEMU's ``x86_cpu_expand_features``, `filter_features` its ``x86_cpu_filter_features``
(``target/i386/cpu.c``).  A rule is a function of the CPU that changes its words or levels, in
QEMU's order; each says what it did, and why, to a trace where there is one.
"""

from __future__ import annotations

from pyqom.devices.cpu.x86.facts import UNSET
from pyqom.devices.cpu.x86.filter import has_feature, mark_unavailable, supported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.devices.context import Trace
    from pyqom.devices.cpu.x86.cpu import X86CPU

LBR_FMT_MASK = 0x3F
"""The LBR format bits of the perf-capabilities MSR (``PERF_CAP_LBR_FMT``)."""
LBR_FMT_UNSET = 0xFFFFFFFFFFFFFFFF & ~LBR_FMT_MASK
"""What ``lbr-fmt`` holds until somebody sets it."""

INTEL = "GenuineIntel"
ZHAOXIN = frozenset({"CentaurHauls", "  Shanghai  "})


def expand(cpu: X86CPU, trace: Trace | None = None) -> None:
    """Run all rules on a configured CPU; what the accelerator supports is not yet looked at.

    Except for a model that takes all that the accelerator has (``max``, ``host``).
    """
    for name, on in cpu.context.switches:
        cpu.set(name, on)
        if trace:
            trace.did("user", f"{'+' if on else '-'}{name}", name, value=on)
    for rule in RULES:
        rule(cpu, trace)
    cpu.accel.expanded_cpu(cpu)


def take_all_supported(cpu: X86CPU, trace: Trace | None) -> None:
    """``max`` and ``host``: all that the accelerator supports and the user did not set."""
    if not cpu.max_features:
        return
    words, user = cpu.words, cpu.user_words
    for word in cpu.facts.features.words:
        index = word.index
        words[index] |= supported(cpu, index) & ~user[index] & ~word.no_autoenable
    if trace:
        trace.acted("max-features", f"{cpu.accel.name} supports it, and max takes all it supports")
    if has_feature(cpu, "avx10") and cpu.has_property("avx10-version") and not cpu._avx10_version:
        version = cpu.property("avx10-version")
        version.store(cpu, cpu.accel.avx10_version)
        version.check(cpu.accel.avx10_version, version.name, type(cpu))


def show_topology(cpu: X86CPU, trace: Trace | None) -> None:
    """More than one thread in a package shows as ht, and as cmp-legacy where not Intel's way."""
    if cpu.threads_per_package < 2 or "topology-shows-at-expansion" not in cpu.facts.rules:
        return
    names = ["ht"]
    if cpu.vendor != INTEL and cpu.vendor not in ZHAOXIN:
        names.append("cmp-legacy")
    for name in names:
        index, mask = cpu.facts.features.place(name)
        cpu.words[index] |= mask
    if trace:
        trace.acted("topology", "the package has more than one thread")


def drop_what_needs_pmu(cpu: X86CPU, trace: Trace | None) -> None:
    """pdcm and arch-lbr promise a PMU: without one they go; old machine types keep pdcm."""
    if cpu._pmu or "pmu-features-need-pmu" not in cpu.facts.rules:
        return
    kept = ("pdcm",) if cpu._x_pdcm_on_even_without_pmu else ()
    for name in ("pdcm", "arch-lbr"):
        index, mask = cpu.facts.features.place(name)
        if name not in kept and cpu.words[index] & mask:
            cpu.words[index] &= ~mask
            if trace:
                trace.acted("pmu", f"{name} needs pmu=on")


def drop_dependents(cpu: X86CPU, trace: Trace | None) -> None:
    """A feature goes where none of the features that it depends on is there."""
    words, user = cpu.words, cpu.user_words
    for dependency in cpu.facts.dependencies:
        if words[dependency.needs] & dependency.needs_mask:
            continue
        gone = words[dependency.index] & dependency.mask
        if gone:
            mark_unavailable(cpu, dependency.index, gone & user[dependency.index], DEPENDENCY)
            words[dependency.index] &= ~gone
            if trace:
                trace.acted("dependency", dependency.reason)


DEPENDENCY = "This feature depends on other features that were not requested"


def hide_kvm(cpu: X86CPU, trace: Trace | None) -> None:
    """KVM's paravirtual features exist under KVM only, and only with kvm=on."""
    if cpu.accel.name == "kvm" and cpu._kvm:
        return
    index = cpu.facts.features.index["KVM"]
    if cpu.words[index]:
        cpu.words[index] = 0
        if trace:
            trace.acted("kvm-features", "KVM's paravirtual features need KVM and kvm=on")


def drop_conflicting(cpu: X86CPU, trace: Trace | None) -> None:
    """Features that cannot be together all go where all of them are there."""
    words = cpu.words
    for features in cpu.facts.conflicts:
        if all(words[index] & mask for _, index, mask, _ in features):
            for _, index, mask, message in features:
                mark_unavailable(cpu, index, mask, message)
            if trace:
                names = " and ".join(name for name, _, _, _ in features)
                trace.acted("conflict", f"{names} exclude each other")


def enable_xsave_components(cpu: X86CPU, trace: Trace | None) -> None:
    """The XCR0 and XSS words follow from xsave and the features that have state to save."""
    facts, words = cpu.facts, cpu.words
    user = supervisor = 0
    index, xsave = facts.features.place("xsave")
    if words[index] & xsave:
        xsaves = cpu.xsaves or "supervisor-state-needs-xsaves" not in facts.rules
        for area in cpu.accel.xsave_areas:
            if not any(words[i] & mask for i, mask in area.places):
                continue
            if area.user:
                user |= area.bit
            elif xsaves:
                supervisor |= area.bit
    for (low, high), components in ((facts.xcr0, user), (facts.xss, supervisor)):
        words[low], words[high] = components & 0xFFFFFFFF, components >> 32
    if trace:
        trace.acted("xsave", "the XSAVE components follow from xsave and the features with state")


def raise_levels(cpu: X86CPU, trace: Trace | None) -> None:
    """A word with a feature in it needs a CPUID level that reaches its leaf.

    With full-cpuid-auto-level=off that goes for the first word, leaf 7, alone.
    """
    facts = cpu.facts
    full = cpu._full_cpuid_auto_level
    for word in facts.level_words if full else facts.level_words[:1]:
        if cpu.words[word.index]:
            assert word.leaf is not None
            _raise_level(cpu, word.leaf, trace, word.name)
            if word.leaf == 7 and cpu.min_level_func7 < (word.subleaf or 0):
                cpu.min_level_func7 = word.subleaf or 0
    if not full:
        return
    for need in facts.level_needs:
        if not cpu.words[need.index] & need.mask:
            continue
        if need.feature == "intel-pt" and not cpu._x_intel_pt_auto_level:
            if cpu.min_level < need.leaf:
                mark_unavailable(cpu, need.index, need.mask, INTEL_PT)
            continue
        _raise_level(cpu, need.leaf, trace, need.feature)
    if (cpu.has_leaf_1f or cpu._x_force_cpuid_0x1f) and (
        cpu.vendor == INTEL or not cpu._x_vendor_cpuid_only
    ):
        _raise_level(cpu, 0x1F, trace, "a topology of several dies")


INTEL_PT = 'Intel PT need CPUID leaf 0x14, please set by "-cpu ...,intel-pt=on,min-level=0x14"'


def _raise_level(cpu: X86CPU, leaf: int, trace: Trace | None, reason: str) -> None:
    """Let the minimum of the leaf's range be at least `leaf`."""
    least = LEAST[leaf >> 28]
    if getattr(cpu, least) < leaf:
        setattr(cpu, least, leaf)
        if trace:
            trace.acted("automatic-level", f"{reason} needs CPUID leaf {leaf:X}h")


LEAST = {0x0: "_min_level", 0x8: "_min_xlevel", 0xC: "_min_xlevel2"}


def settle_levels(cpu: X86CPU, trace: Trace | None) -> None:
    """A level that nobody set is the least that the features need."""
    for level, least, name in LEVELS:
        if getattr(cpu, level) == UNSET:
            setattr(cpu, level, getattr(cpu, least))
            if trace:
                trace.acted("automatic-level", f"nobody set it, so it follows {name}")


LEVELS = (
    ("_level_func7", "min_level_func7", "the subleaves of leaf 7 that are in use"),
    ("_level", "_min_level", "min-level"),
    ("_xlevel", "_min_xlevel", "min-xlevel"),
    ("_xlevel2", "_min_xlevel2", "min-xlevel2"),
)

RULES = (
    take_all_supported,
    show_topology,
    drop_what_needs_pmu,
    drop_dependents,
    hide_kvm,
    drop_conflicting,
    enable_xsave_components,
    raise_levels,
    settle_levels,
)
