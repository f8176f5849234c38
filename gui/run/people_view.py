"""The upper part of the running page: the participants, and the matches where people play together."""

import time
from collections.abc import Iterable

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from gui.models.matches import is_over
from gui.run.matches_view import MatchesView
from gui.run.participants_view import ParticipantsView
from gui.run.qr_code import QrCode
from gui.widgets.basics import Segments, card, label
from gui.widgets.theme import Theme
from mug.protocol.lab import MatchView, ParticipantView

__all__ = ["PeopleView"]

_FIGURES_EVERY_S = 0.25


class PeopleView(QWidget):
    """Participants or matches, whichever is chosen; while nobody is here, how people get here.

    The choice is offered only where there are games of several people: in every other study the participants are all
    there is to see.

    Attributes:
        participants, matches: The two views.
        choice: The switch between them.

    Signals:
        view_chosen: "participants" or "matches" came to the front.
        matches_changed: The ids of the matches that are shown otherwise than before (a list of str).

    Runs on: GUI thread.
    """

    view_chosen = Signal(str)
    matches_changed = Signal(list)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._expects_matches = False
        self._in_front = "participants"
        self._waiting: dict[str, MatchView] = {}
        self._has_news = False
        self._shown_s = 0.0
        self._said: tuple[int, int, int] | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self._head = QWidget()
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        self.choice = Segments((("participants", "Participants"), ("matches", "Matches")), name="Shown")
        self.choice.chosen.connect(self._on_chosen)
        head.addWidget(self.choice)
        self._hint = label("", "small")
        head.addWidget(self._hint, 1)
        layout.addWidget(self._head)
        self.participants = ParticipantsView(theme)
        self.participants.match_asked.connect(self.show_match)
        self.matches = MatchesView(theme)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._make_waiting())
        self._stack.addWidget(self.participants)
        self._stack.addWidget(self.matches)
        layout.addWidget(self._stack, 1)
        theme.changed.connect(self._on_theme_changed)
        self._refresh()

    def current(self) -> str:
        """Return what is in front: "participants" or "matches"."""
        return self.choice.current() if self._has_matches() else "participants"

    def show_address(self, address: str, *, on_network: bool) -> None:
        """Show where participants go; a code to scan only where another device can open it."""
        self._qr.setVisible(on_network)
        self._qr.show_text(address)
        self._qr_words.setText(
            "Let participants scan the code, or type the address into a browser:"
            if on_network
            else "Open the address in browser windows on this machine, one for each participant:"
        )
        self._qr_address.setText(address)

    def expect_matches(self, expected: bool) -> None:
        """Say whether the study has games of several people."""
        self._expects_matches = expected
        self._refresh()

    def replace_all(self, participants: Iterable[ParticipantView], matches: Iterable[MatchView]) -> None:
        """Take a snapshot."""
        fresh = tuple(matches)
        self.participants.model.replace_all(participants)
        self._waiting.clear()
        self.matches.replace_all(fresh)
        self.participants.model.replace_matches(fresh, self.matches.model.number_of)
        self._refresh()

    def update_rows(self, participants: Iterable[ParticipantView], matches: Iterable[MatchView]) -> None:
        """Take what is new or has changed: a match that is new, or stands otherwise, is shown at once."""
        self.participants.model.update(participants)
        for view in matches:
            known = self.matches.model.view_of(view.match_id)
            self._has_news |= known is None or _standing(known) != _standing(view)
            self._waiting[view.match_id] = view
        if self._has_news:
            self._show_waiting()
        elif self._stack.currentIndex() == 0:
            self._refresh()

    @Slot()
    def show_due(self) -> None:
        """Show the figures that came since: as often as one can read them, however often they come."""
        if self._waiting and time.monotonic() - self._shown_s >= _FIGURES_EVERY_S:
            self._show_waiting()

    def _show_waiting(self) -> None:
        fresh = tuple(self._waiting.values())
        self._waiting.clear()
        self._has_news = False
        self._shown_s = time.monotonic()
        self.matches.update_rows(fresh)
        self.participants.model.update_matches(fresh, self.matches.model.number_of)
        self._refresh()
        self.matches_changed.emit([view.match_id for view in fresh])

    @Slot(str)
    def show_match(self, match_id: str) -> None:
        """Bring a match to the front."""
        self.matches.select(match_id)
        self.choice.choose("matches")

    def _has_matches(self) -> bool:
        return self._expects_matches or self.matches.model.rowCount() > 0

    def _refresh(self) -> None:
        anybody = self.participants.model.rowCount() > 0
        has_matches = self._has_matches()
        self._head.setVisible(anybody and has_matches)
        self.participants.show_match_column(has_matches)
        self._stack.setCurrentIndex(0 if not anybody else 2 if self.current() == "matches" else 1)
        if self.current() != self._in_front:
            self._in_front = self.current()
            self.view_chosen.emit(self._in_front)
        rows = self.matches.model.rows()
        live = sum(not is_over(view) for view in rows)
        counts = live, sum(view.state == "paused" for view in rows), sum(view.desyncs > 0 for view in rows)
        if counts != self._said:
            self._say_counts(*counts)

    def _say_counts(self, live: int, paused: int, differing: int) -> None:
        self._said = live, paused, differing
        icon = self._theme.icon("warning", "warning") if paused or differing else None
        self.choice.rename("matches", f"Matches ({live})" if live else "Matches", icon)
        words = [f"{_matches(paused)} paused"] if paused else []
        words += [f"{_matches(differing)} with desyncs"] if differing else []
        self._hint.setText(", ".join(words))

    @Slot(str)
    def _on_chosen(self, _key: str) -> None:
        self._refresh()

    @Slot()
    def _on_theme_changed(self) -> None:
        if self._said is not None:
            self._say_counts(*self._said)

    def _make_waiting(self) -> QWidget:
        panel, layout = card(margins=14)
        row = QHBoxLayout()
        row.setSpacing(24)
        row.addStretch(1)
        self._qr = QrCode(132)
        row.addWidget(self._qr)
        texts = QVBoxLayout()
        texts.setSpacing(4)
        texts.addStretch(1)
        texts.addWidget(label("Waiting for the first participant", "heading"))
        self._qr_words = label("", "muted")
        texts.addWidget(self._qr_words)
        self._qr_address = label("", "address", selectable=True)
        texts.addWidget(self._qr_address)
        texts.addStretch(1)
        row.addLayout(texts)
        row.addStretch(1)
        layout.addLayout(row)
        return panel


def _standing(view: MatchView) -> tuple[object, ...]:
    """What of a match is never shown late."""
    gone = tuple(player.dropped for player in view.players)
    return view.state, view.desyncs, view.flags, gone


def _matches(count: int) -> str:
    return f"{count} match{'' if count == 1 else 'es'}"
