"""Property kinds that only x86 CPUs have.

Setting one of them is allowed after realize: they are plain QOM properties, not qdev ones
(``x86_cpu_common_class_init`` in ``target/i386/cpu.c``).
"""

from __future__ import annotations

from pyqom.errors import InvalidParameterValue
from pyqom.types import Alias, Bool, Int, String, UInt8
from pyqom.types.scalars import as_known
from pyqom.types.visitor import json_int64, json_uint64, parse_int64, parse_uint64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pyqom.types import Property

INT64_MAX = (1 << 63) - 1
MODEL_ID_SIZE = 48
VENDOR_SIZE = 12


class FeatureBit(Bool):
    """A feature: true when all bits of `mask` are set in the CPU's feature word `index`.

    Setting it also marks the bits as asked for by name, so that ``max`` leaves them alone and a
    missing dependency is worth a warning (``x86_cpu_set_bit_prop``).
    """

    # Alike for all 400 of them, and so said once instead of in each.
    description = None
    since = until = None
    readable = writable = True
    after_realize = qdev = has_default = False
    default = False
    slot = ""

    def __init__(self, name: str, attr: str, index: int, mask: int) -> None:
        self.name = name
        self.attr = attr
        self.index = index
        self.mask = mask
        property.__init__(self, self.make_getter(), self.set)

    def __set_name__(self, owner: type, attr: str) -> None:
        """The attribute is known already."""

    def override(self, cls: Any, value: Any) -> None:
        on = self.check(value, self.name, cls)
        cls.feature_defaults = {**cls.feature_defaults, self.name: on}

    def default_of(self, cls: Any) -> bool:
        return cls.feature_defaults.get(self.name, False)  # type: ignore[no-any-return]

    def make_getter(self) -> Callable[[Any], Any]:
        index, mask = self.index, self.mask

        def get_feature(cpu: Any) -> bool:
            return cpu.words[index] & mask == mask  # type: ignore[no-any-return]

        return get_feature

    def store(self, obj: Any, value: Any) -> None:
        index, mask = self.index, self.mask
        if value:
            obj.words[index] |= mask
        else:
            obj.words[index] &= ~mask
        obj.user_words[index] |= mask


class InstanceAlias(Alias):
    """Another spelling of a property, which QEMU gives to each instance and not to the class."""

    per_instance = True

    def __init__(self, name: str, of: Property) -> None:
        super().__init__(of.name, name=name)
        self.copy(of)

    def __set_name__(self, owner: type, attr: str) -> None:
        """Bound without a search for the target, which is known."""
        self.bind(attr)


class Limited(Int):
    """``family``, ``model``, ``stepping``: a QOM int from 0 to `most`."""

    def __init__(self, most: int) -> None:
        super().__init__(0, qdev=False, after_realize=True, show_default=False)
        self.most = most

    def check(self, value: Any, name: str, owner: Any = None) -> int:
        signed = "identification-is-signed" in owner.facts.rules
        number = json_int64(value, name) if signed else json_uint64(value, name)
        return self.in_range(number, owner)

    def parse(self, text: str, name: str, owner: Any = None) -> int:
        signed = "identification-is-signed" in owner.facts.rules
        number = (parse_int64 if signed else parse_uint64)(as_known(text, owner), name)
        return self.in_range(number, owner)

    def in_range(self, value: int, owner: Any) -> int:
        if 0 <= value <= self.most:
            return value
        raise out_of_range(self.name, value, self.most, owner)


class Model(Limited):
    """``model``: its upper four bits show only in a family that CPUID gives extended models to."""

    def make_getter(self) -> Callable[[Any], Any]:
        def get_model(cpu: Any) -> int:
            model: int = cpu._model
            if cpu._family < 6 and "extended-model-needs-family-6" in cpu.facts.rules:
                return model & 0xF
            return model

        return get_model


class Avx10Version(UInt8):
    """``avx10-version``: setting it switches on the features of this version and all before it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(0, qdev=False, after_realize=True, show_default=False, **options)

    def check(self, value: Any, name: str, owner: Any = None) -> int:
        version = super().check(value, name, owner)
        most = max((known.number for known in owner.facts.avx10_versions), default=0)
        if version > most:
            raise InvalidParameterValue(f"{self.name} can be at most {most}")
        return version

    def store(self, obj: Any, value: Any) -> None:
        super().store(obj, value)
        for version in obj.facts.avx10_versions:
            if version.number <= value:
                for index, mask in version.places:
                    obj.words[index] |= mask


class TscFrequency(Int):
    """``tsc-frequency``: Hz, kept in whole kHz."""

    def __init__(self) -> None:
        super().__init__(0, qdev=False, after_realize=True, show_default=False)

    def in_range(self, value: int, owner: Any) -> int:
        if 0 <= value <= INT64_MAX:
            return value - value % 1000
        raise out_of_range(self.name, value, INT64_MAX, owner)


def out_of_range(name: str, value: int, most: int, owner: Any) -> InvalidParameterValue:
    """QEMU's error for a number that is too large (or, signed, too small)."""
    if "identification-is-signed" in owner.facts.rules:
        text = f"Property .{name} doesn't take value {value} (minimum: 0, maximum: {most})"
        return InvalidParameterValue(text)
    return InvalidParameterValue(f"parameter '{name}' can be at most {most}")


class Vendor(String):
    """``vendor``: the twelve characters of CPUID leaf 0."""

    def check(self, value: Any, name: str, owner: Any = None) -> str:
        text = super().check(value, name, owner)
        if len(c_string(text)) == VENDOR_SIZE:
            return text
        if "identification-is-signed" in owner.facts.rules:
            raise InvalidParameterValue(f"Property '.vendor' doesn't take value '{text}'")
        raise InvalidParameterValue(
            f"value of property 'vendor' must consist of exactly {VENDOR_SIZE} characters"
        )


class ModelId(String):
    """``model-id``: the brand string, of which CPUID holds 48 bytes; the rest is dropped."""

    def check(self, value: Any, name: str, owner: Any = None) -> str:
        text = super().check(value, name, owner)
        return c_string(text)[:MODEL_ID_SIZE].decode(errors="replace")


def c_string(text: str) -> bytes:
    """A text as QEMU holds it: UTF-8, a NUL in two bytes; bytes of the command line as they are."""
    try:
        data = text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        data = text.encode(errors="replace")
    return data.replace(b"\0", b"\xc0\x80")
