"""Taking the record of this machine, as QEMU would see it."""

from __future__ import annotations

import errno
import fcntl
import os
from typing import TYPE_CHECKING, Any, TypeVar

from pyqom.errors import PyqomError
from pyqom.hosts import ioctls
from pyqom.hosts.host import Extension, Host
from pyqom.hosts.instruction import all_leaves, cpuid_instruction
from pyqom.hosts.names import capability_name

if TYPE_CHECKING:
    from collections.abc import Callable

    T = TypeVar("T")

DEVICE = "/dev/kvm"

CAPABILITIES = range(512)
"""Which capabilities are asked for: there is no list of them."""

SYS_ATTRIBUTES = 209
"""KVM_CAP_SYS_ATTRIBUTES: without it ``/dev/kvm`` has no attributes."""

XCOMP = "xcomp_guest_supp"


class NoKvm(PyqomError):
    """KVM cannot be used here; the text is QEMU's, `.reason` what the system says."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


def capture_host(name: str | None = None, *, device: str | None = None) -> Host:
    """This machine's host as QEMU sees it when it starts with ``-accel kvm``.

    It is called `name`, else as the machine; `device` is for another ``/dev/kvm``.
    What could not be read stands in its ``missing``.
    Raises NoKvm with QEMU's text (``kvm_init``) where KVM cannot be used.
    """
    kvm, vm = _open(device or DEVICE)
    try:
        return _whole(name, kvm, vm)
    finally:
        os.close(vm)
        os.close(kvm)


def capture_part(name: str | None = None, *, device: str | None = None) -> Host:
    """The same, but without KVM what can be read without it; ``missing`` tells."""
    try:
        return capture_host(name, device=device)
    except NoKvm as error:
        return _without_kvm(name, str(error))


def _open(device: str) -> tuple[int, int]:
    """``/dev/kvm`` and a new virtual machine."""
    try:
        kvm = os.open(device, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        reason = error.strerror or str(error)
        raise NoKvm(f"Could not access KVM kernel module: {reason}", reason) from error
    try:
        _check_version(kvm)
        try:
            return kvm, fcntl.ioctl(kvm, ioctls.CREATE_VM, 0)
        except OSError as error:
            reason = error.strerror or str(error)
            raise NoKvm(f"ioctl(KVM_CREATE_VM) failed: {reason}", reason) from error
    except NoKvm:
        os.close(kvm)
        raise


def _check_version(kvm: int) -> None:
    try:
        version = fcntl.ioctl(kvm, ioctls.GET_API_VERSION)
    except OSError as error:
        raise NoKvm("kvm version too old", error.strerror or str(error)) from error
    invalid = os.strerror(errno.EINVAL)
    if version < ioctls.API_VERSION:
        raise NoKvm("kvm version too old", invalid)
    if version > ioctls.API_VERSION:
        raise NoKvm("kvm version not supported", invalid)


def _whole(name: str | None, kvm: int, vm: int) -> Host:
    missing: dict[str, str] = {}

    def read(part: str, ask: Callable[..., T], *arguments: Any, none: T) -> T:
        """A part; `none` where it cannot be read."""
        try:
            return ask(*arguments)
        except OSError as error:
            missing[part] = errno.errorcode.get(error.errno or 0, str(error))
        except PyqomError as error:
            missing[part] = str(error)
        return none

    extensions = _extensions(kvm, vm)
    xcomp = None
    if SYS_ATTRIBUTES in extensions:
        xcomp = read(XCOMP, ioctls.attribute, kvm, 0, ioctls.X86_XCOMP_GUEST_SUPP, none=None)
    else:
        missing[XCOMP] = "no KVM_CAP_SYS_ATTRIBUTES"
    table, indices = ioctls.table, ioctls.indices
    return Host(
        name=name or _machine(),
        hardware=read("host_cpuid", _hardware, none={}),
        supported=read("supported_cpuid", table, kvm, ioctls.GET_SUPPORTED_CPUID, none=()),
        emulated=read("emulated_cpuid", table, kvm, ioctls.GET_EMULATED_CPUID, none=()),
        hyperv=read("hv_cpuid", table, kvm, ioctls.GET_SUPPORTED_HV_CPUID, none=None),
        extensions=extensions,
        msr_features=read("msr_features", ioctls.feature_msrs, kvm, none={}),
        msr_indices=read("msr_index_list", indices, kvm, ioctls.GET_MSR_INDEX_LIST, none=()),
        mce_cap=read("mce_cap", ioctls.number, kvm, ioctls.X86_GET_MCE_CAP_SUPPORTED, none=None),
        xcomp_guest_supp=xcomp,
        tsc_khz=read("tsc_khz", ioctls.tsc_khz, vm, none=None),
        kernel=os.uname().release,
        api_version=ioctls.API_VERSION,
        missing=missing,
    )


def _without_kvm(name: str | None, why: str) -> Host:
    missing = dict.fromkeys(
        (
            *("supported_cpuid", "emulated_cpuid", "hv_cpuid", "extensions", "msr_index_list"),
            *("msr_features", "mce_cap", XCOMP, "tsc_khz"),
        ),
        why,
    )
    try:
        hardware = _hardware()
    except PyqomError as error:
        hardware = {}
        missing["host_cpuid"] = str(error)
    return Host(name or _machine(), hardware, kernel=os.uname().release, missing=missing)


def _machine() -> str:
    return os.uname().nodename or "host"


def _hardware() -> dict[tuple[int, int], tuple[int, int, int, int]]:
    with cpuid_instruction() as cpuid:
        return all_leaves(cpuid)


def _extensions(kvm: int, vm: int) -> dict[int, Extension]:
    """The capabilities that one of both has."""
    found = {}
    for number in CAPABILITIES:
        of_kvm, of_vm = ioctls.extension(kvm, number), ioctls.extension(vm, number)
        if of_kvm or of_vm:
            found[number] = Extension(capability_name(number), of_kvm, of_vm)
    return found
