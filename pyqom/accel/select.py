"""Finding an accelerator by its name."""

from __future__ import annotations

from pyqom.accel.accelerator import Accelerator
from pyqom.errors import PyqomError
from pyqom.quick import memo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.hosts.host import Host
    from pyqom.release import Release


@memo
def _tcg(release: Release) -> Accelerator:
    from pyqom.accel.tcg import TCG

    return TCG(release)


@memo
def _unicorn(release: Release) -> Accelerator:
    from pyqom.accel.unicorn import Unicorn

    return Unicorn(release)


def kvm(
    release: Release, host: Host | str | None, irqchip: str | None = None, cpu_pm: bool = False
) -> Accelerator:
    """KVM of a host: a record, the file of one, or None for this machine.

    Raises PyqomError where the file holds no host, or this machine has no KVM.
    """
    if host is None:
        host = _here()
    elif isinstance(host, str):
        from pyqom.hosts.reading import load_host

        host = load_host(host)
    return _kvm(release, host, irqchip, cpu_pm)


def _kvm(release: Release, host: Host, irqchip: str | None, cpu_pm: bool) -> Accelerator:
    """KVM of a record; one object for those alike, as long as it is among the last used."""
    # equal hosts may differ in what answers call them
    key = release, host, (host.name, host.kernel, host.assumed), irqchip, cpu_pm
    found = _last_used.pop(key, None)
    if found is None:
        from pyqom.accel.kvm import KVM

        found = KVM(release, host, irqchip, cpu_pm)
        while len(_last_used) >= MOST_KEPT:
            del _last_used[next(iter(_last_used))]
    _last_used[key] = found
    return found


MOST_KEPT = 32
"""How many hosts are remembered."""

_last_used: dict[tuple[object, ...], Accelerator] = {}


def _options(text: str) -> dict[str, Any]:
    """The options behind ``kvm,``: only those that change what a CPU is.  Raises PyqomError."""
    found: dict[str, Any] = {}
    for part in text.split(","):
        key, _, value = part.partition("=")
        if key != "kernel-irqchip":
            raise PyqomError(f"accelerator 'kvm' takes kernel-irqchip here, not '{key}'")
        found["irqchip"] = value
    return found


DEVICE = "/dev/kvm"
"""Where Linux offers KVM."""


def missing(device: str) -> str | None:
    """Why the KVM device cannot be opened, in the words of the system; None where it can."""
    import os

    try:
        os.close(os.open(device, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return error.strerror
    return None


@memo
def _here() -> Host:
    """The record of this machine, taken once.  Raises PyqomError where it has no KVM."""
    reason = missing(DEVICE)
    if reason is not None:
        raise PyqomError(f"failed to initialize kvm: {reason} (the record of a host would do)")
    try:
        from pyqom.hosts.capture import capture_host
    except ImportError as error:
        text = "this machine cannot be recorded yet: give the record of a host"
        raise PyqomError(text) from error
    return capture_host()


def accelerator(
    accel: str | Accelerator, release: Release, host: Host | str | None = None
) -> Accelerator:
    """The accelerator of that name; one that is already made must be of the same release.

    ``"kvm,kernel-irqchip=MODE"`` is one as well.
    `host` is that of ``kvm``, which it implies: a record, or the file of one (None: this machine).
    Raises PyqomError for a name that is none, for a host that cannot be read, and where there is no
    KVM here.
    """
    if not isinstance(accel, str | Accelerator):
        raise TypeError(f"an accelerator is a name or an Accelerator, not {accel!r}")
    if not isinstance(accel, str):
        if accel.release is not release:
            raise PyqomError(f"the accelerator is of release {accel.release.name}")
        return accel
    name, comma, more = accel.partition(",")
    if comma and name == "kvm":
        return kvm(release, host, **_options(more))
    if host is not None and accel in ("kvm", "tcg"):
        return kvm(release, host)
    if accel == "tcg":
        return _tcg(release)
    if accel == "kvm":
        return kvm(release, host)
    if accel == "unicorn":
        return _unicorn(release)
    raise PyqomError(f"invalid accelerator {accel}")
