"""The participants table: rows are the server's own `ParticipantView`s."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    Qt,
)
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from typing_extensions import override

from gui.models.columns import SORT_ROLE, Column, Index, ThemedTable
from gui.models.matches import is_over
from gui.models.moments import clock_time
from gui.models.outcomes import OVER
from gui.models.participant_looks import (
    StateLook,
    doing_words,
    focus_look,
    hand_words,
    is_here,
    look_of,
    needs_attention,
    number_words,
    ping_words,
    scene_words,
)
from gui.models.treatments import treatment_words
from gui.widgets.tips import plain_tip
from mug.protocol.lab import MatchView, ParticipantView, SessionView

__all__ = [
    "COLUMNS",
    "MATCH_ID_ROLE",
    "VIEW_ROLE",
    "MatchPlace",
    "ParticipantsModel",
    "StateLook",
    "is_here",
    "look_of",
    "needs_attention",
]

VIEW_ROLE = Qt.ItemDataRole.UserRole + 1
MATCH_ID_ROLE = Qt.ItemDataRole.UserRole + 2


def _or_least(value: float | None) -> float:
    return -1.0 if value is None else float(value)


def _none(_view: ParticipantView) -> str:
    """Of what is not in the view: the model knows it."""
    return ""


COLUMNS: tuple[Column[ParticipantView], ...] = (
    Column(
        "state", "State", "Whether the participant's page is here", lambda v: look_of(v).word, lambda v: look_of(v).rank
    ),
    Column(
        "id", "Participant", "The participant's id", lambda v: v.participant_id, lambda v: v.participant_id.casefold()
    ),
    Column(
        "hand",
        "Hand",
        "What the participant asks you for",
        hand_words,
        lambda v: (v.hand is None, v.hand_since),
    ),
    Column(
        "seat", "Seat", "The desk that the participant sits at", lambda v: v.seat or "–", lambda v: v.seat.casefold()
    ),
    Column(
        "treatment",
        "Treatment",
        "The treatment that the participant has; a letter while you are blind",
        _none,
        lambda v: (not v.treatment, v.treatment.casefold()),
    ),
    Column(
        "scene", "Scene", "The scene and its place in this participant's order", scene_words, lambda v: v.scene_index
    ),
    Column("phase", "Doing", "What the page does now", doing_words, lambda v: v.phase),
    Column("match", "Match", "Number of the match that the participant is in, and the partners there", _none, _none),
    Column(
        "ping",
        "Ping",
        "Round trip to the server; lost: how many of the last ten measurements were not answered",
        ping_words,
        lambda v: _or_least(v.rtt_ms if is_here(v) else None),
        True,
    ),
    Column(
        "focus",
        "Focus",
        "Whether the page is visible and has the focus",
        lambda v: focus_look(v).word,
        lambda v: focus_look(v).rank,
    ),
    Column(
        "rate",
        "fps",
        "Game frames a second",
        lambda v: number_words(v.frame_rate_hz if is_here(v) else None, "", 1),
        lambda v: _or_least(v.frame_rate_hz if is_here(v) else None),
        True,
    ),
    Column(
        "stored",
        "Stored",
        "Game frames stored on disk",
        lambda v: f"{v.frames_stored:,}",
        lambda v: v.frames_stored,
        True,
    ),
    Column("errors", "Errors", "Errors that the page reported", lambda v: str(v.errors), lambda v: v.errors, True),
    Column(
        "unseen",
        "Not seen",
        "What you sent or did that the page has not shown yet",
        lambda v: str(v.unseen_actions) if v.unseen_actions else "–",
        lambda v: v.unseen_actions,
        True,
    ),
)

_PLACE = {column.key: place for place, column in enumerate(COLUMNS)}
_STATE, _ID, _PHASE, _MATCH, _PING, _FOCUS, _ERRORS, _HAND, _UNSEEN, _TREATMENT = (
    _PLACE[key] for key in ("state", "id", "phase", "match", "ping", "focus", "errors", "hand", "unseen", "treatment")
)


def _naming(session: SessionView | None) -> tuple[object, ...]:
    """What a treatment's words depend on."""
    if session is None:
        return ()
    return session.blind, tuple((view.treatment, view.title) for view in session.treatments)


@dataclass(frozen=True)
class MatchPlace:
    """The match that a participant is in: its id, its number in the order of formation, and who else plays."""

    match_id: str
    number: int
    partners: tuple[str, ...]

    def __str__(self) -> str:
        words = [str(self.number)] if self.number else []
        return " · ".join([*words, *([", ".join(self.partners)] if self.partners else [])]) or "–"


_NOWHERE = MatchPlace("", 0, ())


class ParticipantsModel(ThemedTable):
    """Thin over immutable rows; a drain's changes come in one `update`.

    Runs on: GUI thread.
    """

    columns = COLUMNS

    def __init__(
        self,
        icon_of: Callable[[str, str], QIcon],
        colour_of: Callable[[str], QColor],
        series_of: Callable[[int], QColor],
        parent: QObject | None = None,
    ) -> None:
        """Start empty.

        Args:
            icon_of: Icon name and colour role to the icon.
            colour_of: Colour role to the colour.
            series_of: Place in the order of arrival to the colour of the participant's line in the plots.
            parent: The Qt parent.
        """
        super().__init__(icon_of, colour_of, parent)
        self._series_of = series_of
        self._rows: list[ParticipantView] = []
        self._row_of: dict[str, int] = {}
        self._matches: dict[str, MatchPlace] = {}
        self._dots: dict[int, QPixmap] = {}
        self._session: SessionView | None = None

    def show_session(self, session: SessionView | None) -> None:
        """Take how treatments are called at present."""
        before, self._session = self._session, session
        words = [_naming(one) for one in (before, session)]
        if self._rows and words[0] != words[1]:
            self.dataChanged.emit(self.index(0, _TREATMENT), self.index(len(self._rows) - 1, _TREATMENT))

    def replace_all(self, views: Iterable[ParticipantView]) -> None:
        """Take the rows of a snapshot."""
        self.beginResetModel()
        self._rows = list(views)
        self._row_of = {view.participant_id: row for row, view in enumerate(self._rows)}
        self.endResetModel()

    def update(self, views: Iterable[ParticipantView]) -> None:
        """Take whole rows: known participants' are replaced, new ones come last.

        However many rows changed, views hear of it once, and only of the columns that look or sort otherwise than
        before: a table that is sorted by another column has nothing to sort again.
        """
        fresh: dict[str, ParticipantView] = {}
        rows: list[int] = []
        columns: set[int] = set()
        for view in views:
            row = self._row_of.get(view.participant_id)
            if row is None:
                fresh[view.participant_id] = view
            elif self._rows[row] != view:
                columns |= _columns_between(self._rows[row], view)
                self._rows[row] = view
                rows.append(row)
        if rows:
            low, high = min(columns, default=_STATE), max(columns, default=_STATE)
            self.dataChanged.emit(self.index(min(rows), low), self.index(max(rows), high))
        if fresh:
            first = len(self._rows)
            self.beginInsertRows(QModelIndex(), first, first + len(fresh) - 1)
            for view in fresh.values():
                self._row_of[view.participant_id] = len(self._rows)
                self._rows.append(view)
            self.endInsertRows()

    def replace_matches(self, matches: Iterable[MatchView], number_of: Callable[[str], int]) -> None:
        """Take the matches of a snapshot; see `update_matches`."""
        self._matches.clear()
        self._say_matches_changed(self._row_of)
        self.update_matches(matches, number_of)

    def update_matches(self, matches: Iterable[MatchView], number_of: Callable[[str], int]) -> None:
        """Show who plays with whom.

        Args:
            matches: Those that are new or have changed; who was in one that is over is in none.
            number_of: A match's id to its number in the order of formation.
        """
        changed: set[str] = set()
        for view in matches:
            here = () if is_over(view) else tuple(p.participant_id for p in view.players if not p.dropped)
            for player in view.players:
                name = player.participant_id
                before = self._matches.get(name)
                if name in here:
                    partners = tuple(other for other in here if other != name)
                    place = MatchPlace(view.match_id, number_of(view.match_id), partners)
                    self._matches[name] = place
                    if place != before:
                        changed.add(name)
                elif before is not None and before.match_id == view.match_id:
                    del self._matches[name]
                    changed.add(name)
        self._say_matches_changed(changed)

    def _say_matches_changed(self, names: Iterable[str]) -> None:
        rows = [self._row_of[name] for name in names if name in self._row_of]
        if rows:
            self.dataChanged.emit(self.index(min(rows), _MATCH), self.index(max(rows), _MATCH))

    def rows(self) -> tuple[ParticipantView, ...]:
        """Return the rows in order of arrival."""
        return tuple(self._rows)

    def view_at(self, row: int) -> ParticipantView:
        """Return one row."""
        return self._rows[row]

    def row_of(self, participant_id: str) -> int:
        """Return the row of a participant; -1 when there is none."""
        return self._row_of.get(participant_id, -1)

    def match_of(self, participant_id: str) -> str:
        """Return the id of the match that a participant is in; empty when in none."""
        return self._matches.get(participant_id, _NOWHERE).match_id

    def view_of(self, participant_id: str) -> ParticipantView | None:
        """Return a participant's row."""
        row = self._row_of.get(participant_id)
        return None if row is None else self._rows[row]

    @override
    def recolour(self) -> None:
        self._dots.clear()
        super().recolour()

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        view, column = self._rows[index.row()], COLUMNS[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(view, column)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{column.title}: {self._text(view, column)}"
            case Qt.ItemDataRole.TextAlignmentRole:
                return column.alignment
            case Qt.ItemDataRole.DecorationRole:
                return self._decoration(view, index.row(), index.column())
            case Qt.ItemDataRole.ForegroundRole:
                return self._foreground(view, index.column())
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(_tip(view, column))
            case _ if role == SORT_ROLE:
                return self._place(view).number if column.key == "match" else column.sort(view)
            case _ if role == VIEW_ROLE:
                return view
            case _ if role == MATCH_ID_ROLE:
                return self._place(view).match_id
            case _:
                return None

    def _text(self, view: ParticipantView, column: Column[ParticipantView]) -> str:
        match column.key:
            case "match":
                return str(self._place(view))
            case "treatment":
                return treatment_words(view.treatment, self._session)
        return column.text(view)

    def _place(self, view: ParticipantView) -> MatchPlace:
        return self._matches.get(view.participant_id, _NOWHERE)

    def _decoration(self, view: ParticipantView, row: int, column: int) -> QIcon | QPixmap | None:
        if column == _STATE:
            look = look_of(view)
            return self._icon_of(look.icon, look.role)
        if column == _FOCUS and (focus := focus_look(view)).icon:
            return self._icon_of(focus.icon, focus.role)
        if column == _ID:
            if row not in self._dots:
                self._dots[row] = _dot(self._series_of(row))
            return self._dots[row]
        if column == _ERRORS and view.errors:
            return self._icon_of("error", "error")
        if column == _PHASE and view.state not in OVER and (view.paused or view.warning):
            return self._icon_of("pause", "accent") if view.paused else self._icon_of("warning", "warning")
        if column == _HAND and view.hand is not None:
            return self._icon_of("hand", "accent")
        if column == _UNSEEN and view.unseen_actions:
            return self._icon_of("clock", "warning")
        return None

    def _foreground(self, view: ParticipantView, column: int) -> QColor | None:
        if column == _STATE:
            return self._colour_of(look_of(view).role)
        if column == _FOCUS:
            return self._colour_of(focus_look(view).role)
        if column == _ERRORS and view.errors:
            return self._colour_of("error")
        if column == _HAND and view.hand is not None:
            return self._colour_of("accent")
        if column == _UNSEEN and view.unseen_actions:
            return self._colour_of("warning")
        if ((column == _PHASE and view.warning) or (column == _PING and view.lost_probes)) and view.state not in OVER:
            return self._colour_of("warning")
        if view.state in OVER:
            return self._colour_of("muted")
        return None


def _columns_between(before: ParticipantView, after: ParticipantView) -> set[int]:
    """Return the columns that differ in what they say, in their order or in their colours."""
    if _colours(before) != _colours(after):
        return set(range(len(COLUMNS)))
    return {
        number
        for number, column in enumerate(COLUMNS)
        if column.text(before) != column.text(after) or column.sort(before) != column.sort(after)
    }


def _colours(view: ParticipantView) -> tuple[object, ...]:
    return view.state, view.outcome, view.warning, view.paused


def _dot(colour: QColor) -> QPixmap:
    pixmap = QPixmap(24, 24)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(colour)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(2, 2, 8, 8)
    painter.end()
    return pixmap


def _tip(view: ParticipantView, column: Column[ParticipantView]) -> str:
    if column.key == "phase" and view.since:
        return f"Since {clock_time(view.since)}"
    if column.key == "id":
        parts = [f"Joined at {clock_time(view.joined_at)}"] if view.joined_at else []
        return ", ".join([*parts, *([view.browser] if view.browser else [])])
    if column.key == "ping" and view.jitter_ms is not None:
        return f"Varies by {view.jitter_ms:.0f} ms"
    if column.key == "hand" and view.hand is not None:
        return f"{hand_words(view)} (since {clock_time(view.hand_since)})"
    if column.key == "stored" and view.unacked_chunks:
        return f"{view.unacked_chunks} parts are still on their way"
    return ""
