"""The help on a QMP command: what it does, what it takes, what it returns.

    query-cpu-model-comparison: How two CPU models relate.

    Arguments:
      modela  CpuModelInfo
        name  str
        ...

An optional member stands in brackets.  A type's members are told once, where it comes first.
"""

from __future__ import annotations

from pyqom.monitor.qapi_introspect import cases
from pyqom.monitor.qapi_types import Alternate, Array, Enum, Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyqom.monitor.qapi_entities import Command
    from pyqom.monitor.qapi_types import Features, Member, Type

_CHOICES_IN_LINE = 72


def help_text(command: Command) -> str:
    """The help on a command, lines without a line end behind the last."""
    lines = [f"{command.name}: {command.description}"]
    lines += _remarks(command)
    told: set[Type] = set()
    if command.arguments.members:
        lines += ["", "Arguments:", *_members(command.arguments, 1, told)]
    if not command.generated:
        lines += ["  ...  more members, which the command itself checks"]
    if command.returns is not None:
        lines += ["", f"Returns: {_named(command.returns)}", *_inside(command.returns, 1, told)]
    return "\n".join(lines)


def _remarks(command: Command) -> Iterator[str]:
    if command.pyqom:
        yield "A command of pyqom's own: QEMU has no such thing."
    if command.features:
        yield f"Features: {', '.join(command.features)}."
    if command.allow_preconfig:
        yield "May come before the machine is built (-preconfig)."
    if command.allow_oob:
        yield "May overtake other commands (exec-oob)."
    if not command.success_response:
        yield "Answers only when it fails."


def _named(kind: Type) -> str:
    """The type in one line: its name, and the choices of an enumeration or alternate."""
    if isinstance(kind, Array):
        return f"list of {_named(kind.element)}"
    if isinstance(kind, Alternate):
        return " or ".join(_named(choice) for choice in kind.alternatives)
    if isinstance(kind, Enum):
        choices = ", ".join(kind.values)
        return f"{kind.name}: {choices}" if len(choices) <= _CHOICES_IN_LINE else kind.name
    return kind.name


def _members(kind: Object, depth: int, told: set[Type]) -> Iterator[str]:
    width = max(len(_title(member)) for member in kind.members)
    for member in kind.members:
        marks = _marks(member.features, member.pyqom)
        yield f"{'  ' * depth}{_title(member):{width}}  {_named(member.type)}{marks}"
        yield from _inside(member.type, depth + 1, told)
    if kind.tag is not None:
        yield from _branches(kind, depth, told)


def _title(member: Member) -> str:
    return f"[{member.name}]" if member.optional else member.name


def _marks(features: Features, pyqom: bool) -> str:
    marks = [*features, *(["pyqom's own"] if pyqom else [])]
    return f" ({', '.join(marks)})" if marks else ""


def _branches(union: Object, depth: int, told: set[Type]) -> Iterator[str]:
    for case, branch in cases(union):
        if branch.members:
            yield f"{'  ' * depth}with {union.tag} {case}:"
            yield from _inside(branch, depth + 1, told)


def _inside(kind: Type, depth: int, told: set[Type]) -> Iterator[str]:
    """What a type is made of, unless that was told before."""
    if isinstance(kind, Array):
        yield from _inside(kind.element, depth, told)
    elif isinstance(kind, Alternate):
        for choice in kind.alternatives:
            yield from _inside(choice, depth, told)
    elif kind not in told:
        told.add(kind)
        if isinstance(kind, Object) and kind.members:
            yield from _members(kind, depth, told)
        elif isinstance(kind, Enum) and _named(kind) == kind.name:
            yield from _wrapped(kind, depth)


def _wrapped(kind: Enum, depth: int) -> Iterator[str]:
    line = "  " * depth
    for value in kind.values:
        if len(line) + len(value) > _CHOICES_IN_LINE and line.strip():
            yield line.rstrip()
            line = "  " * depth
        line += f"{value}, "
    yield line.rstrip(", ")
