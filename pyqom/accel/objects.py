"""The objects behind ``-accel``: the properties that an accelerator can be given.

None changes what can be asked of a machine, so they are checked and kept, and that is all.  QEMU
``accel/tcg/tcg-all.c``, ``accel/kvm/kvm-all.c``, ``target/i386/kvm/kvm.c``.
"""

from __future__ import annotations

from pyqom.errors import InvalidParameterValue
from pyqom.types import Bool, Computed, Enum, Int, Object, OnOffAuto, String, UInt16, UInt32, UInt64

TYPE_CHECKING = False
if TYPE_CHECKING:
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


def kept(kind: Any, text: str, **lifetime: Any) -> Any:
    """A plain property of the kind, described by `text`."""
    return kind(description=text, qdev=False, show_default=False, **lifetime)


IRQCHIPS = ("on", "off", "split")


class KVMAccel(Accel, typename="kvm-accel"):
    """``-accel kvm``."""

    kernel_irqchip = Enum(
        IRQCHIPS,
        "on|off|split",
        description="Configure KVM in-kernel irqchip",
        qdev=False,
        show_default=False,
        readable=False,
    )
    kvm_shadow_mem = kept(Int, "KVM shadow MMU size")
    dirty_ring_size = kept(
        UInt32, "Size of KVM dirty page ring buffer (default: 0, i.e. use bitmap)"
    )
    device = kept(String, "Path to the device node to use (default: /dev/kvm)", since="11.1")
    rapl = kept(Bool, "Allow energy related MSRs for RAPL interface in Guest", since="11.1")
    rapl_helper_socket = kept(
        String, "Socket Path for comminucating with the Virtual MSR helper daemon", since="11.1"
    )
    notify_vmexit = Enum(
        ("run", "internal-error", "disable"),
        "NotifyVMexitOption",
        description="Enable notify VM exit",
        qdev=False,
        show_default=False,
    )
    notify_window = kept(
        UInt32, "Clock cycles without an event window after which a notification VM exit occurs"
    )
    xen_version = kept(
        UInt32,
        "Xen version to be emulated (in XENVER_version form e.g. 0x4000a for 4.10)",
        since="11.1",
    )
    xen_gnttab_max_frames = kept(UInt16, "Maximum number of grant table frames", since="11.1")
    xen_evtchn_max_pirq = kept(UInt16, "Maximum number of Xen PIRQs", since="11.1")
    honor_guest_pat = kept(
        OnOffAuto,
        "Disable KVM quirk that ignores guest PAT memory type settings (default: auto)",
        since="11.1",
    )


class NitroAccel(Accel, typename="nitro-accel"):
    """``-accel nitro``: a guest in an enclave of AWS Nitro."""

    debug_mode = kept(Bool, "Start enclave in debug mode (enables console output)")
    enclave_cid = kept(UInt64, "Enclave CID (0 = auto-assigned by Nitro)")


TEMPLATES = {"tcg-accel": TCGAccel, "kvm-accel": KVMAccel, "nitro-accel": NitroAccel}
