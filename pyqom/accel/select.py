"""Finding an accelerator by its name."""

from __future__ import annotations

from pyqom.accel.accelerator import Accelerator
from pyqom.errors import PyqomError
from pyqom.quick import memo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyqom.release import Release


@memo
def _tcg(release: Release) -> Accelerator:
    from pyqom.accel.tcg import TCG

    return TCG(release)


def accelerator(accel: str | Accelerator, release: Release) -> Accelerator:
    """The accelerator of that name; one that is already made must be of the same release.

    Raises PyqomError for a name that is none, and for ``kvm``, which needs a host.
    """
    if not isinstance(accel, str | Accelerator):
        raise TypeError(f"an accelerator is a name or an Accelerator, not {accel!r}")
    if not isinstance(accel, str):
        if accel.release is not release:
            raise PyqomError(f"the accelerator is of release {accel.release.name}")
        return accel
    if accel == "tcg":
        return _tcg(release)
    if accel == "kvm":
        raise PyqomError("accelerator 'kvm' needs a host, and none can be given yet")
    raise PyqomError(f"invalid accelerator {accel}")
