"""The command line: one module a verb."""

from __future__ import annotations

from pyqom.cli.program import main, script

__all__ = ["main", "script"]
