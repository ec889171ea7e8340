"""Properties that name a backend: block node, network, chardev, audio, TPM.

Setting one connects the device with the backend, and may be refused: there is none of that name,
or another device has it.  QEMU: ``hw/core/qdev-properties-system.c``.
"""

from __future__ import annotations

from pyqom.errors import InvalidParameterValue, ObjectRefused
from pyqom.types import Int32, Str
from pyqom.types.property import Property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class BackendName(Str):
    """The name of a backend, which the device is connected with when it is set."""

    def set(self, obj: Any, value: Any, name: str | None = None, how: str = "check") -> None:
        self.allow_set(obj)
        text = getattr(self, how)(value, name or self.name, obj)
        self.store(obj, text)

    def store(self, obj: Any, value: Any) -> None:
        if isinstance(value, str):
            value = self.connect(obj, value) if obj.board is not None else value
        Property.store(self, obj, value)

    def connect(self, obj: Any, text: str) -> Any:
        """Connect the device with the backend; the result is what is kept.

        Raises InvalidParameterValue.
        """
        if text:
            raise self.not_found(obj, text)
        return None

    def not_found(self, obj: Any, text: str) -> InvalidParameterValue:
        """The error of a name that no backend has."""
        return InvalidParameterValue(
            f"Property '{obj.typename}.{self.name}' can't find value '{text}'"
        )

    def in_use(self, obj: Any, text: str) -> InvalidParameterValue:
        """The error of a backend that another device has."""
        return InvalidParameterValue(
            f"Property '{obj.typename}.{self.name}' can't take value '{text}', it's in use"
        )

    def wire(self, value: Any) -> Any:
        if value is None or isinstance(value, str):
            return super().wire(value)
        return value.name

    def format(self, value: Any, human: bool = False) -> str:
        return super().format(self.wire(value) or None, human)


class Drive(BackendName):
    """A block node, or the drive that has one; it may be changed after the device is realized."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"after_realize": True, **options})

    def connect(self, obj: Any, text: str) -> Any:
        old, blocks = getattr(obj, self.slot), obj.board.blocks
        if old is not None:
            old.replace(blocks.node(text))
            return old
        if not text:
            return None
        backend = blocks.backend_for(text)
        if backend is None:
            raise self.not_found(obj, text)
        backend.attach(obj, text)
        return backend

    def released(self, obj: Any) -> None:
        backend = getattr(obj, self.slot, None)
        if backend is not None and not isinstance(backend, str):
            setattr(obj, self.slot, None)
            backend.detach(obj)


class NetDev(BackendName):
    """A network backend; a device without one is connected with nothing."""

    def connect(self, obj: Any, text: str) -> Any:
        client = obj.board.network.find(text)
        if client is None:
            raise self.not_found(obj, text)
        if client.peer is not None:
            raise self.in_use(obj, text)
        client.peer = obj
        return client

    def released(self, obj: Any) -> None:
        client = getattr(obj, self.slot, None)
        if client is not None and not isinstance(client, str):
            setattr(obj, self.slot, None)
            client.peer = None


class CharDev(BackendName):
    """A character device; what has it is its frontend."""

    def connect(self, obj: Any, text: str) -> Any:
        if not text:
            return None
        surroundings = obj.board.surroundings
        chardev = surroundings.chardev(text)
        if chardev is None:
            raise self.not_found(obj, text)
        try:
            surroundings.claim(obj, text, chardev)
        except ObjectRefused as refusal:
            raise InvalidParameterValue(
                f"Property '{obj.typename}.{self.name}' can't take value '{text}': {refusal}"
            ) from None
        return chardev

    def wire(self, value: Any) -> Any:
        return super().wire(value) if value is None or isinstance(value, str) else value.label

    def released(self, obj: Any) -> None:
        chardev = getattr(obj, self.slot, None)
        if chardev is not None and not isinstance(chardev, str):
            setattr(obj, self.slot, None)
            if chardev.frontend is obj:
                chardev.frontend = None


class AudioDev(BackendName):
    """An audio backend."""

    def connect(self, obj: Any, text: str) -> Any:
        found = obj.board.audiodevs.get(text)
        if found is None:
            if "short-audiodev-errors" in obj.registry.release.rules:
                raise InvalidParameterValue(f"audiodev '{text}' not found")
            raise self.not_found(obj, text)
        return found


class TPMBackend(BackendName):
    """A TPM backend."""


class BootIndex(Int32):
    """Where a device stands in the boot order; negative: nowhere (``system/bootdevice.c``)."""

    initial = -1

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"after_realize": True, **options})

    def store(self, obj: Any, value: int) -> None:
        board = obj.board
        if board is not None:
            order = board.boot_order
            if value >= 0 and value in order:
                raise InvalidParameterValue(f"The bootindex {value} has already been used")
            self._leave(obj, order)
            if value >= 0:
                order[value] = obj, self.name
        super().store(obj, value)

    def _leave(self, obj: Any, order: dict[int, Any]) -> None:
        for index, (device, name) in list(order.items()):
            if device is obj and name == self.name:
                del order[index]

    def released(self, obj: Any) -> None:
        if obj.board is not None:
            self._leave(obj, obj.board.boot_order)
