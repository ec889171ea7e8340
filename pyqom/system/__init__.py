"""The drop-in for ``qemu-system-x86_64``."""

from __future__ import annotations

from pyqom.system.program import main

__all__ = ["main"]
