"""QMP: the protocol, its servers and its commands."""
