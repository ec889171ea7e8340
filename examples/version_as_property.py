"""Versioned models that are not QEMU's: one type a model, and its version is a property.

QEMU makes a type of each version of a model.  Here ``Lab`` is one type; what it has follows from
``version``, which the class, a machine type's compat entry, ``-global``, ``-cpu Lab,version=1`` or
a query may set.  What somebody asks for by name has the last word, in whatever order.
"""

from __future__ import annotations

from typing import Any

import pyqom
from pyqom.types import UInt8

types = pyqom.new_types()

VERSIONS: dict[int, dict[str, bool]] = {
    1: {"sse4.2": True, "avx": True, "xsave": True, "hle": True, "rtm": True},
    2: {"hle": False, "rtm": False, "spec-ctrl": True},
    3: {"avx2": True, "bmi1": True, "bmi2": True, "adx": True},
}


class Version(UInt8):
    """A property that switches the features of all versions up to its value."""

    def in_range(self, value: int, owner: Any) -> int:
        if value not in VERSIONS:
            raise pyqom.PyqomError(f"{owner.typename} has no version {value}")
        return value

    def store(self, obj: Any, value: Any) -> None:
        super().store(obj, value)
        asked = list(obj.user_words)
        for name, on in features_of(value).items():
            index, mask = obj.facts.features.place(name)
            if not asked[index] & mask:
                obj.set(name, on)
        obj.user_words[:] = asked


def features_of(version: int) -> dict[str, bool]:
    """Every feature that some version changes, as this version has it."""
    state = {name: False for features in VERSIONS.values() for name in features}
    for number, features in VERSIONS.items():
        if number <= version:
            state.update(features)
    return state


X86CPU: Any = types.get("x86_64-cpu")


class LabCPU(X86CPU, typename="Lab-x86_64-cpu", registry=types):  # type: ignore[misc, call-arg]
    """The model: what all versions share in the body, the rest by version."""

    version = Version(default=3, description="model version")
    fpu = sse = sse2 = lm = nx = syscall = True
    vendor = "GenuineIntel"
    family, model, stepping = 6, 63, 2
    model_id = "Lab CPU with a version"

    def instance_init(self) -> None:
        self.version = self.version


q35 = pyqom.machines.find("pc-q35-11.1")
old = q35.derive("lab-q35-old", compat=[("Lab-x86_64-cpu", "version", "1")])
NAMES = ("version", "avx2", "rtm", "spec-ctrl", "level")


def show(title: str, model: str, machine: Any, **props: Any) -> None:
    found = pyqom.expand(model, machine=machine, props=props, types=types)["model"]["props"]
    cells = (f"{name}={found[name]!s:<6}" for name in NAMES)
    print(f"{title:<34} {' '.join(cells)}".rstrip())


if __name__ == "__main__":
    show("Lab on pc-q35-11.1", "Lab", q35)
    show("Lab on lab-q35-old", "Lab", old)
    show("Lab,version=2", "Lab,version=2", q35)
    show("Lab on lab-q35-old, version: 2", "Lab", old, version=2)
    show("Lab on lab-q35-old, rtm: off", "Lab", old, rtm=False)
    print()
    for machine in (q35, old):
        told = pyqom.explain("Lab", "avx2", machine=machine, types=types)
        print(f"avx2 on {machine.name}:")
        for step in told.steps:
            print(f"  {step.value!s:<6} {step}")
    print()
    try:
        pyqom.expand("Lab,version=9", types=types)
    except pyqom.PyqomError as error:
        print(error)
