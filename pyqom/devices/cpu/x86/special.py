"""The models without a definition: ``max``, ``host`` and ``base``."""

from __future__ import annotations

from pyqom.devices.cpu.x86.cpu import X86CPU
from pyqom.devices.cpu.x86.data import known, load, within
from pyqom.types import Bool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class MaxX86CPU(X86CPU, typename="max-x86_64-cpu"):
    """All that the accelerator supports, on whatever host there is."""

    max_features = True

    migratable = Bool(True)
    host_cache_info = Bool(False)

    def instance_init(self) -> None:
        """Take an identity of its own, where the accelerator has not given the host's."""
        last_word = "accelerator-has-the-last-word" in self.facts.rules
        given = self.accel.identity if last_word else ()
        for name, entry in special("max")["init"].items():
            value = within(entry, self.facts.release)
            if value is not None and not self.get(name) and name not in given:
                self.set(name, value)
                if self.context.trace:
                    self.context.trace.did("model", "max", name)

    def do_realize(self) -> None:
        """Take family, model and stepping, where nothing gave them (``max_x86_cpu_realize``)."""
        if not self.family:
            for rule in known(special("max")["realize"], self.facts.release):
                if "feature" not in rule or self.get(rule["feature"]):
                    for name, value in rule["props"].items():
                        self.set(name, value)
                    break
        super().do_realize()


class HostX86CPU(MaxX86CPU, typename="host-x86_64-cpu"):
    """The host's own CPU; only an accelerator that shows the host's CPUID has it."""

    host_cpuid_required = True


class BaseX86CPU(X86CPU, typename="base-x86_64-cpu"):
    """No features at all: what a static expansion is expressed in."""


def special(name: str) -> Any:
    """The record of one of these models."""
    return next(record for record in load("models/qemu.json")["models"] if record["name"] == name)


for _cls in (MaxX86CPU, HostX86CPU, BaseX86CPU):
    _record = special(_cls.typename.removesuffix("-x86_64-cpu"))
    _cls.description = _record["description"]
    _cls.ordering = _record["ordering"]
    _cls.static = _record.get("static", False)
    _cls.migration_safe = _record.get("migration-safe", False)
