"""Firmware and kernel of a machine: files that are not loaded, but have to be there.

QEMU ``hw/i386/x86-common.c`` (``x86_bios_rom_init``, ``x86_load_linux``) and
``hw/core/null-machine.c``.
"""

from __future__ import annotations

import os

from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.machines.properties import Machine

FIRMWARE_UNIT = 1 << 16
"""What the size of a firmware image is a multiple of."""


class BootFileError(PyqomError):
    """A file that the machine should start from cannot be used; QEMU does not say who it is."""

    bare = True


def check_boot_files(machine: Machine) -> None:
    """Look for the firmware and the kernel that were given.  Raises PyqomError."""
    assert machine.machine_type is not None
    if "x86-machine" in machine.machine_type.ancestors:
        if machine.firmware:
            _check_firmware(machine.firmware)
        if machine.kernel:
            _check_kernel(machine.kernel)
    elif machine.kernel:
        raise PyqomError(
            "The -kernel parameter is not supported (use the generic 'loader' device instead)."
        )


def _check_firmware(name: str) -> None:
    """A name without a folder may be one of QEMU's own files, which are not here."""
    try:
        size = os.stat(name).st_size
    except (OSError, ValueError):
        size = 0
        if os.sep not in name:
            return
    if size <= 0 or size % FIRMWARE_UNIT:
        raise BootFileError(f"qemu: could not load PC BIOS '{name}'")


def _check_kernel(path: str) -> None:
    try:
        with open(path, "rb") as file:
            empty = not file.read(1)
    except IsADirectoryError:
        empty = True
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or os.strerror(2)
        raise BootFileError(f"qemu: could not open kernel file '{path}': {why}") from None
    if empty:
        raise BootFileError(f"qemu: could not load kernel '{path}': {os.strerror(2)}")
