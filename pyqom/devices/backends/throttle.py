"""Throttling: limits of operations and bytes, in groups (``util/throttle.c``,
``block/throttle-groups.c``).

A configuration is a dict by the names of QAPI's ThrottleLimits: six buckets ("bps-total",
"iops-read", ...), each with its average, a "-max" and a "-max-length", and "iops-size".
"""

from __future__ import annotations

from pyqom.devices.backends.fields import Fact, Field
from pyqom.devices.backends.objects import Backend
from pyqom.errors import InvalidParameterValue, ObjectInUse, PropertyError
from pyqom.types import Int64, Object, Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BUCKETS = ("bps-total", "bps-read", "bps-write", "iops-total", "iops-read", "iops-write")
VALUE_MAX = 10**15
UINT_MAX = (1 << 32) - 1
U64 = (1 << 64) - 1
LENGTHS = tuple(f"{bucket}-max-length" for bucket in BUCKETS)
LIMITS = (
    *BUCKETS,
    *(f"{bucket}-max" for bucket in BUCKETS),
    *LENGTHS,
    "iops-size",
)

DELETING_NAMES_REFERENCES = Fact(since="11.1")


def unlimited() -> dict[str, int]:
    """A configuration without limits (``throttle_config_init()``)."""
    return {name: int(name.endswith("-length")) for name in LIMITS}


def check_config(config: dict[str, int]) -> None:
    """throttle_is_valid(): raises InvalidParameterValue for what does not go together."""
    for unit in ("bps", "iops"):
        for kind in ("", "-max"):
            apart = config[f"{unit}-read{kind}"] or config[f"{unit}-write{kind}"]
            if config[f"{unit}-total{kind}"] and apart:
                raise InvalidParameterValue(
                    "bps/iops/max total values and read/write values"
                    " cannot be used at the same time"
                )
    if config["iops-size"] and not any(config[f"iops-{way}"] for way in ("total", "read", "write")):
        raise InvalidParameterValue("iops size requires an iops value to be set")
    for bucket in BUCKETS:
        _check_bucket(*(config[bucket + part] & U64 for part in ("", "-max", "-max-length")))


def _check_bucket(average: int, highest: int, length: int) -> None:
    """One bucket, in C's unsigned numbers."""
    if average > VALUE_MAX or highest > VALUE_MAX:
        raise InvalidParameterValue(f"bps/iops/max values must be within [0, {VALUE_MAX}]")
    if not length:
        raise InvalidParameterValue("the burst length cannot be 0")
    if length > 1 and not highest:
        raise InvalidParameterValue("burst length set without burst rate")
    if highest and length > VALUE_MAX // highest:
        raise InvalidParameterValue("burst length too high for this burst rate")
    if highest and not average:
        raise InvalidParameterValue("bps_max/iops_max require corresponding bps/iops values")
    if highest and highest < average:
        raise InvalidParameterValue("bps_max/iops_max cannot be lower than bps/iops")


def _before_ready(obj: Any, name: str) -> None:
    if obj.ready:
        raise PropertyError("Property cannot be set after initialization")


def _keep(obj: Any, value: int, name: str) -> int:
    if value < 0:
        raise InvalidParameterValue("Property values cannot be negative")
    if name.endswith("-length") and value > UINT_MAX:
        # QEMU lacks the blank
        raise InvalidParameterValue(f"{name} value must be in therange [0, {UINT_MAX}]")
    obj.config[name.removeprefix("x-")] = value
    return value


def _keep_limits(obj: Any, value: dict[str, int], name: str) -> dict[str, int]:
    """All at once: nothing is kept of limits that do not go together."""
    for length in LENGTHS:
        if value.get(length, 0) > UINT_MAX:
            raise InvalidParameterValue(f"{length} value must be in the range [0, {UINT_MAX}]")
    config = {**obj.config, **value}
    check_config(config)
    obj.config = config
    return value


def limit(name: str) -> Field:
    """One limit, which can be set as long as the group is not ready."""
    return Field(
        Int64(), "int", refuse=_before_ready, accept=_keep, shown=lambda obj: obj.config[name]
    )


class ThrottleGroup(Object, Backend, typename="throttle-group"):
    """Limits that block devices share.  ``config`` is what counts."""

    ready = False
    config: dict[str, int]

    x_iops_total = limit("iops-total")
    x_iops_total_max = limit("iops-total-max")
    x_iops_total_max_length = limit("iops-total-max-length")
    x_iops_read = limit("iops-read")
    x_iops_read_max = limit("iops-read-max")
    x_iops_read_max_length = limit("iops-read-max-length")
    x_iops_write = limit("iops-write")
    x_iops_write_max = limit("iops-write-max")
    x_iops_write_max_length = limit("iops-write-max-length")
    x_bps_total = limit("bps-total")
    x_bps_total_max = limit("bps-total-max")
    x_bps_total_max_length = limit("bps-total-max-length")
    x_bps_read = limit("bps-read")
    x_bps_read_max = limit("bps-read-max")
    x_bps_read_max_length = limit("bps-read-max-length")
    x_bps_write = limit("bps-write")
    x_bps_write_max = limit("bps-write-max")
    x_bps_write_max_length = limit("bps-write-max-length")
    x_iops_size = limit("iops-size")
    limits = Field(
        Struct("ThrottleLimits", {name: Int64() for name in LIMITS}, LIMITS),
        accept=_keep_limits,
        shown=lambda obj: dict(obj.config),
    )

    def instance_init(self) -> None:
        """No limit at all."""
        self.config = unlimited()

    def complete(self) -> None:
        """Check the limits that were set one by one."""
        check_config(self.config)
        self.ready = True

    def can_be_deleted(self) -> bool:
        """Not while something besides its container holds it."""
        if self._references > 1 and DELETING_NAMES_REFERENCES.holds(self.registry):
            raise ObjectInUse(
                f"Cannot delete throttle group '{self.path_component}' with active references"
            )
        return self._references == 1
