"""What differs in the CPUID of two vCPUs, down to the bits."""

from __future__ import annotations

from pyqom.answers.guest_cpuid import answered
from pyqom.answers.results import FieldDifference, LeafDifference
from pyqom.devices.cpu.x86.cpuid.decoding import decode, feature_at, known_leaf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyqom.devices.cpu.x86.cpu import X86CPU
    from pyqom.devices.cpu.x86.cpuid.decoding import Field
    from pyqom.devices.cpu.x86.features import Features

    Registers = tuple[int, ...]


def cpuid_diff(a: X86CPU, b: X86CPU) -> list[LeafDifference]:
    """The leaves in which two realized vCPUs differ after a reset, in order, with their fields.

    `pyqom.guest_cpu` makes such vCPUs; those of a VirtualMachine will do as well.  Raises
    PyqomError where one is not realized.
    """
    left, right = _leaves(a), _leaves(b)
    found = []
    for leaf, subleaf in sorted(left.keys() | right.keys()):
        here, there = left.get((leaf, subleaf)), right.get((leaf, subleaf))
        if here == there or not any((*(here or ()), *(there or ()))):
            continue
        known = known_leaf(leaf, subleaf)
        fields = tuple(_fields(leaf, subleaf, here, there, a.facts.features))
        title = None if known is None else known.title
        found.append(LeafDifference(leaf, subleaf, title, here, there, fields))
    return found


def _leaves(cpu: X86CPU) -> dict[tuple[int, int], Registers]:
    return {
        (leaf, subleaf): tuple(registers)
        for leaf, subleaf, *registers in answered(cpu.cpuid_table())
    }


def _fields(
    leaf: int, subleaf: int, a: Registers | None, b: Registers | None, features: Features
) -> Iterator[FieldDifference]:
    """The fields that differ, in the order of the registers."""
    left, right = _by_place(leaf, subleaf, a), _by_place(leaf, subleaf, b)
    for place in dict.fromkeys((*left, *right)):
        here, there = left.get(place), right.get(place)
        field = here or there
        assert field is not None
        values = _value(here, a), _value(there, b)
        if values[0] == values[1]:
            continue
        feature = None
        if field.low == field.high:
            feature = feature_at(features, leaf, subleaf, field.register, field.low)
        yield FieldDifference(field.register, field.bits, field.name, *values, feature)


def _by_place(
    leaf: int, subleaf: int, registers: Registers | None
) -> dict[tuple[str, str, str], Field]:
    fields = decode(leaf, subleaf, registers or (0, 0, 0, 0))
    return {(field.register, field.bits, field.name): field for field in fields}


def _value(field: Field | None, registers: Registers | None) -> bool | int | str | None:
    """What a side has in a field; bits without a name are 0 where no field tells of them."""
    if registers is None:
        return None
    return 0 if field is None else field.value
