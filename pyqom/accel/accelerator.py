"""What an accelerator is to a CPU model: which features it lets through, which it changes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.devices.cpu.x86.facts import XsaveArea
    from pyqom.machines.machine import MachineType
    from pyqom.release import Release
    from pyqom.reports import Reports


class Accelerator:
    """An accelerator of one release, as the CPU rules see it.

    ``name`` is QEMU's (``"tcg"``), ``uses_host_cpuid`` tells whether ``host`` can be had and how
    warnings speak of what is missing.  An accelerator has no state: many machines share one.
    """

    name = ""
    uses_host_cpuid = False
    runs_guests = False
    """Whether machines run guest code under it; under the others they only look as if."""
    host: Any = None
    """The host that it runs on (`pyqom.hosts.host.Host`), where CPUID shows some of it."""
    hyperv: Any = None
    """The Hyper-V enlightenments that it has (`pyqom.accel.hyperv.HyperV`)."""
    avx10_version = 0
    """The AVX10 version that it can give (CPUID leaf 24h)."""
    model_props: tuple[tuple[str, bool | int | str], ...] = ()
    """What it sets on every model of the definitions (``accel_cpu_instance_init``), in order."""
    identity: tuple[str, ...] = ()
    """The properties of ``max`` and ``host`` that are the host's own under it."""
    compat_props: tuple[tuple[str, str, str], ...] = ()
    """Its own compat properties (driver, property, value), applied before the machine's."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.has_wide_apic_ids = "wide-apic-ids-need-kvm" not in release.rules
        """Whether CPUs can have APIC ids of more than eight bits."""
        self.can_set_vp_index = "vp-index-needs-kvm" not in release.rules
        """Whether CPUs can be told which of Hyper-V's virtual processors they are."""
        self.blames: dict[Any, Any] = {}
        """What `pyqom.answers.blame` has found out about it."""
        self.contexts: dict[Any, Any] = {}
        """What `pyqom.machines.context` makes for machine types under it."""
        self.unavailable: dict[Any, tuple[str, ...]] = {}
        """What `pyqom.answers.cpu_definitions` has found out under it."""

    def expands_like(self, cls: Any) -> object:
        """What of it decides how a CPU model expands; what it supports counts for max alone."""
        return self

    def kept(self, cls: Any) -> dict[Any, Any]:
        """Where the expanded CPUs of a model are kept."""
        memo: dict[Any, Any] | None = cls.__dict__.get("_expanded")
        if memo is None:
            memo = cls._expanded = {}
        return memo

    def on(self, machine: MachineType) -> Accelerator:
        """The accelerator as the machines of a type have it; mostly it is the same for all."""
        return self

    def supported(self, index: int) -> int:
        """The bits of feature word `index` that it can give to a guest."""
        raise NotImplementedError

    xsave_areas: tuple[XsaveArea, ...] = ()
    """The parts of the XSAVE area that it can save."""
    placed_areas: frozenset[int] = frozenset()
    """The numbers of those that lie where the host's CPU has them."""

    def init_cpu(self, cpu: X86CPU) -> None:
        """Called when a CPU has loaded its model, before ``max`` and ``host`` set their own."""

    def expanded_cpu(self, cpu: X86CPU) -> None:
        """Called when the rules have expanded a CPU.  May raise PyqomError."""

    def filter_cpu(self, cpu: X86CPU, why: str | None) -> None:
        """Called when a CPU has lost the features that are not supported, to take more away."""

    def realize_cpu(self, cpu: X86CPU) -> None:
        """Called when a CPU is realized, after its features are settled."""

    def init_vcpu(self, cpu: X86CPU) -> None:
        """Called when a realized CPU gets its thread.  May raise PyqomError."""

    def check_machine(self, machine: Any, reports: Reports) -> None:
        """Called when a machine has chosen it.  May raise PyqomError."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.release.name}>"
