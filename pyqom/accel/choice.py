"""Taking the first accelerator of several that can be had (``configure_accelerators``)."""

from __future__ import annotations

from pyqom.accel.select import DEVICE, accelerator, kvm, missing
from pyqom.errors import PropertyNotFound, PyqomError
from pyqom.types.globals import apply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, NoReturn

    from pyqom.accel.accelerator import Accelerator
    from pyqom.hosts.host import Host
    from pyqom.release import Release
    from pyqom.reports import Reports
    from pyqom.types import Registry
    from pyqom.types.globals import GlobalProperty

    Choice = str | tuple[str, Mapping[str, str]] | Accelerator

NOT_THERE = "No such file or directory"
MISSING = {
    "mshv": (
        f"Failed to open /dev/mshv: {NOT_THERE}",
        "failed to initialize mshv: Operation not permitted",
    ),
    "nitro": (
        f"nitro: failed to open /dev/nitro_enclaves: {NOT_THERE}",
        f"failed to initialize nitro: {NOT_THERE}",
    ),
}
"""What QEMU says of accelerators that a host does not have."""

HOST = "x-host"
"""The property of KVM that is pyqom's own: the file with the record of a host."""


ENGINE = "unicorn"
"""The accelerator that is pyqom's own: QEMU has no such type, and so the tree has none."""


class AcceleratorMissing(PyqomError):
    """There is no such accelerator here: another may be tried."""


def choose(
    choices: Iterable[Choice],
    kind: str,
    types: Registry,
    reports: Reports,
    machine: Any,
    globals: Iterable[GlobalProperty] = (),
    host: Host | str | None = None,
    cpu_pm: bool = False,
) -> Accelerator:
    """The first accelerator that is there; `reports` gets what QEMU says of those before it.

    A choice is an accelerator, its name, or the name and properties as texts; `kind` names the
    option for `Reports.at`.  `machine` is the machine, which may be too much for an accelerator;
    `globals` are properties that machine options give to accelerators; `host` is the host of KVM
    (None: this machine, unless ``x-host`` names a file), which may let guests stop the CPU with
    `cpu_pm`.  Raises AcceleratorMissing where none is there, and PyqomError for a property that
    one does not take.
    """
    failed: PyqomError | None = None
    for index, choice in enumerate(choices):
        if failed is not None:
            with reports.at(kind, index - 1):
                reports.errors.append(str(failed))
        try:
            with reports.at(kind, index):
                found = _one(choice, types, reports.errors, globals, host, cpu_pm)
                found.check_machine(machine, reports)
        except AcceleratorMissing as error:
            failed = error
            continue
        if failed is not None:
            reports.errors.append(f"falling back to {found.name}")
        return found
    raise failed or PyqomError("no accelerator found")


def _one(
    choice: Choice,
    types: Registry,
    errors: list[str],
    globals: Iterable[GlobalProperty],
    host: Host | str | None,
    cpu_pm: bool,
) -> Accelerator:
    """One accelerator (``do_configure_accelerator``); `errors` gets all but QEMU's last word."""
    assert types.release is not None
    if not isinstance(choice, (str, tuple)):
        return accelerator(choice, types.release)
    name, props = choice if isinstance(choice, tuple) else (choice, {})
    if name == ENGINE:
        return _engine(types.release, props, errors)
    typename = f"{name}-accel"
    if not name or typename not in types:
        _refuse(errors, f"invalid accelerator {name}")
    state = types.get(typename)()
    apply(state, globals)
    for key, text in props.items():
        if key == HOST and name == "kvm":
            host = text
        elif key != "accel":
            state.parse(key, text)
    if name in MISSING:
        _refuse(errors, *MISSING[name])
    if name != "kvm":
        return accelerator(name, types.release)
    if host is None:
        reason = missing(state._device or DEVICE)
        if reason is not None:
            _refuse(
                errors,
                f"Could not access KVM kernel module: {reason}",
                f"failed to initialize kvm: {reason}",
            )
    return kvm(types.release, host, state.irqchip, cpu_pm)


def _engine(release: Release, props: Mapping[str, str], errors: list[str]) -> Accelerator:
    from pyqom.accel.unicorn import missing_engine

    for key in props:
        if key != "accel":
            raise PropertyNotFound(f"Property '{ENGINE}-accel.{key}' not found", key)
    reason = missing_engine()
    if reason is not None:
        _refuse(errors, f"failed to initialize {ENGINE}: {reason}")
    return accelerator(ENGINE, release)


def _refuse(errors: list[str], *texts: str) -> NoReturn:
    for text in texts[:-1]:
        errors.append(text)  # noqa: PERF402 (what appends here may print as well)
    raise AcceleratorMissing(texts[-1])
