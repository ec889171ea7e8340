"""The objects behind ``-accel``: the properties that an accelerator can be given.

All are checked and kept; only ``kernel-irqchip`` of KVM changes what can be asked of a machine.
QEMU ``accel/tcg/tcg-all.c``, ``accel/kvm/kvm-all.c``, ``target/i386/kvm/kvm.c``.
"""

from __future__ import annotations

from pyqom.errors import InvalidParameterValue, PyqomError
from pyqom.types import Bool, Computed, Enum, Object, UInt32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

THREADS = ("multi", "single")


def _set_thread(self: Any, value: str) -> None:
    if value not in THREADS:
        raise InvalidParameterValue(f"Invalid 'thread' setting {value}")
    self.thread_text = value


class Accel(Object, typename="accel", abstract=True):
    """An accelerator's object."""


class TCGAccel(Accel, typename="tcg-accel"):
    """``-accel tcg``."""

    thread_text = "multi"

    thread = Computed("string", lambda self: self.thread_text, _set_thread)
    tb_size = Computed(
        "int",
        lambda self: self.size,
        lambda self, value: setattr(self, "size", value),
        kind=UInt32(),
        description="TCG translation block cache size",
    )
    split_wx = Bool(
        False,
        description="Map jit pages into separate RW and RX regions",
        qdev=False,
        show_default=False,
    )
    one_insn_per_tb = Bool(
        False,
        description="Only put one guest insn in each translation block",
        qdev=False,
        show_default=False,
        since="11.1",
    )
    size = 0


def kept(slot: str) -> tuple[Callable[[Any], Any], Callable[[Any, Any], None]]:
    """Getter and setter of a value that is kept as it is."""
    return lambda self: getattr(self, slot), lambda self, value: setattr(self, slot, value)


def _set_irqchip(self: Any, value: str) -> None:
    self.irqchip = value


def _set_dirty_ring(self: Any, value: int) -> None:
    if value & value - 1:
        raise PyqomError("dirty-ring-size must be a power of two.")
    self.dirty_ring = value


class KVMAccel(Accel, typename="kvm-accel"):
    """``-accel kvm``."""

    irqchip: str | None = None
    """What ``kernel-irqchip`` was set to; None: nobody did."""
    shadow_mem = -1
    dirty_ring = 0
    vmexit = "run"
    window = 0
    path: str | None = None
    energy = False
    energy_socket: str | None = None
    pat = "auto"
    xen, xen_frames, xen_pirqs = 0, 64, 256

    kernel_irqchip = Computed(
        "on|off|split",
        None,
        _set_irqchip,
        kind=Enum(("on", "off", "split"), "on|off|split"),
        description="Configure KVM in-kernel irqchip",
    )
    kvm_shadow_mem = Computed("int", *kept("shadow_mem"), description="KVM shadow MMU size")
    dirty_ring_size = Computed(
        "uint32",
        lambda self: self.dirty_ring,
        _set_dirty_ring,
        description="Size of KVM dirty page ring buffer (default: 0, i.e. use bitmap)",
    )
    device = Computed(
        "string",
        *kept("path"),
        description="Path to the device node to use (default: /dev/kvm)",
        since="11.1",
    )
    rapl = Computed(
        "bool",
        None,
        kept("energy")[1],
        description="Allow energy related MSRs for RAPL interface in Guest",
        since="11.1",
    )
    rapl_helper_socket = Computed(
        "string",
        None,
        kept("energy_socket")[1],
        description="Socket Path for comminucating with the Virtual MSR helper daemon",
        since="11.1",
    )
    notify_vmexit = Computed(
        "NotifyVMexitOption",
        *kept("vmexit"),
        kind=Enum(("run", "internal-error", "disable"), "NotifyVMexitOption"),
        description="Enable notify VM exit",
    )
    notify_window = Computed(
        "uint32",
        *kept("window"),
        description="Clock cycles without an event window after which a notification VM exit"
        " occurs",
    )
    honor_guest_pat = Computed(
        "OnOffAuto",
        *kept("pat"),
        description="Disable KVM quirk that ignores guest PAT memory type settings"
        " (default: auto)",
        since="11.1",
    )
    xen_version = Computed(
        "uint32",
        *kept("xen"),
        description="Xen version to be emulated (in XENVER_version form e.g. 0x4000a for 4.10)",
        since="11.1",
    )
    xen_gnttab_max_frames = Computed(
        "uint16",
        *kept("xen_frames"),
        description="Maximum number of grant table frames",
        since="11.1",
    )
    xen_evtchn_max_pirq = Computed(
        "uint16", *kept("xen_pirqs"), description="Maximum number of Xen PIRQs", since="11.1"
    )


TEMPLATES = {"tcg-accel": TCGAccel, "kvm-accel": KVMAccel}
