"""Which participants the table shows: words that match, and the quick choices."""

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex
from typing_extensions import override

from gui.models.columns import SortedTable
from gui.models.outcomes import OVER
from gui.models.participants import COLUMNS, ParticipantsModel, is_here, look_of, needs_attention
from mug.protocol.lab import ParticipantView

__all__ = ["QUICK", "FilteredPeople", "matches_words"]

QUICK: dict[str, tuple[str, Callable[[ParticipantView], bool]]] = {
    "all": ("Everybody", lambda _view: True),
    "here": ("Here", is_here),
    "waiting": ("Waiting", lambda view: view.phase in {"waiting", "matching"} and is_here(view)),
    "playing": ("Playing", lambda view: view.phase == "playing" and is_here(view)),
    "attention": ("Needs attention", needs_attention),
    "hand": ("Hand raised", lambda view: view.hand is not None),
    "paused": ("Paused", lambda view: view.paused),
    "finished": ("Finished", lambda view: view.state in OVER),
}
"""Key of a quick choice: its words, and whom it shows."""

_SEARCHED = tuple(column for column in COLUMNS if column.key in {"id", "scene", "state", "phase", "seat"})


def matches_words(view: ParticipantView, words: str) -> bool:
    """Return whether every word is found in the id, the scene, the state, what the page does, or the seat."""
    wanted = words.casefold().split()
    if not wanted:
        return True
    text = " ".join([*(column.text(view) for column in _SEARCHED), look_of(view).word, view.state]).casefold()
    return all(word in text for word in wanted)


class FilteredPeople(SortedTable):
    """The participants that match, sorted.

    Runs on: GUI thread.
    """

    def __init__(self, source: ParticipantsModel) -> None:
        super().__init__(source, source)
        self._source = source
        self._words = ""
        self._quick = "all"

    @property
    def is_filtering(self) -> bool:
        """Whether somebody may be hidden."""
        return bool(self._words) or self._quick != "all"

    def show_only(self, words: str, quick: str) -> None:
        """Take other words and another quick choice."""
        words = " ".join(words.split())
        if (words, quick) != (self._words, self._quick):
            self.beginFilterChange()
            self._words, self._quick = words, quick
            self.endFilterChange()

    @override
    def filterAcceptsRow(self, source_row: int, source_parent: QModelIndex | QPersistentModelIndex) -> bool:
        if not self.is_filtering:
            return True
        view = self._source.view_at(source_row)
        return QUICK[self._quick][1](view) and matches_words(view, self._words)
