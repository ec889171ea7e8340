"""A CPU model as ``-cpu`` takes it: ``NAME[,+feature][,-feature][,property=value]``.

QEMU's ``x86_cpu_parse_featurestr`` (``target/i386/cpu.c``): ``property=value`` becomes a global
property of the model's type, ``+`` and ``-`` are applied when the CPU is expanded, pluses first.
"""

from __future__ import annotations

from pyqom.devices.context import Override
from pyqom.errors import InvalidParameterValue
from pyqom.types.visitor import strtosz

INT64_MAX = (1 << 63) - 1


class ModelString:
    """A parsed model string.

    ``name`` of the model; ``properties`` its (name, text) in order; ``switches`` its (feature, on),
    pluses before minuses; ``warnings`` what QEMU would print about it.
    """

    __slots__ = ("name", "properties", "switches", "warnings")

    def __init__(self, name: str) -> None:
        self.name = name
        self.properties: list[tuple[str, str]] = []
        self.switches: list[tuple[str, bool]] = []
        self.warnings: list[str] = []

    @property
    def is_plain(self) -> bool:
        """Whether it is only a name."""
        return not self.properties and not self.switches

    def overrides(self, typename: str) -> tuple[Override, ...]:
        """The properties as globals of the model's type."""
        return tuple(
            Override(typename, name, value, layer="global", source="-cpu")
            for name, value in self.properties
        )


def parse_model(text: str) -> ModelString:
    """Parse a model string.

    Raises InvalidParameterValue for a bad ``tsc-freq``, TypeError for what is no string.
    """
    if not isinstance(text, str):
        raise TypeError(f"a CPU model is a string, not {text!r}")
    name, _, rest = text.partition(",")
    model = ModelString(name)
    plus: list[str] = []
    minus: list[str] = []
    for part in filter(None, rest.split(",")):
        if part[0] in "+-":
            (plus if part[0] == "+" else minus).append(part[1:])
            continue
        key, equals, value = part.partition("=")
        key, value = key.replace("_", "-"), value if equals else "on"
        for sign, names in (("+", plus), ("-", minus)):
            if key in names:
                model.warnings.append(
                    f'Ambiguous CPU model string. Don\'t mix both "{sign}{key}" and "{key}={value}"'
                )
        model.properties.append(_translated(key, value))
    model.switches = [(name, True) for name in plus] + [(name, False) for name in minus]
    if model.warnings:
        model.warnings.append(
            "Compatibility of ambiguous CPU model strings won't be kept on future QEMU versions"
        )
    return model


def _translated(key: str, value: str) -> tuple[str, str]:
    """``tsc-freq`` is the older name of ``tsc-frequency`` and knows decimal suffixes."""
    if key != "tsc-freq":
        return key, value
    try:
        hertz = strtosz(value, base=1000)
    except (ValueError, OverflowError):
        hertz = INT64_MAX + 1
    if hertz > INT64_MAX:
        raise InvalidParameterValue(f"bad numerical value {value}")
    return "tsc-frequency", str(hertz)
