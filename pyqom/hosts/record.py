"""The record of a host in pyqom's own format, ``kvm-host/1`` (``schema/host.json``).

A well-formed record is read without its schema; that is asked only for what is wrong with another.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pyqom.hosts import contradictions
from pyqom.hosts.host import NOTHING, CpuidEntry, Extension, Host, Registers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyqom.schema import Fault, Path

    Place = tuple[int, int]

FORMAT = "kvm-host/1"

MEMBERS = frozenset(
    {
        *("$schema", "format", "name", "recorded", "kernel", "source", "assumed", "unplaced"),
        *("missing", "kvm_api_version", "host_cpuid", "host_cpuid_driver_differs"),
        *("supported_cpuid", "emulated_cpuid", "hv_cpuid", "extensions", "msr_index_list"),
        *("msr_features", "mce_cap", "xcomp_guest_supp", "tsc_khz"),
    }
)
ENTRY = frozenset({"function", "index", "flags", "regs"})

is_text = re.compile("[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,1000}").fullmatch
_REGISTERS = re.compile("[0-9a-fA-F]{8}(?: [0-9a-fA-F]{8}){3}").fullmatch
_PLACE = re.compile(r"([0-9a-fA-F]{8})\.(0|[1-9a-fA-F][0-9a-fA-F]{0,7})").fullmatch
_WORD32 = re.compile("[0-9a-fA-F]{8}").fullmatch
_WORD64 = re.compile("[0-9a-fA-F]{16}").fullmatch
_NUMBER = re.compile("0|[1-9][0-9]{0,4}").fullmatch
_ERRNO = re.compile("E[A-Z0-9]{2,30}").fullmatch
_HEXADECIMAL = re.compile("[0-9a-fA-F]+").fullmatch

MOST = 4096
"""How many entries a table has at most."""

INT_MAX = 0x7FFFFFFF
UINT_MAX = 0xFFFFFFFF


class Reader:
    """Reads a record part by part and keeps what is wrong.

    A fault without a text is one of shape, which the schema tells better.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.missing: dict[str, str] = {}

    def bad(self, path: Path, text: str = "") -> None:
        """Something is wrong."""
        self.faults.append((path, text))

    def host(self, content: Any, name: str) -> Host:
        """The host; one without meaning where something is wrong."""
        if type(content) is not dict:
            self.bad(())
            return Host(name, {})
        if content.get("format") != FORMAT or "host_cpuid" not in content:
            self.bad(())
        for member in content.keys() - MEMBERS:
            self.bad((member,))
        get = content.get
        read = self.part
        host = Host(
            name=self.text(get("name", name), ("name",)),
            hardware=self.leaves(get("host_cpuid"), ("host_cpuid",)),
            supported=read(content, "supported_cpuid", self.table, ()),
            emulated=read(content, "emulated_cpuid", self.table, ()),
            hyperv=read(content, "hv_cpuid", self.table, None),
            extensions=read(content, "extensions", self.extensions, {}),
            msr_features=read(content, "msr_features", self.msrs, {}),
            msr_indices=read(content, "msr_index_list", self.indices, ()),
            mce_cap=read(content, "mce_cap", self.word64, None),
            xcomp_guest_supp=read(content, "xcomp_guest_supp", self.word64, None),
            tsc_khz=read(content, "tsc_khz", self.positive, None),
            kernel=read(content, "kernel", self.text, None),
            assumed=self.texts(get("assumed", []), ("assumed",)),
            recorded=self.told(content, "recorded"),
            source=self.told(content, "source"),
            unplaced=self.texts(get("unplaced", []), ("unplaced",)),
            api_version=read(content, "kvm_api_version", self.answer, None),
            missing=self.reasons(get("missing", {})) | self.missing,
        )
        self.faults += contradictions.of_extensions(host.extensions, ("extensions",))
        self.faults += contradictions.of_mce_cap(host.mce_cap, ("mce_cap",))
        self.leaves(get("host_cpuid_driver_differs", {}), ("host_cpuid_driver_differs",))
        self.told(content, "$schema")
        return host

    def part(
        self, content: dict[str, Any], name: str, read: Callable[[Any, Path], Any], none: Any
    ) -> Any:
        """A part that may not have been read; `none` stands for it then."""
        value = content.get(name)
        if value is None:
            return none
        if type(value) is dict and value.keys() == {"errno"}:
            self.missing[name] = self.text(value["errno"], (name, "errno"))
            return none
        return read(value, (name,))

    def told(self, content: dict[str, Any], name: str) -> str | None:
        return self.text(content[name], (name,)) if name in content else None

    # --- values ---

    def text(self, value: Any, path: Path) -> str:
        if type(value) is str and is_text(value):
            return value
        self.bad(path)
        return ""

    def texts(self, value: Any, path: Path) -> tuple[str, ...]:
        if type(value) is not list or len(value) > 1000:
            self.bad(path)
            return ()
        return tuple(self.text(each, (*path, at)) for at, each in enumerate(value))

    def reasons(self, value: Any) -> dict[str, str]:
        if type(value) is not dict or len(value) > 64:
            self.bad(("missing",))
            return {}
        for part in value:
            if not re.fullmatch("[a-z_]{1,64}", part):
                self.bad(("missing", part))
        return {part: self.text(why, ("missing", part)) for part, why in value.items()}

    def _integer(self, value: Any, path: Path, low: int, high: int) -> int:
        if type(value) is int and low <= value <= high:
            return value
        self.bad(path)
        return low

    def answer(self, value: Any, path: Path) -> int:
        return self._integer(value, path, 0, INT_MAX)

    def positive(self, value: Any, path: Path) -> int:
        return self._integer(value, path, 1, INT_MAX)

    def word64(self, value: Any, path: Path) -> int:
        if type(value) is str and _WORD64(value):
            return int(value, 16)
        self.bad(path, too_wide(value, 64))
        return 0

    def word32(self, value: Any, path: Path) -> int:
        if type(value) is str and _WORD32(value):
            return int(value, 16)
        self.bad(path, too_wide(value, 32))
        return 0

    def registers(self, value: Any, path: Path) -> Registers:
        if type(value) is str and _REGISTERS(value):
            eax, ebx, ecx, edx = value.split(" ")
            return int(eax, 16), int(ebx, 16), int(ecx, 16), int(edx, 16)
        self.bad(path, no_registers(value))
        return NOTHING

    # --- tables ---

    def leaves(self, value: Any, path: Path) -> dict[Place, Registers]:
        """What stands by ``LEAF.SUBLEAF``."""
        if type(value) is not dict or len(value) > MOST:
            self.bad(path)
            return {}
        found: dict[Place, Registers] = {}
        paths: dict[Place, Path] = {}
        for key, text in value.items():
            registers = self.registers(text, (*path, key))
            match = _PLACE(key)
            if match is None:
                self.bad((*path, key))
                continue
            place = int(match[1], 16), int(match[2], 16)
            if place in found:
                self.bad((*path, key), "the leaf stands twice")
            found[place] = registers
            paths[place] = (*path, key)
        self.faults += contradictions.of_leaves(found, paths)
        return found

    def table(self, value: Any, path: Path) -> tuple[CpuidEntry, ...]:
        """The entries of a ``struct kvm_cpuid2``."""
        if type(value) is not list or len(value) > MOST:
            self.bad(path)
            return ()
        found = tuple(self.entry(each, (*path, at)) for at, each in enumerate(value))
        if not self.faults:
            self.faults += contradictions.of_table(found, path)
        return found

    def entry(self, value: Any, path: Path) -> CpuidEntry:
        if type(value) is not dict or value.keys() != ENTRY:
            self.bad(path)
            return CpuidEntry(0, 0, 0, NOTHING)
        return CpuidEntry(
            self.word32(value["function"], (*path, "function")),
            self._integer(value["index"], (*path, "index"), 0, UINT_MAX),
            self._integer(value["flags"], (*path, "flags"), 0, 7),
            self.registers(value["regs"], (*path, "regs")),
        )

    def extensions(self, value: Any, path: Path) -> dict[int, Extension]:
        if type(value) is not dict:
            self.bad(path)
            return {}
        found = {}
        for number, each in value.items():
            at = (*path, number)
            known = type(each) is dict and {"kvm", "vm"} <= each.keys() <= {"name", "kvm", "vm"}
            if not known or not _NUMBER(number):
                self.bad(at)
                continue
            name = None if each.get("name") is None else self.text(each["name"], (*at, "name"))
            kvm, vm = (self.answer(each[asked], (*at, asked)) for asked in ("kvm", "vm"))
            found[int(number)] = Extension(name, kvm, vm)
        return found

    def msrs(self, value: Any, path: Path) -> dict[int, int]:
        if type(value) is not dict or len(value) > MOST:
            self.bad(path)
            return {}
        found: dict[int, int] = {}
        for index, each in value.items():
            number = self.word32(index, (*path, index))
            if number in found:
                self.bad((*path, index), "the MSR stands twice")
            found[number] = self._msr(each, (*path, index))
        return found

    def _msr(self, value: Any, path: Path) -> int:
        if type(value) is str:
            return self.word64(value, path)
        if type(value) is not dict or not {"value"} <= value.keys() <= {"name", "value"}:
            self.bad(path)
            return 0
        if value.get("name") is not None:
            self.text(value["name"], (*path, "name"))
        return self.word64(value["value"], (*path, "value"))

    def indices(self, value: Any, path: Path) -> tuple[int, ...]:
        if type(value) is not list or len(value) > MOST:
            self.bad(path)
            return ()
        return tuple(self.word32(each, (*path, at)) for at, each in enumerate(value))


# --- what is wrong ---------------------------------------------------------------------------


def faults_of(content: Any) -> list[tuple[str, str]]:
    """Everything that is wrong with a content as a record, as (path, text), in its order."""
    from pyqom import document, schema

    found, sound = document.texts(content)
    reader = Reader()
    reader.host(sound, "host")
    told = {path for path, _ in found}
    found += [fault for fault in reader.faults if fault[1] and fault[0] not in told]
    told = {path for path, _ in found}
    found += [fault for fault in schema.found(sound, "host") if fault[0] not in told]
    if not found and reader.faults:
        found = [(path, "is not as the schema has it") for path, _ in reader.faults]
    return schema.told(content, found)


def no_registers(value: Any) -> str:
    """Why a text does not hold four registers; "" where it is no text."""
    if type(value) is not str:
        return ""
    words = value.split()
    wide = [word for word in words if _HEXADECIMAL(word) and len(word) > 8]
    if wide:
        return f"{wide[0][:40]} has more than 32 bits"
    if all(map(_HEXADECIMAL, words)) and len(words) != 4:
        return f"{len(words)} register{'s' if len(words) != 1 else ''}, 4 needed"
    return ""


def too_wide(value: Any, bits: int) -> str:
    """That a number does not fit; "" where it is none, or is written otherwise."""
    if type(value) is str and _HEXADECIMAL(value) and len(value) > bits // 4:
        return f"{value[:40]} has more than {bits} bits"
    return ""


# --- writing ---------------------------------------------------------------------------------


def record_of(host: Host) -> dict[str, Any]:
    """The record of a host, to be written as JSON; what it lacks is left out or null."""
    record: dict[str, Any] = {
        "format": FORMAT,
        "name": host.name,
        "recorded": host.recorded,
        "source": host.source,
        "kernel": host.kernel,
        "kvm_api_version": host.api_version,
        "assumed": list(host.assumed) or None,
        "unplaced": list(host.unplaced) or None,
    }
    record = {member: value for member, value in record.items() if value is not None}
    record |= _tables(host)
    reasons = {}
    for part, why in host.missing.items():
        if part in record and not record[part] and _ERRNO(why):
            record[part] = {"errno": why}
        else:
            reasons[part] = why
    return record | {"missing": reasons} if reasons else record


def _tables(host: Host) -> dict[str, Any]:
    return {
        "host_cpuid": written_leaves(host.hardware),
        "supported_cpuid": _written_table(host.supported),
        "emulated_cpuid": _written_table(host.emulated),
        "hv_cpuid": None if host.hyperv is None else _written_table(host.hyperv),
        "extensions": {
            str(number): {"name": each.name, "kvm": each.kvm, "vm": each.vm}
            for number, each in sorted(host.extensions.items())
        },
        "msr_index_list": [f"{index:08x}" for index in host.msr_indices],
        "msr_features": _written_msrs(host.msr_features),
        "mce_cap": _written64(host.mce_cap),
        "xcomp_guest_supp": _written64(host.xcomp_guest_supp),
        "tsc_khz": host.tsc_khz,
    }


def written_leaves(leaves: Mapping[Place, Registers]) -> dict[str, str]:
    """Leaves by ``LEAF.SUBLEAF``, sorted."""
    return {
        f"{leaf:08x}.{subleaf:x}": written_registers(registers)
        for (leaf, subleaf), registers in sorted(leaves.items())
    }


def written_registers(registers: Registers) -> str:
    """``EAX EBX ECX EDX``."""
    return " ".join(f"{word:08x}" for word in registers)


def _written_table(entries: tuple[CpuidEntry, ...]) -> list[dict[str, Any]]:
    return [
        {
            "function": f"{leaf:08x}",
            "index": subleaf,
            "flags": flags,
            "regs": written_registers(registers),
        }
        for leaf, subleaf, flags, registers in entries
    ]


def _written_msrs(msrs: Mapping[int, int]) -> dict[str, dict[str, str | None]]:
    from pyqom.hosts.names import msr_name

    return {
        f"{index:08x}": {"name": msr_name(index), "value": f"{value:016x}"}
        for index, value in sorted(msrs.items())
    }


def _written64(value: int | None) -> str | None:
    return None if value is None else f"{value:016x}"
