"""The objects behind ``-accel``: the properties that an accelerator can be given.

None changes what can be asked of a machine, so they are checked and kept, and that is all.  QEMU
``accel/tcg/tcg-all.c``, ``accel/kvm/kvm-all.c``, ``target/i386/kvm/kvm.c``.
"""

from __future__ import annotations

from pyqom.errors import InvalidParameterValue
from pyqom.types import Bool, Computed, Object, UInt32

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


TEMPLATES = {"tcg-accel": TCGAccel}
