"""Block nodes and the backends through which devices use them: names and rights, no data.

QEMU: ``block.c``, ``block/block-backend.c``, ``hw/block/block.c``.
"""

from __future__ import annotations

from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SECTOR = 512
CONSISTENT_READ, WRITE, WRITE_UNCHANGED, RESIZE = (
    "consistent read",
    "write",
    "write unchanged",
    "resize",
)
ALL = frozenset((CONSISTENT_READ, WRITE, WRITE_UNCHANGED, RESIZE))
ORDER = (CONSISTENT_READ, WRITE, WRITE_UNCHANGED, RESIZE)
"""In which order rights are told."""


class Node:
    """A block node: its name, its driver and what it was made from.

    ``options`` are the BlockdevOptions, ``size`` is in bytes, ``file`` the path that it stands
    for (None for none), ``child`` the node below it.
    """

    def __init__(
        self,
        name: str,
        driver: str,
        options: Mapping[str, Any],
        size: int = 0,
        read_only: bool = False,
        file: str | None = None,
        child: Node | None = None,
    ) -> None:
        self.name = name
        self.driver = driver
        self.options = dict(options)
        self.size = size
        self.read_only = read_only
        self.file = file
        self.child = child
        self.owned = True
        """Whether a user asked for it by its name, and may delete it."""
        self.users: list[Backend] = []
        self.parents: list[Node] = []


class Backend:
    """Between a node and a device (BlockBackend); ``id`` is that of a ``-drive``, else None."""

    def __init__(self, node: Node | None, id: str | None = None) -> None:
        self.node = node
        self.id = id
        self.device: Any = None
        self.rights: frozenset[str] = frozenset()
        self.shared: frozenset[str] = ALL
        self.removable = False
        """Whether media can be changed."""
        self.keeps_status = False
        """Whether the device tells of errors (``blk_iostatus_enable``)."""
        if node is not None:
            node.users.insert(0, self)

    @property
    def name(self) -> str:
        """What the device's property shows."""
        if self.id is not None:
            return self.id
        return "" if self.node is None else self.node.name

    @property
    def described(self) -> str:
        """How an error names it."""
        device = self.device
        if self.id is not None:
            return f"block device '{self.id}'"
        if device is None:
            return "an unnamed block device"
        return f"block device '{device.id or device.canonical_path()}'"

    def attach(self, device: Any, text: str) -> None:
        """Give it to a device.  Raises PyqomError where another has it."""
        if self.device is not None:
            raise PyqomError(f"Drive '{text}' is already in use by another device")
        self.device = device

    def detach(self, device: Any) -> None:
        """The device goes away, and with it a backend that nobody else knows."""
        self.device = None
        self.drop_rights()
        if self.id is None:
            device.board.blocks.drop(self)

    def replace(self, node: Node) -> None:
        """Use another node (``blk_replace_bs``).  Raises PyqomError."""
        old = self.node
        if old is not None:
            old.users.remove(self)
        self.node = node
        node.users.insert(0, self)
        try:
            check_rights(node, self)
        except PyqomError:
            node.users.remove(self)
            self.node = old
            if old is not None:
                old.users.insert(0, self)
            raise

    def take_rights(self, rights: frozenset[str], shared: frozenset[str]) -> None:
        """Say what the device does, and what others may do meanwhile.  Raises PyqomError."""
        saved = self.rights, self.shared
        self.rights, self.shared = rights, shared
        if self.node is not None:
            try:
                check_rights(self.node, self)
            except PyqomError:
                self.rights, self.shared = saved
                raise

    def drop_rights(self) -> None:
        """Do nothing any more, and let others do all."""
        self.rights, self.shared = frozenset(), ALL


def check_rights(node: Node, mine: Backend) -> None:
    """Refuse a backend whose rights do not fit with those of the node's other users."""
    if WRITE in mine.rights and node.read_only:
        raise PyqomError("Block node is read-only")
    for first in node.users:
        for second in node.users:
            missing = second.rights - first.shared
            if first is not second and missing:
                names = ", ".join(right for right in ORDER if right in missing)
                use = f"(uses node '{node.name}' as 'root' child)"
                raise PyqomError(
                    f"Permission conflict on node '{node.name}': permissions '{names}' are both"
                    f" required by {second.described} {use} and unshared by"
                    f" {first.described} {use}."
                )


class Blocks:
    """The block nodes and drives of one machine."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.backends: list[Backend] = []
        """The backends of drives and devices, in the order in which they were made."""

    def node(self, name: str) -> Node:
        """The node of a name, or of a drive.  Raises PyqomError."""
        drive = self.drive(name)
        found = drive.node if drive is not None else self.nodes.get(name)
        if found is None:
            raise PyqomError(f"Cannot find device='' nor node-name='{name}'")
        return found

    def drive(self, name: str) -> Backend | None:
        """The drive of an id."""
        return next((backend for backend in self.backends if backend.id == name), None)

    def backend_for(self, name: str) -> Backend | None:
        """The drive of a name, or a new backend for the node of that name; None for neither."""
        node = self.nodes.get(name)
        return self.drive(name) or (None if node is None else self.new_backend(node))

    def new_backend(self, node: Node | None, id: str | None = None) -> Backend:
        """A new backend; a node of None is an empty drive."""
        backend = Backend(node, id)
        self.backends.append(backend)
        return backend

    def drop(self, backend: Backend) -> None:
        """Forget a backend that its device has let go."""
        self.backends.remove(backend)
        if backend.node is not None:
            backend.node.users.remove(backend)
            backend.node = None

    def add(self, node: Node) -> None:
        """Enter a node.  Raises PyqomError where the name is taken."""
        if self.drive(node.name) is not None:
            raise PyqomError(f"node-name={node.name} is conflicting with a device id")
        if node.name in self.nodes:
            raise PyqomError(f"Duplicate nodes with node-name='{node.name}'")
        self.nodes[node.name] = node
        if node.child is not None:
            node.child.parents.append(node)

    def remove(self, name: str) -> None:
        """Delete a node (``blockdev-del``).  Raises PyqomError."""
        node = self.nodes.get(name)
        if node is None:
            raise PyqomError(f"Failed to find node with node-name='{name}'")
        if node.users:
            raise PyqomError(f"Node {name} is in use")
        if not node.owned:
            raise PyqomError(f"Node {name} is not owned by the monitor")
        if node.parents:
            raise PyqomError(f"Block device {name} is in use")
        self.drop_node(node)

    def drop_node(self, node: Node) -> None:
        """Forget a node, and what is below it and has no name of its own."""
        del self.nodes[node.name]
        child = node.child
        if child is not None:
            child.parents.remove(node)
            if not child.owned and not child.parents:
                self.drop_node(child)
