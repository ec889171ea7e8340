"""A tree with the objects of a release, which runs QMP's object commands at the level of QOM."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pyqom import catalog
from pyqom import release as releases
from pyqom.devices import backends
from pyqom.errors import DeviceNotFound, PyqomError
from pyqom.types import Object, Registry, container_get, make_root
from pyqom.types.path import lookup

CHARDEVS = Registry()


class Chardev(Object, typename="chardev-null", registry=CHARDEVS):
    """As much of a chardev as an object meets."""


# what a QMP server says of arguments before there is an object
ARGUMENTS = re.compile(
    r"Parameter '[^']*' is (missing|unexpected)"
    r"|Parameter 'qom-type' does not accept value '.*'"
)


class World:
    """A tree, its objects, and the types of a release."""

    def __init__(self, release: str, **surroundings: Any) -> None:
        self.types = catalog.build(releases.get(release))
        if "iothread" not in self.types:
            backends.declare(self.types)
        self.root = make_root()
        self.netdevs: dict[str, int] = {}
        self.surroundings = backends.Surroundings(
            self.root, thread_id=lambda owner: 4711, netdevs=self.netdevs, **surroundings
        )

    def add(self, qom_type: str, identifier: str | None, **props: Any) -> Any:
        """Make an object; `_` in a property's name is ``-``."""
        given = {name.replace("_", "-"): value for name, value in props.items()}
        return self.object_add({"qom-type": qom_type, "id": identifier, **given})

    def object_add(self, arguments: dict[str, Any], keyval: bool = False) -> Any:
        props = dict(arguments)
        qom_type, identifier = props.pop("qom-type"), props.pop("id")
        return backends.object_add(
            self.root,
            self.types,
            qom_type,
            identifier,
            props,
            keyval=keyval,
            surroundings=self.surroundings,
        )

    def delete(self, identifier: str) -> None:
        backends.object_del(self.root, identifier)

    def find(self, path: str) -> Any:
        found = lookup(self.root, path)
        if found is None:
            raise DeviceNotFound(f"Device '{path}' not found")
        return found

    def ids(self) -> set[str]:
        return {child.path_component for child in container_get(self.root, "/objects").children()}

    def add_chardev(self, label: str) -> Any:
        return container_get(self.root, "/chardevs").add_child(label, Chardev())

    def reply(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """What a QMP server would answer: ``return``, or ``error`` and, unless usual, ``class``."""
        try:
            return {"return": self.run(command, arguments)}
        except PyqomError as error:
            reply = {"error": str(error)}
            if error.qmp_class != "GenericError":
                reply["class"] = error.qmp_class
            return reply

    def run(self, command: str, arguments: dict[str, Any]) -> Any:
        match command:
            case "object-add":
                self.object_add(arguments)
            case "object-del":
                self.delete(arguments["id"])
            case "qom-get":
                return self.find(arguments["path"]).get(arguments["property"])
            case "qom-set":
                self.find(arguments["path"]).set(arguments["property"], arguments["value"])
            case "qom-list":
                properties = self.find(arguments["path"]).property_list()
                return [{"name": prop.name, "type": prop.type} for prop in properties]
            case "chardev-add":
                self.add_chardev(arguments["id"])
            case "netdev_add":
                self.netdevs[arguments["id"]] = 1
            case _:
                raise AssertionError(command)
        return {}


@pytest.fixture(params=["7.2", "11.1"])
def world(request: pytest.FixtureRequest) -> World:
    """A world of each release."""
    return World(request.param)


@pytest.fixture
def new_world() -> World:
    """A world of the newest release."""
    return World("11.1")
