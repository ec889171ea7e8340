"""QEMU's options: their names, which take an argument, and which are modelled here.

``data/options.json`` lists them all, by release.  An entry without a further word is modelled
(`pyqom.system.handlers`); ``ignored`` says why leaving an option out changes nothing that can be
asked; ``refused`` ones are none that pyqom has; ``foreign`` ones QEMU refuses for this target.
"""

from __future__ import annotations

import json
import os.path

from pyqom.system.messages import Failure, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyqom.release import Release

DATA = os.path.join(os.path.dirname(__file__), "data", "options.json")

OWN = "release"
"""Our one option: whose facts are served."""


class Option:
    """An option by name: whether it takes an argument, and what becomes of it."""

    __slots__ = ("argument", "fate", "name")

    def __init__(self, name: str, argument: bool, fate: str) -> None:
        self.name = name
        self.argument = argument
        self.fate = fate
        """``"modelled"``, ``"ignored"``, ``"refused"`` or ``"foreign"``."""


class Given:
    """An option as given, with its argument or None, and its location; a bare word has no name."""

    __slots__ = ("argument", "location", "option")

    def __init__(self, option: Option | None, argument: str | None, location: str) -> None:
        self.option = option
        self.argument = argument
        self.location = location


def options(release: Release) -> dict[str, Option]:
    """All options of a release by name, without dashes."""
    with open(DATA, encoding="utf-8") as file:
        stated = json.load(file)["options"]
    known = {
        name: Option(name, "argument" in entry, _fate(entry))
        for name, entry in stated.items()
        if release.knows(entry.get("since"), entry.get("until"))
    }
    known[OWN] = Option(OWN, True, "modelled")
    return known


def is_refused(release: Release, name: str) -> bool:
    """Whether that is an option that pyqom does not have."""
    option = options(release).get(name)
    return option is not None and option.fate == "refused"


def _fate(entry: dict[str, object]) -> str:
    return next((fate for fate in ("ignored", "refused", "foreign") if fate in entry), "modelled")


def given(arguments: Sequence[str], known: dict[str, Option]) -> Iterator[Given]:
    """What the arguments say, one option after another; ``--foo`` is ``-foo``.

    Raises Failure at the first that is no option, or lacks its argument.
    """
    at = 0
    while at < len(arguments):
        word = arguments[at]
        at += 1
        if word[:1] != "-":
            yield Given(None, word, word)
            continue
        option = known.get(word[2:] if word[1:2] == "-" else word[1:])
        if option is None:
            raise Failure("invalid option", location=word)
        if not option.argument:
            yield Given(option, None, word)
            continue
        if at >= len(arguments):
            raise Failure("requires an argument", location=word)
        yield Given(option, arguments[at], words((word, arguments[at])))
        at += 1


def release_name(arguments: Sequence[str]) -> str | None:
    """The last ``--release R`` of the arguments, looked for before anything else is read."""
    found = None
    for at, word in enumerate(arguments[:-1]):
        if word in ("-release", "--release"):
            found = arguments[at + 1]
    return found
