"""Property kinds that hold nothing: views on bits of a word, and computed ones.

`Bit` is how a CPU feature is a property: 500 names share some 45 integer words.
QEMU: qdev_prop_bit and bit64 (hw/core/qdev-properties.c), x86_cpu_get_bit_prop
(target/i386/cpu.c), object_property_add() for the computed ones.
"""

from __future__ import annotations

from pyqom.types import scalars
from pyqom.types.property import UNSET, Property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Bit(scalars.Bool):
    """A boolean view on a bit of the integer attribute `word` of the object.

    `bit` is the bit's number; `mask` may name several bits instead: true when
    all of them are set, and all are set or cleared together.
    """

    plain = False

    def __init__(
        self, word: str, bit: int = 0, *, mask: int = 0, default: Any = UNSET, **options: Any
    ) -> None:
        super().__init__(default, **options)
        self.word = word
        self.mask = mask or 1 << bit

    def declare_default(self, owner: type) -> None:
        if self.has_default:
            self.override(owner, self.default)

    def override(self, cls: type, value: Any) -> None:
        word, on = self.class_word(cls), self.check(value, self.name, cls)
        old = getattr(cls, word)
        setattr(cls, word, old | self.mask if on else old & ~self.mask)

    def default_of(self, cls: type) -> bool:
        return bool(getattr(cls, self.class_word(cls)) & self.mask == self.mask)

    def class_word(self, cls: type) -> str:
        """Where the class keeps the word: it may itself be a property's slot."""
        declared = getattr(cls, self.word, None)
        return declared.slot if isinstance(declared, Property) else self.word

    def make_getter(self) -> Callable[[Any], Any]:
        word, mask = self.word, self.mask

        def get_bit(obj: Any) -> bool:
            return getattr(obj, word) & mask == mask  # type: ignore[no-any-return]

        return get_bit

    def make_setter(self) -> Callable[[Any, Any], None]:
        if self.after_realize:
            return self.set
        word, mask, slow = self.word, self.mask, self.set

        def set_bit(obj: Any, value: Any) -> None:
            if obj._realized:
                slow(obj, value)
            elif value is True:
                setattr(obj, word, getattr(obj, word) | mask)
            elif value is False:
                setattr(obj, word, getattr(obj, word) & ~mask)
            else:
                slow(obj, value)

        return set_bit

    def store(self, obj: Any, value: Any) -> None:
        word = getattr(obj, self.word)
        setattr(obj, self.word, word | self.mask if value else word & ~self.mask)


class OnOffAutoBit(scalars.OnOffAuto):
    """on, off or auto, kept as one bit in two words (qdev_prop_on_off_auto_bit64).

    Bit `bit` of `auto_word` says auto, else that of `on_word` says on or off.
    """

    def __init__(self, on_word: str, auto_word: str, bit: int, **options: Any) -> None:
        super().__init__(**options)
        self.on_word, self.auto_word, self.mask = on_word, auto_word, 1 << bit

    def declare_default(self, owner: type) -> None:
        self.override(owner, self.default)

    def override(self, cls: type, value: Any) -> None:
        self.store(cls, self.check(value, self.name, cls))

    def default_of(self, cls: type) -> str:
        return self._value(cls)

    def make_getter(self) -> Callable[[Any], Any]:
        return self._value

    def _value(self, holder: Any) -> str:
        if getattr(holder, self.auto_word) & self.mask:
            return "auto"
        return "on" if getattr(holder, self.on_word) & self.mask else "off"

    def store(self, obj: Any, value: Any) -> None:
        for word, on in ((self.on_word, value == "on"), (self.auto_word, value == "auto")):
            old = getattr(obj, word)
            setattr(obj, word, old | self.mask if on else old & ~self.mask)


_KINDS: dict[str, type[Property]] = {
    kind.type: kind
    for kind in (
        *(scalars.Bool, scalars.Int, scalars.Size, scalars.Number, scalars.Str),
        *(scalars.String, scalars.OnOffAuto),
        *(scalars.Int8, scalars.Int16, scalars.Int32, scalars.Int64),
        *(scalars.UInt8, scalars.UInt16, scalars.UInt32, scalars.UInt64),
    )
}


class OfKind(Property):
    """A property whose values another one, its `kind`, checks, parses and formats."""

    def __init__(self, kind: Property, default: Any, **options: Any) -> None:
        super().__init__(default, **options)
        self.kind = kind

    def bind(self, attr: str) -> None:
        super().bind(attr)
        self.kind.name = self.name

    def check(self, value: Any, name: str, owner: Any = None) -> Any:
        return self.kind.check(value, name, owner)

    def parse(self, text: str, name: str, owner: Any = None) -> Any:
        return self.kind.parse(text, name, owner)

    def keyval(self, value: Any, name: str, owner: Any = None) -> Any:
        return self.kind.keyval(value, name, owner)

    def format(self, value: Any, human: bool = False) -> str:
        return self.kind.format(value, human)

    def wire(self, value: Any) -> Any:
        return self.kind.wire(value)


class Computed(OfKind):
    """A property that functions get and set (object_property_add()).

    `type` is any type string; when a kind has that type its checks and parsing
    are used, else those of the property `kind`, else values pass unchecked.
    `getter(obj)` and `setter(obj, value)` see checked values; None: not
    readable, not writable.
    """

    def __init__(
        self,
        type: str,
        getter: Callable[[Any], Any] | None = None,
        setter: Callable[[Any, Any], None] | None = None,
        *,
        kind: Property | None = None,
        default: Any = UNSET,
        qdev: bool = False,
        **options: Any,
    ) -> None:
        options.setdefault("readable", getter is not None)
        options.setdefault("writable", setter is not None)
        super().__init__(kind or _KINDS.get(type, Property)(), default, qdev=qdev, **options)
        self.type = type
        self.get_function, self.set_function = getter, setter

    def declare_default(self, owner: type) -> None:
        """The functions know; there is no slot."""

    def override(self, cls: type, value: Any) -> None:
        raise TypeError(f"property '{self.name}' is computed: it has no default to override")

    def default_of(self, cls: type) -> Any:
        return self.default

    def make_getter(self) -> Callable[[Any], Any]:
        assert self.get_function is not None
        return self.get_function

    def store(self, obj: Any, value: Any) -> None:
        assert self.set_function is not None
        self.set_function(obj, value)


class InstanceComputed(Computed):
    """A computed property that QEMU gives to each instance and not to the class."""

    per_instance = True
