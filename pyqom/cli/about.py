"""What ``pyqom --help`` and ``pyqom --version`` print."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

STATUS = "exit status: 0 good, 1 the answer is no, 2 bad request"
"""What every ``--help`` ends with."""


def usage(verbs: Mapping[str, str]) -> str:
    """The verbs, each with what it tells."""
    width = max(map(len, verbs))
    listed = "".join(f"  {name:{width}}  {summary}\n" for name, summary in verbs.items())
    return (
        "usage: pyqom VERB ...\n\n"
        "Every QEMU CPU model on every machine type, with nothing running.\n\n"
        f"verbs:\n{listed}\n"
        "options:\n"
        "  -h, --help  this text; pyqom VERB --help tells about a verb\n"
        "  --version   pyqom's version and the QEMU releases that it carries\n\n"
        f"{STATUS}\n"
    )


def version() -> str:
    """pyqom's version and what it carries."""
    from pyqom import __version__
    from pyqom.release import releases

    carried = ", ".join(".".join(map(str, each.version)) for each in releases())
    return f"pyqom {__version__} (QEMU {carried})\n"
