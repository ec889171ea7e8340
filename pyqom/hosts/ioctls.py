"""``/dev/kvm``: the ioctls by which QEMU learns what a host's KVM can do (``linux/kvm.h``)."""

from __future__ import annotations

import errno
import fcntl
import os
import struct

from pyqom.hosts.host import CpuidEntry

API_VERSION = 12

GET_API_VERSION = 0xAE00
CREATE_VM = 0xAE01
CHECK_EXTENSION = 0xAE03
CREATE_VCPU = 0xAE41
GET_TSC_KHZ = 0xAEA3
GET_MSR_INDEX_LIST = 0xC004AE02
GET_MSR_FEATURE_INDEX_LIST = 0xC004AE0A
GET_SUPPORTED_CPUID = 0xC008AE05
GET_EMULATED_CPUID = 0xC008AE09
GET_SUPPORTED_HV_CPUID = 0xC008AEC1
GET_MSRS = 0xC008AE88
X86_GET_MCE_CAP_SUPPORTED = 0x8008AE9D
GET_DEVICE_ATTR = 0x4018AEE2

X86_XCOMP_GUEST_SUPP = 0
"""The attribute of group 0 of KVM_GET_DEVICE_ATTR on ``/dev/kvm``."""

ENTRY = struct.Struct("7I12x")
"""``struct kvm_cpuid_entry2``: function, index, flags and four registers."""

FIRST, MOST = 256, 1 << 16
"""How many entries a list is asked for first, and at last."""


def table(kvm: int, request: int) -> tuple[CpuidEntry, ...]:
    """A table of CPUID leaves.  Raises OSError."""
    raw = _list(kvm, request, head=8, size=ENTRY.size)
    return tuple(
        CpuidEntry(leaf, subleaf, flags, (eax, ebx, ecx, edx))
        for leaf, subleaf, flags, eax, ebx, ecx, edx in ENTRY.iter_unpack(raw)
    )


def indices(kvm: int, request: int) -> tuple[int, ...]:
    """A list of MSRs.  Raises OSError."""
    return tuple(index for (index,) in struct.iter_unpack("I", _list(kvm, request, 4, 4)))


def _list(kvm: int, request: int, head: int, size: int) -> bytes:
    """The entries behind a count; KVM says E2BIG where there is too little room for them."""
    room = FIRST
    while True:
        buffer = bytearray(head + room * size)
        struct.pack_into("I", buffer, 0, room)
        try:
            fcntl.ioctl(kvm, request, buffer)
        except OSError as error:
            if error.errno != errno.E2BIG or room >= MOST:
                raise
            room *= 4
            continue
        (count,) = struct.unpack_from("I", buffer)
        return bytes(buffer[head : head + min(count, room) * size])


def msr(kvm: int, index: int) -> int | None:
    """A feature MSR; None where KVM does not give it.  Raises OSError."""
    buffer = bytearray(struct.pack("IIIIQ", 1, 0, index, 0, 0))
    if fcntl.ioctl(kvm, GET_MSRS, buffer) != 1:
        return None
    (value,) = struct.unpack_from("Q", buffer, 16)
    return int(value)


def feature_msrs(kvm: int) -> dict[int, int]:
    """The feature MSRs that KVM lists and gives.  Raises OSError."""
    listed = indices(kvm, GET_MSR_FEATURE_INDEX_LIST)
    return {index: value for index in listed if (value := msr(kvm, index)) is not None}


def number(kvm: int, request: int) -> int:
    """A 64-bit value that KVM writes.  Raises OSError."""
    buffer = bytearray(8)
    fcntl.ioctl(kvm, request, buffer)
    return int.from_bytes(buffer, "little")


def attribute(kvm: int, group: int, attr: int) -> int:
    """A 64-bit attribute of ``/dev/kvm``.  Raises OSError."""
    import ctypes

    value = ctypes.c_uint64()
    request = struct.pack("IIQQ", 0, group, attr, ctypes.addressof(value))
    fcntl.ioctl(kvm, GET_DEVICE_ATTR, request)
    return value.value


def extension(fd: int, capability: int) -> int:
    """What KVM_CHECK_EXTENSION answers; 0 where it refuses."""
    try:
        return fcntl.ioctl(fd, CHECK_EXTENSION, capability)
    except OSError:
        return 0


def tsc_khz(vm: int) -> int | None:
    """The frequency of the TSC of a new vCPU, which has the host's; None where it is not told.

    Raises OSError.
    """
    vcpu = fcntl.ioctl(vm, CREATE_VCPU, 0)
    try:
        return fcntl.ioctl(vcpu, GET_TSC_KHZ) or None
    finally:
        os.close(vcpu)
