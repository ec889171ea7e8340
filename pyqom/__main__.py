"""``python -m pyqom``."""

from __future__ import annotations

import sys

from pyqom.cli import main

sys.exit(main())
