"""Input from elsewhere: another machine, or a device of the host (``ui/input-*.c``)."""

from __future__ import annotations

import os

from pyqom.devices.backends import hostfile
from pyqom.devices.backends.fields import Field, flag, text
from pyqom.devices.backends.objects import Backend
from pyqom.errors import InvalidParameterValue, MissingParameter, ObjectRefused, PropertyError
from pyqom.types import Enum, Object, String
from pyqom.types.visitor import scan_integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SHRT_MAX = (1 << 15) - 1
EVIOCGVERSION = 0x80044501
"""The ioctl that every evdev device answers (``linux/input.h``)."""

GRAB_TOGGLES = ("ctrl-ctrl", "alt-alt", "shift-shift", "meta-meta", "scrolllock", "ctrl-scrolllock")


def _once(obj: Any, value: str, name: str) -> str:
    if getattr(obj, name) is not None:
        raise PropertyError(f"{name} property already set")
    return value


def _short(obj: Any, value: str, name: str) -> str:
    """A text that is a number, 0 to 32767."""
    found = scan_integer(value)
    if found is None or found[1] != len(value) or not 0 <= found[0] <= SHRT_MAX:
        raise InvalidParameterValue(f"{name} property must be in the range [0..{SHRT_MAX}]")
    return str(found[0])


class InputBarrier(Object, Backend, typename="input-barrier"):
    """A screen of a Barrier server.  None is ever connected to."""

    name = Field(String(), accept=_once)
    server = text("localhost")
    port = text("24800")
    x_origin = Field(String("0"), accept=_short)
    y_origin = Field(String("0"), accept=_short)
    width = Field(String("1920"), accept=_short)
    height = Field(String("1080"), accept=_short)

    def complete(self) -> None:
        """There is no server.  Raises MissingParameter, ObjectRefused."""
        if self.name is None:
            raise MissingParameter("Parameter 'name' is missing")
        raise ObjectRefused(f"Failed to connect to '{self.server}:{self.port}': Connection refused")


class InputLinux(Object, Backend, typename="input-linux"):
    """An evdev device of the host; it is looked at, not grabbed."""

    evdev = Field(String(), accept=_once)
    grab_all = flag(name="grab_all")
    repeat = flag()
    grab_toggle = Field(Enum(GRAB_TOGGLES, "GrabToggleKeys"))

    def complete(self) -> None:
        """See whether it is an evdev device."""
        if self.evdev is None:
            raise ObjectRefused("no input device specified")
        file = hostfile.open_file(self.evdev, os.O_RDWR | os.O_NONBLOCK, self.registry)
        try:
            from fcntl import ioctl

            ioctl(file, EVIOCGVERSION, bytes(4))
        except OSError:
            raise ObjectRefused(f"{self.evdev}: is not an evdev device") from None
        finally:
            os.close(file)
