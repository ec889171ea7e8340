"""What an object meets of its virtual machine: tree, machine, chardevs, netdevs, threads."""

from __future__ import annotations

from pyqom.devices.backends.fields import Fact
from pyqom.errors import DeviceNotFound, InvalidParameterValue, ObjectRefused
from pyqom.types.path import resolve_component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from pyqom.devices.context import Context

CHARDEVS_ARE_NAMED_IN_USE = Fact(since="11.1")
NO_THREAD = -1


class Surroundings:
    """The virtual machine, as far as the objects that users make see it.

    root       of the composition tree: ``/machine``, ``/chardevs`` and ``/objects`` are found in it
    context    property overrides of the machine type and of ``-global``; None: there are none
    thread_id  gives the id of the thread that an object would run; None: no thread has an id
    netdevs    ids of network backends, and how many queues each has
    """

    def __init__(
        self,
        root: Any,
        context: Context | None = None,
        thread_id: Callable[[Any], int] | None = None,
        netdevs: dict[str, int] | None = None,
    ) -> None:
        self.root = root
        self.context = context
        self._thread_id = thread_id
        self.netdevs: dict[str, int] = {} if netdevs is None else netdevs

    @property
    def machine(self) -> Any:
        """The machine object; None before there is one."""
        return resolve_component(self.root, "machine")

    def thread_id(self, owner: Any) -> int:
        """The id of the thread that `owner` would run."""
        return NO_THREAD if self._thread_id is None else self._thread_id(owner)

    def object(self, identifier: str) -> Any:
        """The object under ``/objects``; None where there is none."""
        objects = resolve_component(self.root, "objects")
        return None if objects is None else resolve_component(objects, identifier)

    def objects(self, typename: str) -> Iterator[Any]:
        """The objects under ``/objects`` that are a `typename`."""
        objects = resolve_component(self.root, "objects")
        for child in () if objects is None else objects.children():
            if child.cast(typename):
                yield child

    def chardev(self, label: str) -> Any:
        """The chardev of a label (``qemu_chr_find()``); None where there is none."""
        chardevs = resolve_component(self.root, "chardevs")
        return None if chardevs is None else resolve_component(chardevs, label)

    def claim(self, owner: Any, label: str, chardev: Any) -> None:
        """Make an object a chardev's frontend (``qemu_chr_fe_init()``).

        The chardev keeps it as ``frontend``.  Raises ObjectRefused where it has another.
        """
        if getattr(chardev, "frontend", None) is not None:
            if CHARDEVS_ARE_NAMED_IN_USE.holds(owner.registry):
                raise ObjectRefused(f"chardev '{label}' is already in use")
            raise ObjectRefused(f"Device '{label}' is in use")
        chardev.frontend = owner

    def take(self, owner: Any, label: str | None, prefix: str = "") -> None:
        """Find the chardev that a property of `owner` names, and claim it.

        `prefix` leads the error where there is no such chardev.
        Raises InvalidParameterValue (none is named), DeviceNotFound, ObjectRefused.
        """
        if label is None:
            raise InvalidParameterValue("Parameter 'chardev' expects a valid character device")
        chardev = self.chardev(label)
        if chardev is None:
            raise DeviceNotFound(f"{prefix}Device '{label}' not found")
        self.claim(owner, label, chardev)

    def release(self, owner: Any, label: str | None) -> None:
        """Let a chardev go that `owner` may have claimed."""
        chardev = None if label is None else self.chardev(label)
        if chardev is not None and getattr(chardev, "frontend", None) is owner:
            chardev.frontend = None
