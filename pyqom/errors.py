"""Everything pyqom raises on purpose, one class a meaning.

`str(error)` is QEMU's own text wherever QEMU has one (the `desc` of a QMP
error, or the line that QEMU prints before it exits), so that an answer can be
compared with the real one letter by letter.  `qmp_class` is the error class
that QMP reports with it (qapi/error.json); nearly always GenericError.

    PyqomError
    |-- QmpError                    an error as the QMP wire carries it
    |   |-- CommandNotFound
    |   |-- CommandUsage
    |   |-- DeviceNotFound          a QOM path or device id names nothing
    |   |-- DeviceNotActive
    |   |-- ParseError              what a QMP client sent is no JSON
    |   `-- KVMMissingCap
    |-- TypeError_                  a QOM type is wrong
    |   |-- UnknownType             no type of that name (.name, .suggestions)
    |   |-- DuplicateType           the name is taken
    |   |-- MissingParent           a type names a parent that does not exist
    |   |-- TypeCycle               a type is its own ancestor
    |   |-- MissingInterface        an object type names no interface type
    |   `-- AbstractType            an abstract type was to be instantiated
    |-- PropertyError               a property cannot be used like that
    |   |-- PropertyNotFound        also AttributeError (.name, .suggestions)
    |   |-- PropertyNotReadable     also AttributeError
    |   |-- PropertyNotWritable     also AttributeError
    |   |-- DuplicateProperty
    |   |-- SetAfterRealize         set too late: the device is realized
    |   `-- GlobalNotApplied        "can't apply global ...": cause in .cause
    |-- ParameterError              a value does not fit
    |   |-- InvalidParameterType    wrong JSON type
    |   |-- InvalidParameterValue   right type, wrong value
    |   |-- MissingParameter
    |   `-- UnexpectedParameter
    |-- PathError                   a QOM path is ambiguous or of the wrong type
    |-- ObjectInUse                 an object cannot be deleted yet
    |-- ObjectRefused               an object cannot be made from what it was given
    |-- UnknownModel                no CPU model of that name (.suggestions)
    |-- UnknownMachine              no machine type of that name (.suggestions)
    |-- UnknownRelease              no QEMU release of that name (.suggestions)
    |-- GuestFault                  guest code did what its vCPU cannot go on from
    `-- BadData                     a data file has faults: all of them in .faults
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def nearest(name: str, known: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """At most `count` of the `known` names that look like `name`, best first."""
    import difflib

    folded: dict[str, str] = {}
    for candidate in known:
        folded.setdefault(candidate.lower(), candidate)
    matches = difflib.get_close_matches(name.lower(), list(folded), count, 0.6)
    return tuple(folded[match] for match in matches)


class PyqomError(Exception):
    """Base of everything pyqom raises on purpose; `str()` is QEMU's text."""

    qmp_class = "GenericError"


class _Unknown(PyqomError):
    """A name that nothing has; `.suggestions` are the nearest that exist.

    The nearest names are looked for only when somebody asks.
    """

    def __init__(self, text: str, name: str = "", known: Iterable[str] = ()) -> None:
        super().__init__(text)
        self.name = name
        self._known = tuple(known)

    @property
    def suggestions(self) -> tuple[str, ...]:
        """The nearest known names, best first; empty when none is near."""
        return nearest(self.name, self._known)


# --- QMP ---------------------------------------------------------------------


class QmpError(PyqomError):
    """An error with the class that the QMP wire names (qapi/error.json)."""


class CommandNotFound(QmpError):
    """No such QMP command."""

    qmp_class = "CommandNotFound"


class CommandUsage(QmpError):
    """The QMP command does not take what it was given."""


class DeviceNotFound(QmpError):
    """A QOM path, type or device id names nothing."""

    qmp_class = "DeviceNotFound"


class DeviceNotActive(QmpError):
    """The device is there but has not been made active."""

    qmp_class = "DeviceNotActive"


class ParseError(QmpError):
    """What a QMP client sent is no JSON, or more of it than the parser takes."""


class KVMMissingCap(QmpError):
    """KVM lacks a capability that the request needs."""

    qmp_class = "KVMMissingCap"


# --- types -------------------------------------------------------------------


class TypeError_(PyqomError):
    """A QOM type is wrong (the underscore keeps Python's TypeError apart)."""


class UnknownType(TypeError_, _Unknown):
    """No QOM type of that name is registered."""


class DuplicateType(TypeError_):
    """A type of that name is registered already."""


class MissingParent(TypeError_):
    """A type names a parent that is not registered."""


class TypeCycle(TypeError_):
    """A type is, through its parents, its own ancestor."""


class MissingInterface(TypeError_):
    """A type implements something that is no registered interface."""


class AbstractType(TypeError_):
    """An abstract type was to be instantiated."""


# --- properties --------------------------------------------------------------


class PropertyError(PyqomError):
    """A property cannot be used like that."""


class PropertyNotFound(PropertyError, _Unknown, AttributeError):  # type: ignore[misc]
    """The object or class has no property of that name."""


class PropertyNotReadable(PropertyError, AttributeError):
    """The property has no getter."""


class PropertyNotWritable(PropertyError, AttributeError):
    """The property has no setter."""


class DuplicateProperty(PropertyError):
    """The object has a property of that name already."""


class SetAfterRealize(PropertyError):
    """The property may be set only before its device is realized."""


class GlobalNotApplied(PropertyError):
    """A global property could not be applied; `.cause` says why."""

    def __init__(self, text: str, cause: PyqomError) -> None:
        super().__init__(text)
        self.cause = cause
        self.qmp_class = cause.qmp_class


# --- values ------------------------------------------------------------------


class ParameterError(PyqomError):
    """A value does not fit its parameter or property."""


class InvalidParameterType(ParameterError):
    """The value has the wrong JSON type."""


class InvalidParameterValue(ParameterError):
    """The value has the right type but is not allowed."""


class MissingParameter(ParameterError):
    """A mandatory parameter is absent."""


class UnexpectedParameter(ParameterError):
    """A parameter that nobody asked for."""


# --- objects -----------------------------------------------------------------


class PathError(PyqomError):
    """A QOM path is ambiguous, or leads to an object of the wrong type."""


class ObjectInUse(PyqomError):
    """The object cannot be deleted while others need it."""


class ObjectRefused(PyqomError):
    """An object's properties do not fit together, or what it needs of the host is not there."""


# --- models, machines, releases, data ----------------------------------------


class UnknownModel(_Unknown):
    """No CPU model of that name."""


class UnknownMachine(_Unknown):
    """No machine type of that name."""


class UnknownRelease(_Unknown):
    """pyqom carries no QEMU release of that name."""


class GuestFault(PyqomError):
    """Guest code has done what the vCPU cannot go on from; `str()` says what and where."""


class BadData(PyqomError):
    """A data file has faults; `.faults` holds all as (path in the file, text)."""

    def __init__(self, text: str, faults: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(text)
        self.faults = tuple(faults)
