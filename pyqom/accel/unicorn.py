"""TCG that runs guest code: the Unicorn engine (extra ``unicorn``), which is pyqom's own choice.

To a CPU model, to management software and so to CPUID it is TCG of the machine's release.
"""

from __future__ import annotations

from pyqom.accel.tcg import TCG


class Unicorn(TCG):
    """``-accel unicorn``; `pyqom.emulator` is what runs."""

    runs_guests = True


def missing_engine() -> str | None:
    """Why the engine cannot be loaded; None where it can."""
    try:
        import unicorn  # noqa: F401
    except ImportError as error:
        return f"{error}; pip install 'pyqom[unicorn]'"
    return None
