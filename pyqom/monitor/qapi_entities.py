"""The commands and events that ``schema/qmp`` states, as one release knows them."""

from __future__ import annotations

from pyqom.monitor.qapi_types import EMPTY, Object, module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyqom.monitor.qapi_types import Type, Types


class Entity:
    """What commands and events share; `pyqom` marks what QEMU does not have."""

    __slots__ = ("arguments", "description", "features", "module", "name", "pyqom")

    meta_type = ""
    _arguments_key = ""

    def __init__(self, name: str, stated: dict[str, Any], where: str, types: Types) -> None:
        self.name = name
        self.module = where
        self.description: str = stated["description"]
        self.features = types.features(stated.get("features", ()))
        self.pyqom: bool = stated.get("pyqom", False)
        self.arguments = self._arguments(stated.get(self._arguments_key), where, types)

    def _arguments(self, stated: Any, where: str, types: Types) -> Object:
        if stated is None:
            return EMPTY
        if "$ref" in stated:
            kind = types.resolve(stated, where)
            assert isinstance(kind, Object)
            return kind
        kind = types.defined(f"q_obj_{self.name}-arg", stated, where)
        assert isinstance(kind, Object)
        return kind if kind.members else EMPTY


class Command(Entity):
    """A command.

    `arguments` is an `Object`, `returns` any type or None; `allow_oob` whether it may overtake
    others, `allow_preconfig` whether it may come before the machine is built, `success_response`
    whether it answers when all went well; of a command that is not `generated` nobody checks the
    arguments but itself.
    """

    __slots__ = ("allow_oob", "allow_preconfig", "generated", "returns", "success_response")

    meta_type = "command"
    _arguments_key = "arguments"

    def __init__(self, name: str, stated: dict[str, Any], where: str, types: Types) -> None:
        super().__init__(name, stated, where, types)
        returns = stated.get("returns")
        self.returns: Type | None = None if returns is None else types.resolve(returns, where)
        self.allow_oob: bool = stated.get("allow-oob", False)
        self.allow_preconfig: bool = stated.get("allow-preconfig", False)
        self.success_response: bool = stated.get("success-response", True)
        self.generated: bool = stated.get("gen", True)


class Event(Entity):
    """An event; `arguments` is the shape of its ``data``."""

    __slots__ = ()

    meta_type = "event"
    _arguments_key = "data"


class Index:
    """Which module states what, in QEMU's order, in one release; `modules` are all there are."""

    def __init__(self, types: Types) -> None:
        self._types = types
        sections = module("index")["sections"]
        self.where: dict[str, str] = {
            name: section["module"]
            for section in sections
            if types.knows(section)
            for name in section["names"]
        }
        named = dict.fromkeys(section["module"] for section in sections)
        self.modules: tuple[str, ...] = (*named, *module("index")["types"])

    def entity(self, name: str) -> Command | Event | None:
        """The command or event of that name; None where the release has none."""
        where = self.where.get(name)
        if where is None:
            return None
        content = module(where)
        commands = content.get("x-commands", {})
        if name in commands:
            return Command(name, commands[name], where, self._types)
        return Event(name, content["x-events"][name], where, self._types)
