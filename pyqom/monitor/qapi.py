"""QMP's schema in one release: what there is, what it takes, and how it describes itself.

``schema/qmp`` states every command, event and type once; from there come the checking of
arguments, ``query-qmp-schema`` and the help.  Which of the stated commands are served is not
known here: whoever serves says so.

    schema = qapi.schema(release.get("7.2"))
    schema.check("qom-get", {"path": "/machine"})   # MissingParameter: Parameter 'property' ...
    schema.introspect(served_commands, served_events)
"""

from __future__ import annotations

from functools import cache, cached_property

from pyqom.errors import CommandNotFound, InvalidParameterType
from pyqom.monitor.qapi_check import Checker, Refused
from pyqom.monitor.qapi_entities import Command, Event, Index
from pyqom.monitor.qapi_types import Types, module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from pyqom.monitor.qapi_types import Type
    from pyqom.release import Release

    Arguments = dict[str, Any]


@cache
def schema(release: Release) -> QmpSchema:
    """The schema of a release; one object for each."""
    return QmpSchema(release)


class QmpSchema:
    """The QMP of one release; immutable, whatever it has worked out it keeps."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self._types = Types(release)
        self._index = Index(self._types)
        self._entities: dict[str, Command | Event | None] = {}
        self._checks: dict[str, Callable[[Any], Arguments]] = {}
        self._introspections: dict[frozenset[str], list[dict[str, Any]]] = {}
        self._json = Checker()
        self._keyval = Checker(keyval=True)

    # --- what there is -------------------------------------------------------
    # QAPI wants events in capitals and commands not, so that a list needs no module

    @cached_property
    def commands(self) -> tuple[str, ...]:
        """The names of the stated commands, in the order of QEMU's schema."""
        return tuple(name for name in self._index.where if not name.isupper())

    @cached_property
    def events(self) -> tuple[str, ...]:
        """The names of the stated events, in the order of QEMU's schema."""
        return tuple(name for name in self._index.where if name.isupper())

    def command(self, name: str) -> Command | None:
        """A command by name; None where this release has none that is stated."""
        found = self._entity(name)
        return found if isinstance(found, Command) else None

    def event(self, name: str) -> Event | None:
        """An event by name; None where this release has none that is stated."""
        found = self._entity(name)
        return found if isinstance(found, Event) else None

    def query_commands(self, served: Iterable[str]) -> list[str]:
        """The names of the served commands, in the order of ``query-commands``.

        The last of the schema comes first, before them what is registered behind all.
        """
        names = set(served)
        listed = [name for name in reversed(self.commands) if name in names]
        return sorted(listed, key=self._is_generated)

    def type(self, name: str) -> Type:
        """A type by QEMU's name (``ObjectOptions``).  Raises KeyError where there is none."""
        for where in self._index.modules:
            if name in module(where).get("$defs", ()):
                return self._types.named(where, name)
        raise KeyError(name)

    def _is_generated(self, name: str) -> bool:
        command = self.command(name)
        return command is not None and command.generated

    def _entity(self, name: str) -> Command | Event | None:
        try:
            return self._entities[name]
        except KeyError:
            found = self._entities[name] = self._index.entity(name)
            return found

    # --- checking ------------------------------------------------------------

    def check(self, command: str, arguments: object = None) -> Arguments:
        """The arguments of a command as its function takes them: a new dictionary.

        `arguments` is what stands under ``arguments`` in the request (None: nothing).  Members
        come in the schema's order; an unsigned number is what QEMU makes of a negative one, a
        ``number`` is a float.  Raises CommandNotFound, and for arguments that do not fit the
        ParameterError that QEMU's visitors would: MissingParameter, UnexpectedParameter,
        InvalidParameterType or InvalidParameterValue.
        """
        return self.checker(command)(arguments)

    def checker(self, command: str) -> Callable[[object], Arguments]:
        """What `check` does for one command, as a function to keep."""
        found = self._checks.get(command)
        if found is None:
            stated = self.command(command)
            if stated is None:
                raise CommandNotFound(f"The command {command} has not been found")
            found = self._checks[command] = self._checker(stated)
        return found

    def _checker(self, command: Command) -> Callable[[object], Arguments]:
        checked = self._json.check(command.arguments)

        def check(arguments: object) -> Arguments:
            if arguments is None:
                arguments = {}
            elif not isinstance(arguments, dict):
                raise InvalidParameterType("QMP input member 'arguments' must be an object")
            try:
                return checked(arguments)  # type: ignore[no-any-return]
            except Refused as refused:
                raise refused.told(False) from None

        return check if command.generated else _as_given

    def check_value(self, type: str, value: object, name: str, keyval: bool = False) -> Any:
        """A value of a QAPI type that stands somewhere else: a property, an option.

        `type` is QEMU's name of the type, `name` what errors call the value ("" for an option's
        whole text, whose members go by their own names).  With `keyval` scalars are texts, as
        `pyqom.types.keyval.parse_keyval` gives them.  Raises KeyError for an unknown type, else
        what `check` raises.
        """
        checker = self._keyval if keyval else self._json
        try:
            return checker.check(self.type(type))(value)
        except Refused as refused:
            if name:
                refused.path.append(name)
            raise refused.told(keyval) from None

    def check_options(self, type: str, pairs: Iterable[tuple[str, str]]) -> Arguments:
        """What the flat pairs of ``-object``, ``-netdev`` or ``-numa`` say, as `type` has it.

        `pairs` are as `pyqom.types.keyval.parse_opts` gives them, the id among them.  Raises
        KeyError for an unknown type, else MissingParameter, UnexpectedParameter or
        InvalidParameterValue with the texts of QEMU's opts visitor.
        """
        from pyqom.monitor.qapi_opts import OptsVisitor
        from pyqom.monitor.qapi_types import Object

        kind = self.type(type)
        assert isinstance(kind, Object)
        return OptsVisitor(pairs).visit(kind)

    # --- telling -------------------------------------------------------------

    def introspect(self, commands: Iterable[str], events: Iterable[str]) -> list[dict[str, Any]]:
        """``query-qmp-schema`` of a server with these commands and events, QEMU's order.

        A name that the release does not have is left out.  The result is not to be changed: who
        serves the same gets the same again.
        """
        served = frozenset((*commands, *events))
        found = self._introspections.get(served)
        if found is None:
            from pyqom.monitor.qapi_introspect import Introspection

            stated = (self._entity(name) for name in self._index.where if name in served)
            found = Introspection(self._types).add(each for each in stated if each is not None)
            self._introspections[served] = found
        return found

    def command_line_options(self, option: str | None = None) -> list[dict[str, Any]]:
        """``query-command-line-options``: one option, or all.  Raises InvalidParameterValue."""
        from pyqom.monitor.qapi_options import command_line_options

        return command_line_options(self.release, option)

    def help(self, command: str) -> str:
        """What a command does, takes and returns, for people: lines of text.

        Raises CommandNotFound.
        """
        stated = self.command(command)
        if stated is None:
            raise CommandNotFound(f"The command {command} has not been found")
        from pyqom.monitor.qapi_help import help_text

        return help_text(stated)


def _as_given(arguments: object) -> Arguments:
    """A command that is not generated gets whatever object there is (``'gen': false``)."""
    if arguments is None:
        return {}
    if not isinstance(arguments, dict):
        raise InvalidParameterType("QMP input member 'arguments' must be an object")
    return dict(arguments)
