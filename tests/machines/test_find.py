"""Names, aliases, releases, and what a machine type says beyond query-machines."""

from __future__ import annotations

import pytest

from pyqom import errors, machines

FOUND = [
    (None, None, "none", "11.1"),
    ("pc", None, "pc-i440fx-11.1", "11.1"),
    ("q35", None, "pc-q35-11.1", "11.1"),
    ("pc", "7.2", "pc-i440fx-7.2", "7.2"),
    ("q35", "7.2", "pc-q35-7.2", "7.2"),
    ("pc-q35-7.2", None, "pc-q35-7.2", "11.1"),
    ("pc-i440fx-1.4", None, "pc-i440fx-1.4", "7.2"),
    ("pc-q35-4.0.1", None, "pc-q35-4.0.1", "7.2"),
    ("nitro", None, "nitro", "11.1"),
    ("isapc", "7.2", "isapc", "7.2"),
]


@pytest.mark.parametrize(("name", "release", "want", "of"), FOUND)
def test_find(name, release, want, of):
    machine = machines.find(name, release)
    assert (machine.name, machine.release.name) == (want, of)


def test_machine_type_is_found_as_itself():
    machine = machines.find("pc")
    assert machines.find(machine) is machine
    assert machines.find("pc-i440fx-11.1") is machine


UNKNOWN = [
    ("pc-q35-11.2", None, 'unsupported machine type: "pc-q35-11.2"', "pc-q35-11.1"),
    ("pc-i440fx-1.6", "11.1", 'unsupported machine type: "pc-i440fx-1.6"', "pc-i440fx-11.1"),
    ("pc-q35-8.0", "7.2", "unsupported machine type", "pc-q35-6.0"),
    ("q53", None, 'unsupported machine type: "q53"', "q35"),
    ("nitro", "7.2", "unsupported machine type", None),
    ("pc-i440fx", None, 'unsupported machine type: "pc-i440fx"', "pc-i440fx-9.2"),
    ("isapc-1.0", None, 'unsupported machine type: "isapc-1.0"', "isapc"),
    ("microvm-", None, 'unsupported machine type: "microvm-"', "microvm"),
    ("", None, 'unsupported machine type: ""', None),
    ("-", None, 'unsupported machine type: "-"', None),
]


@pytest.mark.parametrize(("name", "release", "text", "near"), UNKNOWN)
def test_unknown(name, release, text, near):
    with pytest.raises(errors.UnknownMachine) as caught:
        machines.find(name, release)
    assert str(caught.value) == text
    if near is None:
        assert not caught.value.suggestions
    else:
        assert near in caught.value.suggestions


def test_unknown_release():
    with pytest.raises(errors.UnknownRelease) as caught:
        machines.find("pc", "9.9")
    assert str(caught.value) == "unknown release '9.9', pyqom carries 7.2, 11.1"


CPU_VERSIONS = [
    ("pc-q35-11.1", None, 1),
    ("pc-i440fx-4.1", None, 1),
    ("pc-i440fx-4.0", None, "legacy"),
    ("pc-q35-4.1", None, 1),
    ("pc-q35-4.0.1", None, "legacy"),
    ("pc-q35-4.0", None, "legacy"),
    ("isapc", None, "legacy"),
    ("isapc", "7.2", "legacy"),
    ("microvm", None, "latest"),
    ("microvm", "7.2", "latest"),
    ("none", None, 1),
    ("x-remote", None, 1),
]


@pytest.mark.parametrize(("name", "release", "want"), CPU_VERSIONS)
def test_default_cpu_version(name, release, want):
    assert machines.find(name, release).default_cpu_version == want


FIELDS = [
    ("pc-q35-7.0", "11.1", "enforce-amd-1tb-hole", False),
    ("pc-q35-7.1", "11.1", "enforce-amd-1tb-hole", True),
    ("pc-i440fx-6.1", "11.1", "prefer-sockets", True),
    ("pc-i440fx-6.2", "11.1", "prefer-sockets", False),
    ("pc-q35-11.1", None, "modules-supported", True),
    ("none", None, "dies-supported", False),
    ("pc-i440fx-2.1", None, "kvm-defaults", {"svm": None}),
    ("pc-i440fx-1.7", None, "kvm-defaults", {"svm": None, "x2apic": None}),
    ("pc-i440fx-2.2", None, "kvm-defaults", {}),
    ("pc-i440fx-2.3", None, "kvm-machine-props", {"smm": "off"}),
    ("pc-q35-2.4", None, "kvm-machine-props", {}),
    ("pc-q35-4.0", None, "default-kernel-irqchip-split", True),
    ("pc-q35-3.1", None, "default-kernel-irqchip-split", False),
    ("pc-i440fx-1.5", None, "hw-version", "1.5.0"),
    ("pc-i440fx-2.1", None, "default-display", None),
    ("pc-q35-8.2", None, "default-smbios-ep-type", "64"),
    ("pc-q35-7.2", "7.2", "default-smbios-ep-type", "32"),
    ("none", None, "default-ram-size", 0),
]


@pytest.mark.parametrize(("name", "release", "field", "want"), FIELDS)
def test_field(name, release, field, want):
    assert machines.find(name, release).fields[field] == want


ABSENT = [
    ("pc-q35-7.2", "7.2", "modules-supported"),
    ("pc-q35-7.2", "11.1", "rsdp-in-ram"),
    ("pc-q35-7.2", "11.1", "hw-version"),
    ("none", None, "default-cpu-type"),
]


@pytest.mark.parametrize(("name", "release", "field"), ABSENT)
def test_field_that_is_absent(name, release, field):
    assert field not in machines.find(name, release).fields


WARNINGS = [
    ("pc-i440fx-8.2", None, None),
    (
        "pc-q35-8.1",
        None,
        "Machine type 'pc-q35-8.1' is deprecated: machines more than 3 years old are subject to "
        "deletion after 6 years",
    ),
    ("pc-q35-5.2", "7.2", None),
    (
        "pc-i440fx-1.6",
        None,
        "Machine type 'pc-i440fx-1.6' is deprecated: old and unattended - use a newer version "
        "instead",
    ),
    ("pc-i440fx-2.0", None, None),
]


@pytest.mark.parametrize(("name", "release", "want"), WARNINGS)
def test_deprecation_warning(name, release, want):
    assert machines.find(name, release).deprecation_warning == want
