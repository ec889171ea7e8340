"""Taking the record of this machine, and what is said where that cannot be."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pyqom import schema
from pyqom.errors import PyqomError
from pyqom.hosts import capture, instruction, ioctls
from pyqom.hosts.capture import NoKvm, capture_host, capture_part
from pyqom.hosts.reading import host_of
from pyqom.hosts.record import record_of


def usable() -> str:
    """Why KVM cannot be used here; "" where it can."""
    try:
        capture_host()
    except NoKvm as error:
        return str(error)
    return ""


WHY_NOT = usable()
here = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "KVM is here")


@here
def test_this_machine() -> None:
    host = capture_host("here")
    record = record_of(host)
    assert schema.faults(record, "host") == []
    assert host_of(record, "x") == host
    assert capture_host("again") == host
    assert (host.name, host.api_version, host.kernel) == ("here", 12, os.uname().release)
    assert host.hardware
    assert host.kvm_cpuid(0x40000000)[1:] == (0x4B4D564B, 0x564B4D56, 0x4D)
    assert host.extension(ioctls.API_VERSION) == host.extensions[12].kvm
    assert host.kvm_cpuid(0)[1:] == host.cpuid(0)[1:]
    assert host.mce_cap is not None


@here
def test_the_cpu_stays_where_it_was() -> None:
    before = os.sched_getaffinity(0)
    capture_host()
    assert os.sched_getaffinity(0) == before


def test_no_device() -> None:
    with pytest.raises(NoKvm) as caught:
        capture_host(device="/dev/no-such-kvm")
    assert str(caught.value) == ("Could not access KVM kernel module: No such file or directory")
    assert caught.value.reason == "No such file or directory"


def test_a_device_that_is_no_kvm() -> None:
    with pytest.raises(NoKvm, match="kvm version too old"):
        capture_host(device=os.devnull)


def test_a_device_that_may_not_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(NoKvm, match="kernel module: Permission denied"):
        capture_host()


@pytest.mark.parametrize(
    ("version", "text"), [(11, "kvm version too old"), (13, "kvm version not supported")]
)
def test_another_version(monkeypatch: pytest.MonkeyPatch, version: int, text: str) -> None:
    monkeypatch.setattr("fcntl.ioctl", lambda *_: version)
    with pytest.raises(NoKvm, match=text):
        capture_host(device=os.devnull)


def test_no_virtual_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    def ioctl(_: int, request: int, *__: Any) -> int:
        if request == ioctls.GET_API_VERSION:
            return ioctls.API_VERSION
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    monkeypatch.setattr("fcntl.ioctl", ioctl)
    with pytest.raises(NoKvm, match=r"ioctl\(KVM_CREATE_VM\) failed: Cannot allocate memory"):
        capture_host(device=os.devnull)


def test_what_can_be_read_without_kvm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "_hardware", lambda: {(0, 0): (1, 2, 3, 4)})
    host = capture_part("x", device="/dev/no-such-kvm")
    assert host.hardware == {(0, 0): (1, 2, 3, 4)}
    assert host.supported == ()
    assert set(host.missing.values()) == {
        "Could not access KVM kernel module: No such file or directory"
    }
    assert {"supported_cpuid", "extensions", "msr_features", "tsc_khz"} <= host.missing.keys()
    assert host_of(record_of(host), "x").missing == host.missing


def test_nothing_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    host = capture_part("x", device="/dev/no-such-kvm")
    assert host.hardware == {}
    assert "riscv64" in host.missing["host_cpuid"]


# --- ioctls, with a KVM that is none ---------------------------------------------------------

ENTRIES = [(7, 1, 1, 10, 11, 12, 13), (0, 0, 0, 1, 2, 3, 4)]


class Kvm:
    """Answers ioctls as KVM does, from a few facts."""

    def __init__(self, count: int = 2, refused: int | None = None) -> None:
        self.count = count
        self.refused = refused

    def __call__(self, _: int, request: int, argument: Any = 0) -> int:
        if request == self.refused:
            raise OSError(errno.EIO, "no")
        if request == ioctls.GET_API_VERSION:
            return ioctls.API_VERSION
        if request in (ioctls.CREATE_VM, ioctls.CREATE_VCPU):
            return os.open(os.devnull, os.O_RDONLY)
        if request == ioctls.CHECK_EXTENSION:
            return {9: 4, 66: 8, ioctls_attributes(): 1}.get(argument, 0)
        if request == ioctls.GET_TSC_KHZ:
            return 1234
        return self.fill(request, argument)

    def fill(self, request: int, buffer: Any) -> int:
        if request == ioctls.GET_DEVICE_ATTR:
            raise OSError(errno.ENXIO, "no such attribute")
        if request == ioctls.GET_MSRS:
            struct.pack_into("Q", buffer, 16, 0x55)
            return 1
        if request == ioctls.X86_GET_MCE_CAP_SUPPORTED:
            struct.pack_into("Q", buffer, 0, 0x1000110)
            return 0
        (room,) = struct.unpack_from("I", buffer)
        if room < self.count:
            raise OSError(errno.E2BIG, "more room")
        struct.pack_into("I", buffer, 0, self.count)
        msrs = request in (ioctls.GET_MSR_INDEX_LIST, ioctls.GET_MSR_FEATURE_INDEX_LIST)
        for at in range(self.count):
            if msrs:
                struct.pack_into("I", buffer, 4 + 4 * at, 0x10 + at)
            else:
                ioctls.ENTRY.pack_into(buffer, 8 + 40 * at, *ENTRIES[at % 2])
        return 0


def ioctls_attributes() -> int:
    return capture.SYS_ATTRIBUTES


@pytest.fixture
def kvm(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    def use(**how: Any) -> Any:
        monkeypatch.setattr("fcntl.ioctl", Kvm(**how))
        monkeypatch.setattr(capture, "_hardware", lambda: {(0, 0): (1, 2, 3, 4)})
        return capture_host("fake", device=os.devnull)

    return use


def test_what_kvm_answers_is_recorded(kvm: Callable[..., Any]) -> None:
    host = kvm()
    assert host.kvm_cpuid(7, 1) == (10, 11, 12, 13)
    assert host.supported[0].flags == 1
    assert host.emulated == host.hyperv == host.supported
    assert (host.extension(9), host.extensions[66].vm) == (4, 8)
    assert host.extensions[9].name == "KVM_CAP_NR_VCPUS"
    assert host.msr_indices == (0x10, 0x11)
    assert host.msr_features == {0x10: 0x55, 0x11: 0x55}
    assert (host.mce_cap, host.tsc_khz) == (0x1000110, 1234)
    assert host.missing == {"xcomp_guest_supp": "ENXIO"}


def test_a_list_that_is_longer_than_thought(kvm: Callable[..., Any]) -> None:
    assert len(kvm(count=700).supported) == 700


@pytest.mark.parametrize(
    ("request_", "part"),
    [
        (ioctls.GET_SUPPORTED_CPUID, "supported_cpuid"),
        (ioctls.GET_EMULATED_CPUID, "emulated_cpuid"),
        (ioctls.GET_SUPPORTED_HV_CPUID, "hv_cpuid"),
        (ioctls.GET_MSR_INDEX_LIST, "msr_index_list"),
        (ioctls.GET_MSR_FEATURE_INDEX_LIST, "msr_features"),
        (ioctls.GET_MSRS, "msr_features"),
        (ioctls.X86_GET_MCE_CAP_SUPPORTED, "mce_cap"),
        (ioctls.CREATE_VCPU, "tsc_khz"),
        (ioctls.GET_TSC_KHZ, "tsc_khz"),
    ],
)
def test_a_part_that_kvm_refuses(kvm: Callable[..., Any], request_: int, part: str) -> None:
    host = kvm(refused=request_)
    assert host.missing == {part: "EIO", "xcomp_guest_supp": "ENXIO"}
    assert schema.faults(record_of(host), "host") == []


# --- the instruction -------------------------------------------------------------------------


def test_leaves_that_are_asked_for() -> None:
    """Subleaves where there are any; no range that the CPU says it lacks."""

    def cpuid(leaf: int, subleaf: int) -> tuple[int, int, int, int]:
        highest = {0: 7, 0x80000000: 0x80000001, 0xC0000000: 5}
        return highest.get(leaf, leaf), subleaf, 0, 0

    found = instruction.all_leaves(cpuid)
    assert [leaf for leaf, subleaf in found if not subleaf] == [
        *range(8),
        0x80000000,
        0x80000001,
        0xC0000000,
    ]
    assert sum(leaf == 4 for leaf, _ in found) == 8
    assert found[7, 3] == (7, 3, 0, 0)


def test_a_cpu_that_claims_too_much() -> None:
    found = instruction.all_leaves(lambda leaf, subleaf: (0xFFFFFFFF, 0, 0, 0))
    assert len(found) < 10


def test_a_hypervisor_has_leaves_of_its_own() -> None:
    def cpuid(leaf: int, subleaf: int) -> tuple[int, int, int, int]:
        return {0: 1, 0x40000000: 0x40000002}.get(leaf, 0), 0, 1 << 31 if leaf == 1 else 0, 0

    assert {(0x40000000, 0), (0x40000001, 0), (0x40000002, 0)} <= instruction.all_leaves(
        cpuid
    ).keys()


@contextmanager
def elsewhere(monkeypatch: pytest.MonkeyPatch, what: str, value: Any) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(what, value)
        yield


def test_where_there_is_no_such_instruction(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    for what, value, text in (
        ("platform.machine", lambda: "aarch64", "no CPUID instruction on linux aarch64"),
        ("sys.platform", "darwin", "no CPUID instruction on darwin"),
        ("os.memfd_create", refuse, "CPUID cannot be run: Operation not permitted"),
    ):
        with elsewhere(monkeypatch, what, value), pytest.raises(PyqomError, match=text):
            instruction.cpuid_instruction().__enter__()
