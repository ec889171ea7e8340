"""``nvdimm``: memory that keeps what is in it (QEMU ``hw/mem/nvdimm.c``)."""

from __future__ import annotations

from pyqom.devices.dimm import PCDimm
from pyqom.errors import PyqomError

NO_UUID = "00000000-0000-0000-0000-000000000000"
FEWEST_LABEL_BYTES = 128 << 10


class NVDimm(PCDimm):
    """The model of "nvdimm"; its last ``label-size`` bytes hold labels."""

    label_size = 0
    uuid_text = NO_UUID

    def get_label_size(self) -> int:
        return self.label_size

    def set_label_size(self, size: int) -> None:
        """``nvdimm_set_label_size``."""
        if self._realized:
            raise PyqomError("cannot change property value")
        if size < FEWEST_LABEL_BYTES:
            raise PyqomError(
                f"Property 'nvdimm.label-size' (0x{size:x}) is required at least"
                f" 0x{FEWEST_LABEL_BYTES:x}"
            )
        self.label_size = size

    def get_uuid(self) -> str:
        return self.uuid_text

    def set_uuid(self, text: str) -> None:
        """``nvdimm_set_uuid``."""
        if self._realized:
            raise PyqomError("cannot change property value")
        self.uuid_text = text

    def do_realize(self) -> None:
        super().do_realize()
        self.add_region("nvdimm-memory", self.memory.get("size") - self.label_size)
