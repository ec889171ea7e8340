"""``python -m pyqom.system``."""

from __future__ import annotations

import sys

from pyqom.system.program import main

sys.exit(main())
