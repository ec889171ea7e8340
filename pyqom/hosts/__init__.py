"""Hosts: what a machine's CPU, its kernel's KVM and so QEMU can give to a guest."""

from pyqom.hosts.host import CpuidEntry, Extension, Host
from pyqom.hosts.reading import load_host

__all__ = ["CpuidEntry", "Extension", "Host", "load_host"]
