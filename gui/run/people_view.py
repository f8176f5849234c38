"""The upper part of the running page: the participants; where people play together, who waits and the matches."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from gui.models.matches import is_over
from gui.run.actions_view import ActionsView
from gui.run.matches_view import MatchesView
from gui.run.participants_view import ParticipantsView
from gui.run.policies_view import PoliciesView
from gui.run.waiting_view import WaitingView
from gui.widgets.basics import Elided, Segments, card, label
from gui.widgets.qr_code import QrCode
from gui.widgets.theme import Theme
from mug.protocol.lab import MatchView, ParticipantView, WaitroomView
from mug.protocol.partners import PolicyCardView

__all__ = ["PeopleView"]

_FIGURES_EVERY_S = 0.25
_VIEWS = ("participants", "waiting", "matches", "policies", "actions")


@dataclass(frozen=True)
class _Counts:
    """What the choice of views says of each."""

    live: int
    paused: int
    differing: int
    waiting: int
    ready: int
    late: int
    actions: int


class PeopleView(QWidget):
    """Participants, waiting rooms or matches, whichever is chosen; while nobody is here, how people get here.

    Waiting rooms and matches are offered only where there are games of several people.

    Attributes:
        participants, waiting, matches, policies, actions_view: The views.
        choice: The switch between them.

    Signals:
        view_chosen: "participants", "waiting", "matches", "policies" or "actions" came to the front.
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
        self._unshown: dict[str, MatchView] = {}
        self._has_news = False
        self._shown_s = 0.0
        self._said: _Counts | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self._head = QWidget()
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        self.choice = Segments(
            (
                ("participants", "Participants"),
                ("waiting", "Waiting room"),
                ("matches", "Matches"),
                ("policies", "Policies"),
                ("actions", "Actions"),
            ),
            name="Shown",
        )
        self.choice.chosen.connect(self._on_chosen)
        head.addWidget(self.choice)
        self._hint = Elided("small")
        head.addWidget(self._hint, 1)
        self._head_row = head
        layout.addWidget(self._head)
        self.participants = ParticipantsView(theme)
        self.participants.match_asked.connect(self.show_match)
        self.waiting = WaitingView(theme)
        self.matches = MatchesView(theme)
        self.policies = PoliciesView(theme)
        self.actions_view = ActionsView(theme)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._make_invitation())
        self._stack.addWidget(self.participants)
        self._stack.addWidget(self.waiting)
        self._stack.addWidget(self.matches)
        self._stack.addWidget(self.policies)
        self._stack.addWidget(self.actions_view)
        layout.addWidget(self._stack, 1)
        theme.changed.connect(self._on_theme_changed)
        self._refresh()

    def current(self) -> str:
        """Return what is in front: "participants", "waiting", "matches", "policies" or "actions"."""
        chosen = self.choice.current()
        if chosen in ("waiting", "matches"):
            return chosen if self._has_matches() else "participants"
        return chosen if chosen != "policies" or self.policies.model.rowCount() else "participants"

    def add_to_head(self, widget: QWidget) -> None:
        """Put something at the right end of the row above the tables."""
        self._head_row.addWidget(widget)

    def show_actions_count(self) -> None:
        """Say how many actions there are, and whether one is not delivered."""
        self._refresh()

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

    def replace_policies(self, cards: Iterable[PolicyCardView]) -> None:
        """Take the policies of a snapshot."""
        self.policies.replace_all(cards)
        self._refresh()

    def update_policies(self, cards: Iterable[PolicyCardView]) -> None:
        """Take policies that are new or have changed."""
        if fresh := tuple(cards):
            self.policies.update_rows(fresh)
            self._refresh()

    def replace_all(
        self,
        participants: Iterable[ParticipantView],
        matches: Iterable[MatchView],
        waitrooms: Iterable[WaitroomView] = (),
    ) -> None:
        """Take a snapshot."""
        self.waiting.replace_all(waitrooms)
        fresh = tuple(matches)
        self.participants.model.replace_all(participants)
        self._show_away()
        self._unshown.clear()
        self.matches.replace_all(fresh)
        self.participants.model.replace_matches(fresh, self.matches.model.number_of)
        self._refresh()

    def update_rows(
        self,
        participants: Iterable[ParticipantView],
        matches: Iterable[MatchView],
        waitrooms: Iterable[WaitroomView] = (),
    ) -> None:
        """Take what is new or has changed: a match that is new, or stands otherwise, is shown at once."""
        if rooms := tuple(waitrooms):
            self.waiting.update_rooms(rooms)
            self._refresh()
        if views := tuple(participants):
            self.participants.model.update(views)
            self._show_away()
        for view in matches:
            known = self.matches.model.view_of(view.match_id)
            self._has_news |= known is None or _standing(known) != _standing(view)
            self._unshown[view.match_id] = view
        if self._has_news:
            self._show_unshown()
        elif self._stack.currentIndex() == 0:
            self._refresh()

    @Slot()
    def show_due(self) -> None:
        """Show the figures that came since: as often as one can read them, however often they come."""
        self.waiting.tick()
        if self._unshown and time.monotonic() - self._shown_s >= _FIGURES_EVERY_S:
            self._show_unshown()

    def _show_unshown(self) -> None:
        fresh = tuple(self._unshown.values())
        self._unshown.clear()
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

    @Slot()
    def show_waiting(self) -> None:
        """Bring the waiting rooms to the front, where there are any."""
        if self._has_matches():
            self.choice.choose("waiting")

    def _show_away(self) -> None:
        rows = self.participants.model.rows()
        self.waiting.show_away(frozenset(view.participant_id for view in rows if view.state in {"lost", "left"}))

    def _has_matches(self) -> bool:
        return self._expects_matches or self.matches.model.rowCount() > 0 or self.waiting.rooms.people() > 0

    def _refresh(self) -> None:
        anybody = self.participants.model.rowCount() > 0
        has_matches = self._has_matches()
        self._head.setVisible(anybody or self.actions_view.model.rowCount() > 0)
        for key in ("waiting", "matches"):
            self.choice.offer(key, has_matches)
        self.choice.offer("policies", self.policies.model.rowCount() > 0)
        self.participants.show_match_column(has_matches)
        self._stack.setCurrentIndex(1 + _VIEWS.index(self.current()) if anybody else 0)
        if self.current() != self._in_front:
            self._in_front = self.current()
            self.view_chosen.emit(self._in_front)
        rows = self.matches.model.rows()
        said = _Counts(
            live=sum(not is_over(view) for view in rows),
            paused=sum(view.state == "paused" for view in rows),
            differing=sum(view.desyncs > 0 for view in rows),
            waiting=self.waiting.rooms.people(),
            ready=self.waiting.rooms.ready(),
            late=sum(card.late > 0 for card in self.policies.model.rows()),
            actions=self.actions_view.undelivered(),
        )
        if said != self._said:
            self._say_counts(said)

    def _say_counts(self, said: _Counts) -> None:
        self._said = said
        icon = self._theme.icon("warning", "warning") if said.paused or said.differing else None
        self.choice.rename("matches", f"Matches ({said.live})" if said.live else "Matches", icon)
        icon = self._theme.icon("check-circle", "good") if said.ready else None
        self.choice.rename("waiting", f"Waiting room ({said.waiting})" if said.waiting else "Waiting room", icon)
        self.choice.rename("policies", "Policies", self._theme.icon("warning", "warning") if said.late else None)
        icon = self._theme.icon("lost", "warning") if said.actions else None
        self.choice.rename("actions", f"Actions ({said.actions})" if said.actions else "Actions", icon)
        words = [f"{said.ready} group{'' if said.ready == 1 else 's'} ready to go"] if said.ready else []
        words += [f"{_matches(said.paused)} paused"] if said.paused else []
        words += [f"{_matches(said.differing)} with desyncs"] if said.differing else []
        self._hint.say(", ".join(words))

    @Slot(str)
    def _on_chosen(self, _key: str) -> None:
        self._refresh()

    @Slot()
    def _on_theme_changed(self) -> None:
        if self._said is not None:
            self._say_counts(self._said)

    def _make_invitation(self) -> QWidget:
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
