"""What ciphers for guests (``backends/cryptodev.c`` and its kinds)."""

from __future__ import annotations

from pyqom.devices.backends.fields import Fact, Field
from pyqom.devices.backends.objects import Backend
from pyqom.devices.backends.throttle import check_config, unlimited
from pyqom.errors import (
    InvalidParameterValue,
    ObjectInUse,
    ObjectRefused,
    PropertyError,
)
from pyqom.types import Object, String, UInt32, UInt64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

DELETING_SAYS_IT_IS_IN_USE = Fact(since="11.1")


def _queues(obj: Any, value: int, name: str) -> int:
    if not value:
        raise InvalidParameterValue(f"Property '{obj.typename}.{name}' doesn't take value '0'")
    return value


def _limited(bucket: str) -> Callable[[Any, int, str], int]:
    """Accept a limit that goes together with the other one."""

    def accept(obj: Any, value: int, name: str) -> int:
        config = unlimited()
        config.update({"bps-total": obj._throttle_bps, "iops-total": obj._throttle_ops})
        changed = config[bucket] != value
        config[bucket] = value
        if changed and any(config[name] for name in ("bps-total", "iops-total")):
            check_config(config)
        return value

    return accept


class CryptoDevBackend(Object, Backend, typename="cryptodev-backend"):
    """A backend without ciphers; ``is_used`` is what a device says that uses it."""

    is_used = False

    queues = Field(UInt32(1), accept=_queues)
    throttle_bps = Field(UInt64(), accept=_limited("bps-total"), since="11.1")
    throttle_ops = Field(UInt64(), accept=_limited("iops-total"), since="11.1")

    def can_be_deleted(self) -> bool:
        """Not while a device uses it."""
        if self.is_used and DELETING_SAYS_IT_IS_IN_USE.holds(self.registry):
            raise ObjectInUse(
                f"Cannot delete cryptodev backend '{self.path_component}' that is in use"
            )
        return not self.is_used


class CryptoDevBackendBuiltin(CryptoDevBackend, typename="cryptodev-backend-builtin"):
    """QEMU's own ciphers."""

    def complete(self) -> None:
        """It has one queue."""
        if self.queues != 1:
            raise ObjectRefused("Only support one queue in cryptdov-builtin backend")


def _unless_opened(obj: Any, value: str, name: str) -> str:
    if obj.opened:
        raise PropertyError("Property 'chardev' can no longer be set")
    return value


class CryptoDevVhostUser(CryptoDevBackend, typename="cryptodev-vhost-user"):
    """Another process, behind a chardev."""

    opened = False

    chardev = Field(
        String(), accept=_unless_opened, shown=lambda obj: obj._chardev if obj.opened else None
    )

    def complete(self) -> None:
        """Take the chardev."""
        self.surroundings.take(self, self._chardev)
        self.opened = True

    def instance_finalize(self) -> None:
        """Let the chardev go."""
        self.surroundings.release(self, self._chardev)
