"""Writing the record of a host, in its own format or in one that others read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pyqom.errors import PyqomError, nearest
from pyqom.hosts import cpudata, dump
from pyqom.hosts.record import record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyqom.hosts.host import Host


def _record(host: Host) -> str:
    return json.dumps(record_of(host), indent=1, ensure_ascii=False) + "\n"


FORMATS: dict[str, Callable[[Host], str]] = {
    "kvm-host": _record,
    "cpuid-r": dump.written,
    "cpudata": cpudata.written,
}
"""What a host can be written as; the first format holds all of it."""


def write_host(host: Host, form: str = "kvm-host") -> str:
    """The text of a host in a format.  Raises PyqomError for an unknown one."""
    try:
        return FORMATS[form](host)
    except KeyError:
        near = nearest(form, FORMATS)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise PyqomError(f"no format '{form}', there are {', '.join(FORMATS)}{hint}") from None


def dropped(host: Host, form: str) -> list[str]:
    """The parts of a host that a format cannot hold."""
    return [] if form == "kvm-host" else list(_dropped(host, form))


def _dropped(host: Host, form: str) -> Iterator[str]:
    parts = (
        ("KVM_GET_SUPPORTED_CPUID", host.supported),
        ("KVM_GET_EMULATED_CPUID", host.emulated),
        ("KVM_GET_SUPPORTED_HV_CPUID", host.hyperv),
        ("capabilities of KVM", host.extensions),
        ("list of MSRs", host.msr_indices),
        ("feature MSRs", host.msr_features if form == "cpuid-r" else ()),
        ("machine check capabilities", host.mce_cap),
        ("XSAVE components of guests", host.xcomp_guest_supp),
        ("TSC frequency", host.tsc_khz),
        ("kernel", host.kernel),
        ("flags without a CPUID bit", host.unplaced),
        ("what was assumed or is missing", host.assumed or host.missing),
    )
    yield from (name for name, value in parts if value)
