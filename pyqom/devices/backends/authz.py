"""Who may connect (``authz/``)."""

from __future__ import annotations

import os.path

from pyqom.devices.backends import hostfile
from pyqom.devices.backends.fields import Field, flag, text
from pyqom.devices.backends.objects import Backend, object_add
from pyqom.errors import ObjectRefused, PyqomError
from pyqom.types import Enum, ListOf, Object, Str, Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

POLICIES = ("deny", "allow")
FORMATS = ("exact", "glob")


class Authz(Object, typename="authz", abstract=True):
    """An authorization service."""


class AuthzSimple(Authz, Backend, typename="authz-simple"):
    """One identity that may connect."""

    identity = text()

    def complete(self) -> None:
        """There must be an identity."""
        if self.identity is None:
            raise ObjectRefused("The 'identity' property must be set")


class RuleList(Field):
    """A list that is empty after one that cannot be read."""

    def set(self, obj: Any, value: Any, name: str | None = None, how: str = "check") -> None:
        try:
            super().set(obj, value, name, how)
        except PyqomError:
            setattr(obj, self.slot, ())
            raise


class AuthzList(Authz, Backend, typename="authz-list"):
    """Rules, the first that fits decides; ``policy`` where none does."""

    policy = Field(Enum(POLICIES, "QAuthZListPolicy"))
    rules = RuleList(
        ListOf(
            Struct(
                "QAuthZListRule",
                {
                    "match": Str(),
                    "policy": Enum(POLICIES, "QAuthZListPolicy"),
                    "format": Enum(FORMATS, "QAuthZListFormat"),
                },
                optional=("format",),
            ),
            default=(),
        ),
        "QAuthZListRule",
    )


class AuthzListFile(Authz, Backend, typename="authz-list-file"):
    """Rules that stand in a file, as JSON.  The file is read once and not watched."""

    list: Any = None
    """The rules as an object; it has no place in the tree."""

    filename = text()
    refresh = flag(True)

    def complete(self) -> None:
        """Read the file."""
        if self.filename is None:
            raise ObjectRefused("filename not provided")
        self.list = self._load()
        if not self.refresh:
            return
        if not os.path.dirname(self.filename):
            raise ObjectRefused("Filename must be an absolute path")

    def _load(self) -> Any:
        from json import JSONDecodeError, loads

        try:
            rules = loads(hostfile.read_file(self.filename))
        except ObjectRefused as error:
            raise ObjectRefused(f"Unable to read '{self.filename}': {error}") from None
        except (JSONDecodeError, UnicodeDecodeError):
            raise ObjectRefused("JSON parse error, invalid syntax") from None
        if not isinstance(rules, dict):
            raise ObjectRefused(f"File '{self.filename}' must contain a JSON object")
        return object_add(
            self.surroundings.root,
            self.registry,
            "authz-list",
            None,
            rules,
            surroundings=self.surroundings,
        )

    def instance_finalize(self) -> None:
        """The rules go with it."""
        if self.list is not None:
            self.list.unref()
