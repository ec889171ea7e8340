"""The files of schema/qmp: sound in themselves, and one with the index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry, Resource

from pyqom import release as releases
from pyqom.monitor import qapi

FOLDER = Path(__file__).parents[2] / "schema/qmp"
OPTIONS = FOLDER.parent / "command-line-options.json"
MODULES = sorted(path.stem for path in FOLDER.glob("*.json") if path.stem != "index")
ERRORS = Path(__file__).parents[1] / "data/qmp/errors.json"
KEYWORDS = {
    *("x-alternate", "x-features", "x-order", "x-pyqom", "x-qapi-type", "x-required", "x-since"),
    *("x-tag", "x-until", "x-values", "x-commands", "x-events"),
}
ENTITY_MEMBERS = {
    *("description", "arguments", "data", "returns", "allow-oob", "allow-preconfig", "gen"),
    *("success-response", "features", "since", "until", "pyqom"),
}
NUMBERS = ("_t", "uint64", "expected: integer")
INTEGERS = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)} | {"size", "any"}


@cache
def content(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@cache
def registry() -> Registry[Any]:
    resources = [Resource.from_contents(content(name)) for name in MODULES]
    return Registry().with_resources([(str(resource.id()), resource) for resource in resources])


def validator(name: str, kind: str) -> Draft202012Validator:
    reference = {"$ref": f"https://pyqom.invalid/schema/qmp/{name}.json#/$defs/{kind}"}
    return Draft202012Validator(reference, registry=registry())


def schemas(value: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside; in `properties` and `$defs` the keys are names, no keywords."""
    if isinstance(value, dict):
        yield value
    for key, inside in value.items() if isinstance(value, dict) else enumerate(value):
        if key in ("properties", "$defs", "x-values"):
            for named in inside.values():
                yield from schemas(named)
        elif isinstance(inside, (dict, list)):
            yield from schemas(inside)


def entities(name: str) -> dict[str, Any]:
    return {**content(name).get("x-commands", {}), **content(name).get("x-events", {})}


@pytest.mark.parametrize("name", MODULES)
def test_module_is_a_schema(name: str) -> None:
    module = content(name)
    Draft202012Validator.check_schema(module)
    assert module["$id"] == f"https://pyqom.invalid/schema/qmp/{name}.json"
    assert set(module) <= {"$schema", "$id", "title", "x-commands", "x-events", "$defs"}
    for entity in entities(name).values():
        assert set(entity) <= ENTITY_MEMBERS
        for key in ("arguments", "data", "returns"):
            Draft202012Validator.check_schema(entity.get(key, {}))


@pytest.mark.parametrize("name", MODULES)
def test_only_known_keywords_and_references_that_lead_somewhere(name: str) -> None:
    for schema in schemas(content(name)):
        assert {key for key in schema if key.startswith("x-")} <= KEYWORDS | set(entities(name))
        assert schema.get("x-qapi-type", "any") in INTEGERS
        if isinstance(schema.get("$ref"), str):
            file, _, kind = schema["$ref"].partition("#/$defs/")
            assert kind in content(file.removesuffix(".json") or name)["$defs"]


@pytest.mark.parametrize("name", MODULES)
def test_objects_are_closed_or_branches(name: str) -> None:
    branches = {
        (branch["$ref"].partition(".json")[0] if ".json" in branch["$ref"] else other)
        + branch["$ref"].partition("#/$defs")[2]
        for other in MODULES
        for schema in schemas(content(other))
        if "x-tag" in schema
        for branch in schema["oneOf"]
        if "$ref" in branch
    }
    for kind, schema in content(name).get("$defs", {}).items():
        closed = "additionalProperties" in schema or "unevaluatedProperties" in schema
        assert closed == (schema.get("type") == "object" and f"{name}/{kind}" not in branches), kind


@pytest.mark.parametrize("name", MODULES)
def test_events_are_in_capitals_and_commands_not(name: str) -> None:
    assert all(event.isupper() for event in content(name).get("x-events", ()))
    assert not any(command.isupper() for command in content(name).get("x-commands", ()))


def test_the_index_names_everything_where_it_is() -> None:
    index = content("index")
    sections = index["sections"]
    assert {section["module"] for section in sections} | set(index["types"]) == set(MODULES)
    for release in releases.releases():
        named = [
            (section["module"], name)
            for section in sections
            if release.knows(section.get("since"), section.get("until"))
            for name in section["names"]
        ]
        stated = [
            (module, name)
            for module in MODULES
            for name, entity in entities(module).items()
            if release.knows(entity.get("since"), entity.get("until"))
        ]
        assert sorted(named) == sorted(stated)


@pytest.mark.parametrize("release", [release.name for release in releases.releases()])
def test_every_type_can_be_made(release: str) -> None:
    known = qapi.schema(releases.get(release))
    for name in MODULES:
        for kind in content(name).get("$defs", ()):
            made = known.type(kind)
            assert made.name == kind
            assert getattr(made, "members", None) != ()


OBJECTS = [
    ({"qom-type": "iothread", "id": "i", "poll-max-ns": 5}, True),
    ({"qom-type": "iothread", "id": "i", "poll-max-ns": "5"}, False),
    ({"qom-type": "iothread", "id": "i", "size": 5}, False),
    ({"qom-type": "memory-backend-ram", "id": "m", "size": 5}, True),
    ({"qom-type": "memory-backend-ram", "id": "m"}, False),
    ({"qom-type": "can-bus", "id": "c"}, True),
    ({"qom-type": "can-bus", "id": "c", "x": 1}, False),
    ({"qom-type": "bogus", "id": "c"}, False),
    ({"qom-type": "authz-list", "id": "a", "rules": [{"match": "x", "policy": "deny"}]}, True),
    ({"qom-type": "authz-list", "id": "a", "rules": [{"match": "x"}]}, False),
]


@pytest.mark.parametrize(("value", "good"), OBJECTS)
def test_the_schema_says_by_itself_what_an_object_may_be(value: Any, good: bool) -> None:
    if good:
        validator("qom", "ObjectOptions").validate(value)
        assert qapi.schema(releases.get(None)).check("object-add", value) == value
    else:
        with pytest.raises(ValidationError):
            validator("qom", "ObjectOptions").validate(value)


def test_json_schema_refuses_what_qemu_refuses() -> None:
    """Of what it can know: not the width of integers, and not what only a release lacks."""
    kinds = {"object-add": ("qom", "ObjectOptions"), "set-numa-node": ("machine", "NumaOptions")}
    refused = 0
    for command, arguments, text, *only in json.loads(ERRORS.read_text(encoding="utf-8")):
        if command in kinds and not only and not text.endswith(NUMBERS):
            assert not validator(*kinds[command]).is_valid(arguments), text
            refused += 1
    assert refused > 30


def test_the_command_line_is_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(OPTIONS.read_text(encoding="utf-8")))
