"""Reading the record of a host from a file."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from pyqom.errors import BadData
from pyqom.hosts.host import CpuidEntry, Extension, Host, Registers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def load_host(path: str | os.PathLike[str]) -> Host:
    """The host that is recorded in a file of pyqom's own format, ``kvm-host/1``.

    Raises BadData where the file cannot be read or holds no such record.
    """
    name = os.fspath(path)
    try:
        with open(name, encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, ValueError) as error:
        raise BadData(f"{name}: {error}", [("", str(error))]) from error
    return host_of(content, os.path.basename(name).removesuffix(".json"))


def host_of(content: Mapping[str, Any], name: str) -> Host:
    """The host of a record of the format ``kvm-host/1``, called `name` unless it says its own."""
    hyperv = content.get("hv_cpuid")
    return Host(
        name=content.get("name", name),
        hardware={_place(key): _registers(text) for key, text in content["host_cpuid"].items()},
        supported=_entries(content.get("supported_cpuid", ())),
        emulated=_entries(content.get("emulated_cpuid", ())),
        hyperv=_entries(hyperv) if isinstance(hyperv, list) else None,
        extensions={
            int(number): Extension(each.get("name"), each["kvm"], each["vm"])
            for number, each in content.get("extensions", {}).items()
        },
        msr_features={
            int(index, 16): int(each if isinstance(each, str) else each["value"], 16)
            for index, each in content.get("msr_features", {}).items()
        },
        msr_indices=tuple(int(index, 16) for index in content.get("msr_index_list", ())),
        mce_cap=_number(content.get("mce_cap")),
        xcomp_guest_supp=_number(content.get("xcomp_guest_supp")),
        tsc_khz=content.get("tsc_khz"),
        kernel=content.get("kernel"),
    )


def _number(text: str | None) -> int | None:
    return None if text is None else int(text, 16)


def _place(key: str) -> tuple[int, int]:
    leaf, _, subleaf = key.partition(".")
    return int(leaf, 16), int(subleaf, 16)


def _registers(text: str) -> Registers:
    eax, ebx, ecx, edx = (int(word, 16) for word in text.split())
    return eax, ebx, ecx, edx


def _entries(entries: Iterable[Mapping[str, Any]]) -> tuple[CpuidEntry, ...]:
    return tuple(
        CpuidEntry(
            int(each["function"], 16), each["index"], each["flags"], _registers(each["regs"])
        )
        for each in entries
    )
