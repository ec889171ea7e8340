"""``pyqom diff --cpuid``: the registers and fields of CPUID in which two vCPUs differ."""

from __future__ import annotations

from pyqom.answers.cpuid_difference import cpuid_diff
from pyqom.answers.guest_cpuid import cpu_of
from pyqom.cli.page import Page
from pyqom.devices.cpu.x86.cpuid.facts import REGISTERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from pyqom.answers.difference import Side
    from pyqom.answers.results import FieldDifference, LeafDifference
    from pyqom.cli.output import Output


def run(
    a: Side,
    b: Side,
    smp: Sequence[str | None],
    vcpu: int,
    out: Output,
    about: Callable[[Side], dict[str, Any]] | None,
) -> int:
    """Print the differences, as JSON where `about` tells of a side; 0 where there is none."""
    cpus = [
        cpu_of(side.target, side.model, side.props, topology, vcpu)
        for side, topology in zip((a, b), smp, strict=True)
    ]
    found = cpuid_diff(*cpus)
    if about is not None:
        out.json({"a": about(a), "b": about(b), "vcpu": vcpu, "cpuid": list(map(_record, found))})
    else:
        _page(a, b, vcpu, found).show(out)
    return 1 if found else 0


def _record(found: LeafDifference) -> dict[str, Any]:
    names = ("register", "bits", "name", "a", "b", "feature")
    return {
        "leaf": found.leaf,
        "subleaf": found.subleaf,
        "title": found.title,
        "a": _registers(found.a),
        "b": _registers(found.b),
        "fields": [{name: getattr(each, name) for name in names} for each in found.fields],
    }


def _registers(values: tuple[int, ...] | None) -> dict[str, int] | None:
    if values is None:
        return None
    return {name.lower(): value for name, value in zip(REGISTERS, values, strict=True)}


def _page(a: Side, b: Side, vcpu: int, found: Sequence[LeafDifference]) -> Page:
    page = Page()
    page.title(f"CPUID of CPU {vcpu}: {a} (a) and {b} (b)")
    if found:
        page.table(("leaf", "where", "field", "feature", "a", "b"), _rows(found))
    else:
        page.text("no difference")
    return page


def _rows(found: Sequence[LeafDifference]) -> Iterator[tuple[str, ...]]:
    """The registers of each leaf that differ, and under them their fields."""
    for leaf in found:
        place = f"{leaf.leaf:08x}.{leaf.subleaf:x}"
        for number, name in enumerate(REGISTERS):
            here, there = (side[number] if side else None for side in (leaf.a, leaf.b))
            if here != there:
                yield place, name, leaf.title or "", "", _hex(here), _hex(there)
                place = ""
        for field in leaf.fields:
            bits = "" if "+" in field.register else f"[{field.bits}]"
            yield "", field.register + bits, *_field(field)


def _field(field: FieldDifference) -> tuple[str, str, str, str]:
    return f"  {field.name}", field.feature or "", _shown(field.a), _shown(field.b)


def _hex(value: int | None) -> str:
    return "-" if value is None else f"{value:08x}"


def _shown(value: bool | int | str | None) -> str:
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)
