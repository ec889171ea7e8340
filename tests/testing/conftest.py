from __future__ import annotations

import pytest

from pyqom.testing import plugin


def pytest_configure(config: pytest.Config) -> None:
    """The plugin, where pyqom is not installed and so pytest does not find it by itself."""
    if not config.pluginmanager.is_registered(plugin):
        config.pluginmanager.register(plugin, "pyqom")
