"""What the configuration space of a PCI device tells, as far as ``query-pci`` shows it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

DEFAULT_SUBSYSTEM = "1af4:1100"
CLASSES = {
    "0100": "SCSI controller",
    "0101": "IDE controller",
    "0104": "RAID controller",
    "0106": "SATA controller",
    "0200": "Ethernet controller",
    "0280": "Network controller",
    "0300": "VGA controller",
    "0380": "Display controller",
    "0403": "Audio controller",
    "0500": "RAM controller",
    "0600": "Host bridge",
    "0601": "ISA bridge",
    "0604": "PCI bridge",
    "0680": "Bridge",
    "0700": "Serial port",
    "0803": "RTC",
    "0900": "Keyboard",
    "0902": "Mouse",
    "0c03": "USB controller",
    "0c05": "SMBus",
}
"""What classes are called (``pci_class_descriptions``)."""
UNKNOWN_CLASS = "ff00"


def facts(declared: Mapping[str, Any], bridge: bool) -> dict[str, Any]:
    """The members of QMP's PciDeviceInfo that a declaration says.

    `declared` has ``id`` and ``subsystem`` as ``VENDOR:DEVICE``, ``class``, all in hexadecimal,
    ``pin`` and ``bars``, each ``NUMBER KIND SIZE``; a bridge has no subsystem.
    """
    vendor, device = _pair(declared.get("id", "0000:0000"))
    code = declared.get("class", UNKNOWN_CLASS)
    info: dict[str, Any] = {
        "class_info": {"class": int(code, 16)},
        "id": {"vendor": vendor, "device": device},
        "irq_pin": declared.get("pin", 0),
        "regions": [_bar(text) for text in declared.get("bars", ())],
    }
    if code in CLASSES:
        info["class_info"]["desc"] = CLASSES[code]
    if not bridge:
        vendor, device = _pair(declared.get("subsystem", DEFAULT_SUBSYSTEM))
        info["id"].update({"subsystem-vendor": vendor, "subsystem": device})
    if info["irq_pin"]:
        info["irq"] = 0
    return info


def _pair(text: str) -> tuple[int, int]:
    vendor, _, device = text.partition(":")
    return int(vendor, 16), int(device, 16)


def _bar(text: str) -> dict[str, Any]:
    """A base address register that no guest has set."""
    number, *kind, size = text.split()
    info: dict[str, Any] = {"bar": int(number), "address": -1, "size": int(size)}
    if kind == ["io"]:
        return {**info, "type": "io"}
    return {
        **info,
        "type": "memory",
        "prefetch": "prefetchable" in kind,
        "mem_type_64": kind[-1] == "memory64",
    }
