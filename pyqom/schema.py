"""The JSON Schemas of every shape that pyqom reads or speaks, and what a document has against one.

They stand in the folder ``schema`` beside the package in a checkout, and in ``pyqom/_schema`` in an
installed wheel.  A schema goes by the name of its file without the ending (``"cpu-models"``).
jsonschema is imported only when something is checked.

A fault is a path in the document and a text; a path reads ``models[0].versions[2].props.avx2``,
a member whose name is no plain word stands in brackets: ``features["1.EDX"][0]``.
"""

from __future__ import annotations

import json
import os.path
import re
from functools import cache

from pyqom.errors import PyqomError, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from jsonschema.protocols import Validator

    # jsonschema.ValidationError: what its members are depends on the keyword
    Error = Any
    Path = tuple[str | int, ...]
    Fault = tuple[Path, str]

PACKAGE = os.path.dirname(__file__)
FOLDERS = (os.path.join(PACKAGE, "_schema"), os.path.join(os.path.dirname(PACKAGE), "schema"))

ADDRESS = "https://pyqom.invalid/schema/"
"""What a schema's ``$id`` begins with, where it has one; nothing is fetched from there."""

FEW = 8
"""How many names a text lists where none is near to what was written."""

JSON_TYPES = (
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a number"),
    (str, "a string"),
    (dict, "an object"),
    (list, "an array"),
)


@cache
def folder() -> str:
    """Where the schemas are.  Raises PyqomError where this installation has none."""
    for candidate in FOLDERS:
        if os.path.isdir(candidate):
            return candidate
    raise PyqomError("this installation of pyqom has no schemas")


@cache
def names() -> tuple[str, ...]:
    """The names of all schemas, sorted; one in a folder is called ``qmp/block``."""
    files = (os.path.join(place, file) for place, _, each in os.walk(folder()) for file in each)
    paths = (os.path.relpath(file, folder()).replace(os.sep, "/") for file in files)
    return tuple(sorted(path.removesuffix(".json") for path in paths if path.endswith(".json")))


@cache
def load(name: str) -> Any:
    """A schema by name, read once; not to be changed.  Raises PyqomError for an unknown one."""
    if name not in names():
        raise PyqomError(f"no schema '{name}', there are {', '.join(names())}")
    with open(os.path.join(folder(), f"{name}.json"), encoding="utf-8") as file:
        return json.load(file)


@cache
def validator(name: str) -> Validator:
    """What checks a document against a schema (JSON Schema 2020-12); kept by name.

    An integer is a JSON number without fraction or exponent: ``6.0`` is none, as for QEMU.
    Schemas refer to each other by file name (``"cpu-models.json#/$defs/release"``).
    Raises PyqomError for an unknown schema.
    """
    content = load(name)
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    checker = Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
    strict: Any = extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, {"pattern": _pattern}, type_checker=checker
    )
    made: Validator = strict(content, registry=_resources())
    return made


@cache
def _resources() -> Any:
    """Where validators find the schemas that a schema refers to, each read when it is."""
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT202012

    def retrieve(uri: str) -> Any:
        name = uri.removeprefix(ADDRESS).removesuffix(".json")
        return Resource.from_contents(load(name), default_specification=DRAFT202012)

    return Registry(retrieve=retrieve)  # type: ignore[call-arg]


def _is_integer(checker: Any, instance: Any) -> bool:
    return isinstance(instance, int) and not isinstance(instance, bool)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Error]:
    """Like jsonschema's, but "$" is the very end, as in the regular expressions of JSON Schema."""
    from jsonschema import ValidationError

    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    end = pattern.endswith("$") and not pattern.endswith("\\$")
    return re.compile(pattern[:-1] + r"\Z" if end else pattern)


def shape_of(document: Any, default: str) -> str:
    """The schema that a data file is meant for, by its members.

    It is the one that requires most of them, and of those the one that misses fewest; `default`
    where that one is as good as any.  The schemas of QMP are none of data files.
    """
    candidates = (name for name in names() if "/" not in name and name != default)
    return max((default, *candidates), key=lambda name: _fit(document, name))


def _fit(document: Any, name: str) -> tuple[int, int]:
    """How many members that a schema requires a document has, and how many it lacks (negative)."""
    required = load(name).get("required", ())
    shared = sum(isinstance(document, dict) and member in document for member in required)
    return shared, shared and shared - len(required)


# --- faults ------------------------------------------------------------------


def faults(document: Any, name: str) -> list[tuple[str, str]]:
    """Everything that a document has against a schema, as (path, text), in document order.

    `document` is parsed JSON.  Raises PyqomError for an unknown schema.
    """
    return told(document, found(document, name))


def found(document: Any, name: str) -> list[Fault]:
    """The same with each path as a tuple of members and indices, in no special order."""
    errors = validator(name).iter_errors(document)
    return [fault for error in errors for fault in _faults_of(error)]


def told(document: Any, found: Iterable[Fault]) -> list[tuple[str, str]]:
    """Faults with their paths as text, in document order, each once."""
    places = sorted(((_place(document, path), path, text) for path, text in found), key=_first)
    return list(dict.fromkeys((path_text(path), text) for _, path, text in places))


def _first(entry: tuple[tuple[int, ...], Path, str]) -> tuple[int, ...]:
    return entry[0]


def path_text(path: Iterable[str | int]) -> str:
    """The text of a path: ``models[0].features["1.EDX"][0]``; "" for the whole document."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.fullmatch(r"[A-Za-z0-9_$-]+", step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step)}]"
    return text


def _place(document: Any, path: Path) -> tuple[int, ...]:
    """Where a path stands in the document, to sort by."""
    place = []
    for step in path:
        if isinstance(step, int):
            place.append(step)
            document = document[step]
        else:
            members = list(document)
            place.append(members.index(step) if step in document else len(members))
            document = document.get(step)
    return tuple(place)


def _faults_of(error: Error) -> Iterator[Fault]:
    """The faults that one error of jsonschema stands for, each with its path."""
    path = tuple(error.absolute_path)
    keyword = str(error.validator)
    if keyword == "additionalProperties" and error.validator_value is False:
        known = error.schema.get("properties", {})
        for member in error.instance:
            if member not in known:
                yield (*path, member), f"unknown member{_suggested(member, known)}"
    elif keyword in ("required", "dependentRequired"):
        yield path, _missing(error)
    elif "propertyNames" in error.absolute_schema_path:
        yield (*path, error.instance), "not a name that can stand here"
    elif keyword in ("anyOf", "oneOf") and error.context:
        yield from _nearest_branch(error)
    else:
        yield path, TEXTS.get(keyword, _as_it_says)(error)


def _missing(error: Error) -> str:
    """jsonschema makes one error a member, and names it only in its message."""
    match = re.match(r"'(.*?)' is a (?:required property|dependency of '(.*)')", error.message)
    if match is None:
        return str(error.message)
    member, because = match.groups()
    return f"member '{member}' is missing" + (f", which '{because}' needs" if because else "")


def _nearest_branch(error: Error) -> Iterator[Fault]:
    """The faults in the alternative that comes nearest to the document."""
    branches: dict[int, list[Error]] = {}
    for inner in error.context or ():
        branches.setdefault(int(inner.schema_path[0]), []).append(inner)
    depth = {
        branch: (max(len(inner.absolute_path) for inner in errors), -len(errors))
        for branch, errors in branches.items()
    }
    for inner in branches[max(depth, key=depth.__getitem__)]:
        yield from _faults_of(inner)


def _suggested(name: str, known: Iterable[str]) -> str:
    names_ = list(known)
    near = nearest(name, names_)
    if near:
        return f", did you mean {' or '.join(map(repr, near))}?"
    few = 0 < len(names_) <= FEW
    return f", known are {', '.join(map(repr, names_))}" if few else ""


def shown(value: Any) -> str:
    """A value of a document as JSON, short enough for one line."""
    try:
        text = json.dumps(value, default=repr, ensure_ascii=False)
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(value, default=repr)
    except (RecursionError, ValueError):
        text = _kind(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _kind(value: Any) -> str:
    return next((name for kind, name in JSON_TYPES if isinstance(value, kind)), "null")


def _expected_type(error: Error) -> str:
    wanted = error.validator_value
    kinds = [wanted] if isinstance(wanted, str) else list(wanted)
    given = "null" if error.instance is None else shown(error.instance)
    kind = "" if error.instance is None else f" ({_kind(error.instance)})"
    return f"expected {' or '.join(kinds)}, not {given}{kind}"


def _as_it_says(error: Error) -> str:
    return str(error.message)


TEXTS: dict[str, Callable[[Error], str]] = {
    "type": _expected_type,
    "enum": lambda e: f"{shown(e.instance)} is none of {', '.join(map(shown, e.validator_value))}",
    "const": lambda e: f"{shown(e.instance)} is not {shown(e.validator_value)}",
    "pattern": lambda e: f"{shown(e.instance)} does not fit: {_meant(e)}",
    "minimum": lambda e: f"{shown(e.instance)} is less than {e.validator_value}",
    "maximum": lambda e: f"{shown(e.instance)} is more than {e.validator_value}",
    "minLength": lambda e: f"{shown(e.instance)} has {_characters(e)}, at least {_most(e)} needed",
    "maxLength": lambda e: f"{shown(e.instance)} has {_characters(e)}, at most {_most(e)} allowed",
    "minItems": lambda e: f"{len(e.instance)} entries, at least {_most(e)} needed",
    "maxItems": lambda e: f"{len(e.instance)} entries, at most {_most(e)} allowed",
    "uniqueItems": lambda e: "an entry stands twice",
}


def _meant(error: Error) -> str:
    """What the schema says the text is, else the pattern itself."""
    described = str(error.schema.get("description", "")).partition(";")[0].rstrip(".")
    return described[:1].lower() + described[1:] or f"the form is {error.validator_value}"


def _characters(error: Error) -> str:
    return f"{len(error.instance)} character{'s' if len(error.instance) != 1 else ''}"


def _most(error: Error) -> str:
    return str(error.validator_value)
