"""Memory attributes of NUMA nodes: latency, bandwidth and side caches.

They end up in the guest's ACPI table HMAT; here they are checked as QEMU does (``hw/core/numa.c``,
``parse_numa_hmat_lb`` and ``parse_numa_hmat_cache``) and kept.
"""

from __future__ import annotations

from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pyqom.machines.numa import NumaState

U16_BITS = 16
U16_MAX = (1 << U16_BITS) - 1
U64_MAX = (1 << 64) - 1
MIB = 1 << 20
LEVELS = 4
"""The memory itself and up to three side caches (``HMAT_LB_LEVELS``)."""


class Bandwidth:
    """What is known of one kind of latency or bandwidth at one level (``HMAT_LB_Info``).

    ``base`` is the unit of the table's 16 bit entries, ``span`` what the entries so far need;
    ``entries`` are the values by (initiator, target).
    """

    __slots__ = ("base", "entries", "span")

    def __init__(self) -> None:
        self.base = 0
        self.span = 0
        self.entries: dict[tuple[int, int], int] = {}


def set_bandwidth(numa: NumaState, record: Mapping[str, Any]) -> None:
    """Take an ``hmat-lb`` record.  Raises PyqomError."""
    initiator, target = record["initiator"], record["target"]
    count = len(numa)
    if initiator > count:
        raise PyqomError(f"Invalid initiator={initiator}, it should be less than {count}")
    if target > count:
        raise PyqomError(f"Invalid target={target}, it should be less than {count}")
    if not numa.node(initiator).has_cpu:
        raise PyqomError(f"Invalid initiator={initiator}, it isn't an initiator proximity domain")
    if not numa.is_present(target):
        raise PyqomError(f"The target={target} should point to an existing node")
    kind = record["data-type"]
    known = numa.bandwidths.setdefault((record["hierarchy"], kind), Bandwidth())
    is_latency = kind.endswith("latency")
    name, other = ("latency", "bandwidth") if is_latency else ("bandwidth", "latency")
    if name not in record:
        raise PyqomError(f"Missing '{name}' option")
    if other in record:
        raise PyqomError(f"Invalid option '{other}' since the data type is {name}")
    value = record[name]
    if not is_latency and value % MIB:
        raise PyqomError(
            f"Bandwidth {value} between initiator={initiator} and "
            f"target={target} should be 1MB aligned"
        )
    if (initiator, target) in known.entries:
        raise PyqomError(
            f"Duplicate configuration of the {name} for initiator={initiator} and target={target}"
        )
    known.base = known.base or (U64_MAX if is_latency else 1)
    if value:
        pair = f"between initiator={initiator} and target={target}"
        (_fit_latency if is_latency else _fit_bandwidth)(known, value, pair)
        numa.node(target).described.add(name)
    known.entries[initiator, target] = value


def _fit_latency(known: Bandwidth, value: int, pair: str) -> None:
    """All latencies are 16 bit multiples of one power of ten."""
    base, rest = 1, value
    while rest % 10 == 0:
        base, rest = base * 10, rest // 10
    most = max(known.span, value // known.base)
    if most >= U16_MAX:
        raise PyqomError(
            f"Latency {value} {pair} should not differ from previously entered "
            f"min or max values on more than {U16_MAX - 1}"
        )
    known.base, known.span = min(known.base, base), most


def _fit_bandwidth(known: Bandwidth, value: int, pair: str) -> None:
    """All bandwidths are 16 bit multiples of one power of two."""
    span = known.span | value
    first = (span & -span).bit_length() - 1
    if span.bit_length() - first > U16_BITS or value >> first >= U16_MAX:
        raise PyqomError(
            f"Bandwidth {value} {pair} should not differ from previously "
            f"entered values on more than {U16_MAX - 1}"
        )
    known.base, known.span = 1 << first, span


def set_cache(numa: NumaState, record: Mapping[str, Any]) -> None:
    """Take an ``hmat-cache`` record.  Raises PyqomError."""
    number, level, size = record["node-id"], record["level"], record["size"]
    count = len(numa)
    if number >= count:
        raise PyqomError(f"Invalid node-id={number}, it should be less than {count}")
    if numa.node(number).described != {"latency", "bandwidth"}:
        raise PyqomError(
            f"The latency and bandwidth information of node-id={number} should be provided "
            "before memory side cache attributes"
        )
    if not 1 <= level < LEVELS:
        raise PyqomError(
            f"Invalid level={level}, it should be larger than 0 "
            f"and less than or equal to {LEVELS - 1}"
        )
    if (number, level) in numa.caches:
        raise PyqomError(
            f"Duplicate configuration of the side cache for node-id={number} and level={level}"
        )
    below, above = numa.caches.get((number, level - 1)), numa.caches.get((number, level + 1))
    if level > 1 and below is None:
        raise PyqomError(f"Cache level={level - 1} shall be defined first")
    if below is not None and size <= below["size"]:
        raise PyqomError(
            f"Invalid size={size}, the size of level={level} should be larger than"
            f" the size({below['size']}) of level={level - 1}"
        )
    if above is not None and size >= above["size"]:
        raise PyqomError(
            f"Invalid size={size}, the size of level={level} should be less than"
            f" the size({above['size']}) of level={level + 1}"
        )
    numa.caches[number, level] = dict(record)
