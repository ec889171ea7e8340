"""USB buses, their ports, and devices on them (QEMU ``hw/usb/bus.c``)."""

from __future__ import annotations

from pyqom.devices.bus import Bus
from pyqom.devices.device import Device
from pyqom.devices.hotplug import HotplugHandler
from pyqom.devices.parts import new_part
from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

LOW, FULL, HIGH, SUPER = "low", "full", "high", "super"
SPEEDS = (LOW, FULL, HIGH, SUPER)
DEEPEST = 5
"""How many hubs may stand one behind the other."""


class Port:
    """A place to plug a device in: its path such as "1.3", and the speeds that it takes."""

    __slots__ = ("depth", "path", "speeds")

    def __init__(self, path: str, speeds: Iterable[str], depth: int = 0) -> None:
        self.path = path
        self.speeds = tuple(speeds)
        self.depth = depth


class USBBus(Bus):
    """The model of type "usb-bus"; devices come and go without asking the guest."""

    def instance_init(self) -> None:
        """No port is there yet."""
        self.free: list[Port] = []

    def add_ports(self, count: int, speeds: Iterable[str], first: int = 1) -> None:
        """Register root ports, numbered from `first`."""
        self.free += [Port(str(first + index), speeds) for index in range(count)]

    def claim(self, device: USBDevice) -> Port:
        """Find a device its port (``usb_claim_port``).  Raises PyqomError."""
        path = device._port
        if path is not None:
            for port in self.free:
                if port.path == path:
                    self.free.remove(port)
                    return port
            raise PyqomError(f"usb port {path} (bus {self.name}) not found (in use?)")
        if len(self.free) == 1 and device.typename != "usb-hub":
            new_part(device, "usb-hub").realize_on(self)
        if not self.free:
            raise PyqomError(
                f"tried to attach usb device {device.product} to a bus with no free ports"
            )
        return self.free.pop(0)

    def address_of(self, device: Device) -> str:
        return device.port.path  # type: ignore[no-any-return]


class USBDevice(Device):
    """The model of type "usb-device"."""

    product = ""
    """What it is called in messages."""
    speeds: tuple[str, ...] = (FULL,)
    """The speeds that it can run at, the slowest first."""
    usb_port: Port | None = None
    auto_attach = True
    """Whether it is attached as soon as it is plugged in."""
    _attached = False
    checks_itself = True

    def do_realize(self) -> None:
        """``usb_qdev_realize``."""
        bus = self.parent_bus
        port = bus.claim(self)
        self.usb_port = port
        self.on_unrealize(lambda: bus.free.append(port))
        self.check_requirements()
        self.usb_realize()
        if self.auto_attach:
            self._check_speed(port)
            self._attached = True
            self.on_unrealize(lambda: setattr(self, "_attached", False))

    def usb_realize(self) -> None:
        """What a type of USB device does to come to life.  Raises PyqomError."""

    def _check_speed(self, port: Port) -> None:
        """``usb_check_attach``."""
        if not set(self.speeds) & set(port.speeds):
            own = "+".join(speed for speed in SPEEDS if speed in self.speeds)
            there = "+".join(speed for speed in SPEEDS if speed in port.speeds)
            raise PyqomError(
                f'Warning: speed mismatch trying to attach usb device "{self.product}"'
                f' ({own} speed) to bus "{self.parent_bus.name}", port "{port.path}"'
                f" ({there} speed)"
            )


class Hub(USBDevice):
    """The model of "usb-hub": a device with further ports."""

    product = "QEMU USB Hub"
    MOST_PORTS = 8

    def usb_realize(self) -> None:
        """``usb_hub_realize``."""
        count = self._ports
        if not 1 <= count <= self.MOST_PORTS:
            raise PyqomError(f"num_ports ({count}) out of range (1..{self.MOST_PORTS})")
        own: Any = self.usb_port
        if own.depth == DEEPEST:
            raise PyqomError("usb hub chain too deep")
        free = self.parent_bus.free
        ports = [
            Port(f"{own.path}.{number}", (LOW, FULL), own.depth + 1)
            for number in range(1, count + 1)
        ]
        free.extend(ports)
        self.on_unrealize(lambda: self._drop(ports))

    def _drop(self, ports: list[Port]) -> None:
        """Unplug what is in the hub, and take its ports away."""
        bus = self.parent_bus
        for device in list(bus.members):
            if device.usb_port in ports and device is not self:
                device.unparent()
        bus.free[:] = [port for port in bus.free if port not in ports]


class HID(USBDevice):
    """Keyboard, mouse and tablet."""

    def usb_realize(self) -> None:
        version = self._usb_version
        if version not in (1, 2):
            raise PyqomError(f"Invalid usb version {version} for usb hid device")
        self.speeds = (FULL,) if version == 1 else (FULL, HIGH)


class Keyboard(HID):
    """The model of "usb-kbd"."""

    product = "QEMU USB Keyboard"


class Mouse(HID):
    """The model of "usb-mouse"."""

    product = "QEMU USB Mouse"


class Tablet(HID):
    """The model of "usb-tablet"."""

    product = "QEMU USB Tablet"


class Wacom(USBDevice):
    """The model of "usb-wacom-tablet"."""

    product = "QEMU PenPartner Tablet"


class Serial(USBDevice):
    """The model of type "usb-serial-dev"; it is attached when its chardev is open."""

    product = "QEMU USB Serial"

    @property
    def auto_attach(self) -> bool:  # type: ignore[override]
        always = self.has_property("always-plugged") and self.get("always-plugged")
        return bool(always) or getattr(self._chardev, "is_open", False)


class Braille(Serial):
    """The model of "usb-braille"."""

    product = "QEMU USB Baum Braille"


class Remote(USBDevice):
    """The model of "usb-host" and "usb-redir": attached when what it stands for is there."""

    product = "QEMU USB Redirection"
    auto_attach = False


class CardReader(HotplugHandler, USBDevice):
    """The model of "usb-ccid", which handles what is put into it."""

    product = "QEMU USB CCID"
