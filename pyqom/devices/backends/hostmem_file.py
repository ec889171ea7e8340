"""Memory backends with a file behind them (``backends/hostmem-file.c``, -memfd.c, -shm.c).

What QEMU's ``system/physmem.c`` finds out about the file is found out; no file is made, resized or
kept open.
"""

from __future__ import annotations

import os
import stat

from pyqom.devices.backends import hostfile
from pyqom.devices.backends.fields import Fact, Field, flag
from pyqom.devices.backends.hostmem import MemoryBackend, once_allocated
from pyqom.errors import InvalidParameterValue, ObjectRefused, PropertyError
from pyqom.types import Bool, OnOffAuto, Size, String

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MFD_CLOEXEC, MFD_ALLOW_SEALING, MFD_HUGETLB, MFD_HUGE_SHIFT = 1, 2, 4, 26
HUGE_PAGES = (2 << 20, 1 << 30)
"""The sizes that an x86 host knows, the default first."""

TOO_SMALL_IS_EXPLAINED = Fact(since="11.1")
READ_ONLY_FILES_MUST_EXIST = Fact(since="11.1")


def check_file_size(backend: Any, file_size: int, offset: int = 0) -> None:
    """A file that is not empty must hold the memory (``qemu_ram_alloc_from_fd()``).

    Raises ObjectRefused.
    """
    size = hostfile.page_aligned(backend.size)
    if not file_size or file_size >= offset + size:
        return
    if TOO_SMALL_IS_EXPLAINED.holds(backend.registry):
        raise ObjectRefused(
            f"{backend.region_name} backing store size 0x{file_size:x} is too small for"
            f" 'size' option 0x{size:x} plus 'offset' option 0x{offset:x}"
        )
    raise ObjectRefused(
        f"backing store size 0x{file_size:x} does not match 'size' option 0x{size:x}"
    )


def cannot_map(why: str) -> ObjectRefused:
    """The error of a file that mmap() does not take."""
    return ObjectRefused(f"unable to map backing store for guest RAM: {why}")


def _check_made_file(backend: Any, what: str) -> None:
    """A nameless file of the memory's own size, as the kernel would make and map it."""
    if backend.size >= hostfile.FILE_SIZE_END:
        raise ObjectRefused(f"failed to resize {what} to {backend.size}: Invalid argument")
    check_file_size(backend, backend.size)
    if backend.size >= hostfile.ADDRESS_SPACE:
        raise cannot_map("Cannot allocate memory")


def _named_once_allocated(obj: Any, name: str) -> None:
    if obj.allocated:
        raise PropertyError(f"cannot change property '{name}' of {obj.typename}")


def _stopped_once_allocated(obj: Any, name: str) -> None:
    if obj.allocated:
        raise PropertyError(f"cannot change property '{name}' of {obj.typename}.")


class MemoryBackendFile(MemoryBackend, typename="memory-backend-file"):
    """Memory in a file, or in one without name that is made in a directory."""

    aligned = True

    # what is behind properties that not every release shows
    _rom: str
    _offset: int

    discard_data = flag()
    mem_path = Field(String(), refuse=_named_once_allocated)
    align = Field(Size(), "int", refuse=_named_once_allocated)
    offset = Field(
        Size(),
        "int",
        refuse=_named_once_allocated,
        description="Offset into the target file (ex: 1G)",
        since="11.1",
    )
    pmem = Field(Bool(), refuse=_stopped_once_allocated)
    readonly = Field(Bool(), refuse=_stopped_once_allocated)
    rom = Field(
        OnOffAuto(),
        refuse=_stopped_once_allocated,
        description="Whether to create Read Only Memory (ROM)",
        since="11.1",
    )

    def allocate(self) -> None:
        """Look at the file.  Raises ObjectRefused."""
        if self.mem_path is None:
            raise ObjectRefused("mem-path property not set")
        self._settle_rom()
        file = self._open()
        if file is None:
            self._check_layout(0)
            return
        try:
            size = 0 if os.path.isdir(file) else os.lseek(file, 0, os.SEEK_END)
            check_file_size(self, max(size, 0), self._offset)
            self._check_layout(size)
            self._check_mappable(file)
        finally:
            os.close(file)

    def _settle_rom(self) -> None:
        if self._rom == "auto":
            self._rom = "on" if self.readonly else "off"
        elif self._rom == "on" and not self.readonly:
            raise ObjectRefused("property 'rom' = 'on' is not supported with 'readonly' = 'off'")
        elif self._rom == "off" and self.readonly and self.share:
            raise ObjectRefused(
                "property 'rom' = 'off' is incompatible with 'readonly' = 'on' and 'share' = 'on'"
            )

    def _open(self) -> int | None:
        """A descriptor of the file; None for one that would be made (``file_ram_open()``)."""
        path = self.mem_path
        strict = self.readonly and READ_ONLY_FILES_MUST_EXIST.holds(self.registry)
        try:
            if strict and os.path.isdir(path):
                raise IsADirectoryError(21, "Is a directory")
            mode = os.O_RDONLY if self.readonly else os.O_RDWR
            return os.open(os.fsencode(path), mode | os.O_CLOEXEC | os.O_NONBLOCK)
        except (OSError, ValueError) as error:
            if isinstance(error, FileNotFoundError) and not strict:
                failure = hostfile.creatable(path)
            elif isinstance(error, IsADirectoryError) and not self.readonly:
                failure = hostfile.creatable(os.path.join(path, "x"))
            else:
                failure = error if isinstance(error, OSError) else hostfile.missing()
        if failure is None:
            return None
        why = hostfile.reason(failure)
        raise ObjectRefused(f"can't open backing store {path} for guest RAM: {why}")

    def _check_layout(self, file_size: int) -> None:
        """Alignment, offset and size, against pages (``file_ram_alloc()``)."""
        page = hostfile.PAGE
        if self.align % page:
            raise ObjectRefused(
                f"alignment 0x{self.align:x} must be multiples of page size 0x{page:x}"
            )
        if self.align & (self.align - 1):
            raise ObjectRefused(f"alignment 0x{self.align:x} must be a power of two")
        if self._offset % page:
            raise ObjectRefused(
                f"offset 0x{self._offset:x} must be multiples of page size 0x{page:x}"
            )
        if self.size >= hostfile.ADDRESS_SPACE:
            raise cannot_map("Cannot allocate memory")

    def _check_mappable(self, file: int) -> None:
        """Whether such a file can be mapped: a regular one can, another is tried."""
        mode = os.fstat(file).st_mode
        if stat.S_ISREG(mode):
            return
        import mmap

        try:
            mmap.mmap(file, hostfile.PAGE, access=mmap.ACCESS_READ).close()
        except (OSError, ValueError) as error:
            raise cannot_map(hostfile.reason(error)) from None


def _huge_size(obj: Any, value: int, name: str) -> int:
    if not value:
        raise InvalidParameterValue(f"Property '{obj.typename}.{name}' doesn't take value '0'")
    return value


class MemoryBackendMemfd(MemoryBackend, typename="memory-backend-memfd"):
    """Memory in a file without name, of huge pages if asked for (``memfd_create()``).

    The host is one without huge pages set aside.
    """

    aligned = True
    share = True

    hugetlb = Field(Bool(), description="Use huge pages")
    hugetlbsize = Field(
        Size(),
        "int",
        refuse=once_allocated,
        accept=_huge_size,
        description="Huge pages size (ex: 2M, 1G)",
    )
    seal = Field(Bool(True), description="Seal growing & shrinking")

    def allocate(self) -> None:
        """As the kernel would.  Raises ObjectRefused (``qemu_memfd_create()``)."""
        size = self.hugetlbsize
        shift = (size & -size).bit_length() - 1 if size else 0
        if shift and 1 << shift != size:
            raise ObjectRefused("Hugepage size must be a power of 2")
        if not self.hugetlb:
            _check_made_file(self, "memfd")
            return
        if shift and size not in HUGE_PAGES:
            flags = MFD_CLOEXEC | MFD_HUGETLB | shift << MFD_HUGE_SHIFT
            flags |= MFD_ALLOW_SEALING if self.seal else 0
            raise ObjectRefused(
                f"failed to create memfd with flags 0x{flags & 0xFFFFFFFF:x}: No such device"
            )
        if self.size % (size if shift else HUGE_PAGES[0]):
            raise ObjectRefused(f"failed to resize memfd to {self.size}: Invalid argument")
        raise cannot_map("Cannot allocate memory")


class MemoryBackendShm(MemoryBackend, typename="memory-backend-shm"):
    """POSIX shared memory (``shm_open()``)."""

    share = True
    no_size = "can't create shm backend with size 0"

    def allocate(self) -> None:
        """Only ever shared.  Raises ObjectRefused."""
        if not self.share:
            raise ObjectRefused("can't create shm backend with `share=off`")
        _check_made_file(self, "POSIX shared memory")
