"""TCG: what QEMU's own translator emulates (``target/i386/tcg/tcg-cpu.c``)."""

from __future__ import annotations

import os.path

from pyqom.accel.accelerator import Accelerator
from pyqom.devices.cpu.x86.data import known, within
from pyqom.devices.cpu.x86.facts import facts
from pyqom.quick import memo, read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.devices.cpu.x86.facts import XsaveArea
    from pyqom.release import Release

DATA = os.path.join(os.path.dirname(__file__), "data", "tcg.json")


@memo
def _data() -> Any:
    return read_json(DATA, "default-props", "features")


class TCG(Accelerator):
    """TCG of one release; its facts stand in ``data/tcg.json``."""

    name = "tcg"

    def __init__(self, release: Release) -> None:
        super().__init__(release)
        features = facts(release).features
        words = [0] * len(features.words)
        for word, names in _data()["features"].items():
            if word in features.index:
                words[features.index[word]] = features.words[features.index[word]].mask(
                    known(names, release)
                )
        self._supported = tuple(words)
        self.xsave_areas = tuple(area for area in facts(release).xsave if self._saves(area))
        self.model_props = tuple(
            (name, value)
            for name, entry in _data()["default-props"].items()
            if (value := within(entry, release)) is not None
        )

    def supported(self, index: int) -> int:
        return self._supported[index]

    def _saves(self, area: XsaveArea) -> bool:
        """Releases that do not size the areas by what the accelerator supports save all."""
        if area.number < 2 or "xsave-follows-accelerator" not in self.release.rules:
            return True
        known = facts(self.release)
        low, high = known.xcr0 if area.user else known.xss
        return bool((self._supported[low] | self._supported[high] << 32) & area.bit)

    def init_cpu(self, cpu: X86CPU) -> None:
        """Set TCG's own values on a model of the definitions (``x86_tcg_cpu_instance_init``)."""
        if cpu.definition is None:
            return
        trace = cpu.context.trace
        for name, value in self.model_props:
            cpu.set(name, value)
            if trace:
                trace.did("accelerator", "tcg", name)
