"""``query-machines``, for any release."""

from __future__ import annotations

from pyqom.machines import machines as machine_types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.answers.results import MachineInfo


def machines(*, release: str | None = None, compat_props: bool = False) -> list[MachineInfo]:
    """What QEMU answers to ``query-machines``, in its order; new dictionaries each time.

    With `compat_props` each has its compat properties, where the release can tell them.
    Raises UnknownRelease.
    """
    infos: list[Any] = [machine.info(compat_props) for machine in machine_types(release)]
    return infos
