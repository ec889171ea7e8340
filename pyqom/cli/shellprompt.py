"""Reading a person's lines with prompt_toolkit: completion while typing, search in the history."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completion, ThreadedCompleter
from prompt_toolkit.completion import Completer as Base
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from pyqom.cli.qmpcomplete import Completer


class Words(Base):
    """A `Completer` as prompt_toolkit wants it."""

    def __init__(self, completer: Completer) -> None:
        self._completer = completer

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        last, found = self._completer.complete(document.text_before_cursor)
        for word in found:
            shown = word.rpartition("=")[2] or word
            yield Completion(word, -len(last), display=shown)


def reader(completer: Completer, history: str | None, prompt: str) -> Callable[[], str]:
    """What asks for a line; raises EOFError at the end, KeyboardInterrupt for a line given up."""
    kept: History = InMemoryHistory() if history is None else FileHistory(history)
    # A socket is asked from another thread, since its library has a loop of its own.
    words = ThreadedCompleter(Words(completer))
    session: PromptSession[str] = PromptSession(history=kept, completer=words)
    return lambda: session.prompt(prompt)
