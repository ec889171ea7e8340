"""What a machine would print on standard error: warnings, and errors that it survives."""

from __future__ import annotations

from pyqom.errors import PyqomError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    Level = Literal["warning", "error"]
    Origin = tuple[str, int]


class Report(str):
    """One text, without "warning: " before it.

    ``origin`` names what was at work, such as ``("numa", 0)`` for the first of the NUMA options;
    None for the machine as a whole.
    """

    level: Level = "warning"
    origin: Origin | None = None


class Reports(list[str]):
    """The texts in the order in which they came; a subclass may do more with each (`told`).

    Entries are `Report`; ``errors`` takes those that QEMU prints as errors, and goes on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.origin: Origin | None = None
        self.errors = _Errors(self)

    def append(self, text: str) -> None:
        """A warning."""
        self.report(text, "warning")

    def extend(self, texts: Any) -> None:
        for text in texts:
            self.append(text)

    def report(self, text: str, level: Level) -> None:
        """Add a text."""
        entry = Report(text)
        entry.level, entry.origin = level, self.origin
        super().append(entry)
        self.told(entry)

    def told(self, entry: Report) -> None:
        """Hook: an entry has been added."""

    def at(self, kind: str, index: int) -> At:
        """A ``with`` block for what one option does: it is the origin of reports and errors."""
        return At(self, (kind, index))


class _Errors(list[str]):
    """Takes errors for `Reports`."""

    def __init__(self, reports: Reports) -> None:
        super().__init__()
        self._reports = reports

    def append(self, text: str) -> None:
        self._reports.report(text, "error")


class At:
    """While it is entered, `origin` is at work; an error that leaves it gets it as ``origin``."""

    def __init__(self, reports: Reports, origin: Origin) -> None:
        self._reports = reports
        self._origin = origin
        self._before: Origin | None = None

    def __enter__(self) -> None:
        self._before, self._reports.origin = self._reports.origin, self._origin

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self._reports.origin = self._before
        if isinstance(error, PyqomError):
            error.origin = self._origin  # type: ignore[attr-defined]
