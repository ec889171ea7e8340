"""``python -m pyqom``."""

from __future__ import annotations

from pyqom.cli import script

script()
