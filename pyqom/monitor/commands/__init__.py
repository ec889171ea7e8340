"""The QMP commands, one module a QAPI module; `pyqom.monitor.command.load` brings one in."""
