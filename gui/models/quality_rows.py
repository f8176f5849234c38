"""What the records tell of a session's matches and people, as item models."""

from collections.abc import Iterable
from typing import Any, ClassVar, Generic, TypeVar

from PySide6.QtCore import Qt
from typing_extensions import override

from gui.models.columns import SORT_ROLE, Column, Index, ThemedTable
from gui.models.moments import day_and_time
from mug.records.quality_figures import MatchQuality, PersonQuality

__all__ = ["MATCH_ROLE", "PERSON_ROLE", "VERDICTS", "PeopleModel", "QualityModel", "share"]

MATCH_ROLE = Qt.ItemDataRole.UserRole + 1
PERSON_ROLE = MATCH_ROLE

VERDICTS = {
    "good": ("Good", "check-circle", "good"),
    "look": ("Look", "info", "warning"),
    "bad": ("Bad", "warning", "error"),
}
"""Verdict -> word, icon, colour role: told apart by the shape, too."""

_RANK = {"bad": 0, "look": 1, "good": 2}
R = TypeVar("R")


def share(value: float | None) -> str:
    """Write a share as per cent; a dash where nothing was measured."""
    if value is None:
        return "–"
    return "0 %" if value == 0 else "< 1 %" if value < 0.01 else f"{100 * value:.0f} %"


def _ping(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} ms"


def _size(value: float | None) -> float:
    return -1.0 if value is None else value


def _faults(match: MatchQuality) -> int:
    return match.dropouts + match.exclusions


def _outcome(match: MatchQuality) -> str:
    return match.outcome.replace("_", " ") if match.ended else "still played"


def _end(person: PersonQuality) -> str:
    return person.outcome.replace("_", " ").capitalize() if person.outcome else "Not finished"


class _Rows(ThemedTable, Generic[R]):
    """Rows of one kind, whose first column has an icon.

    Runs on: GUI thread.
    """

    _rows: tuple[R, ...] = ()

    def show(self, rows: Iterable[R]) -> None:
        """Take these."""
        self.beginResetModel()
        self._rows = tuple(rows)
        self.endResetModel()

    def rows(self) -> tuple[R, ...]:
        """Return the rows."""
        return self._rows

    def look(self, row: R) -> tuple[str, str, str]:
        """Word, icon and colour role of the first column."""
        raise NotImplementedError

    def tip(self, row: R) -> str:
        """What the row's tooltip says."""
        raise NotImplementedError

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        row, column = self._rows[index.row()], self.columns[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.text(row)
            case Qt.ItemDataRole.TextAlignmentRole:
                return column.alignment
            case Qt.ItemDataRole.ToolTipRole:
                return self.tip(row)
            case Qt.ItemDataRole.DecorationRole if index.column() == 0:
                _word, icon, colour = self.look(row)
                return self._icon_of(icon, colour)
            case Qt.ItemDataRole.ForegroundRole if index.column() == 0:
                return self._colour_of(self.look(row)[2])
            case _ if role == SORT_ROLE:
                return column.sort(row)
            case _ if role == MATCH_ROLE:
                return row
            case _:
                return None


class QualityModel(_Rows[MatchQuality]):
    """The matches of a session, with what is to be known of their data."""

    columns: ClassVar[tuple[Column[Any], ...]] = (
        Column("verdict", "Data", "", lambda m: VERDICTS[m.verdict][0], lambda m: _RANK[m.verdict]),
        Column("match", "Match", "", lambda m: m.match_id, lambda m: m.match_id),
        Column("scene", "Scene", "", lambda m: m.scene_id, lambda m: m.scene_id),
        Column(
            "players",
            "Players",
            "",
            lambda m: ", ".join(m.participants),
            lambda m: ", ".join(m.participants).casefold(),
        ),
        Column("frames", "Frames", "Frames that are stored", lambda m: f"{m.frames:,}", lambda m: m.frames, True),
        Column(
            "missing",
            "Missing",
            "Frames that nobody recorded",
            lambda m: f"{m.missing_frames:,}",
            lambda m: m.missing_frames,
            True,
        ),
        Column(
            "differ",
            "Differ",
            "Episodes whose records are not alike, and states that were not the same while people played",
            lambda m: f"{m.disagreeing + m.desyncs:,}",
            lambda m: m.disagreeing + m.desyncs,
            True,
        ),
        Column("lost", "Lost", "Players lost or excluded", lambda m: f"{_faults(m):,}", _faults, True),
        Column(
            "rollback",
            "Rollback",
            "Share of steps that were made again with a partner's true input",
            lambda m: share(m.rollback_share),
            lambda m: _size(m.rollback_share),
            True,
        ),
        Column(
            "stall",
            "Stalls",
            "Share of the time for which the game waited for a partner",
            lambda m: share(m.stall_share),
            lambda m: _size(m.stall_share),
            True,
        ),
        Column(
            "focus",
            "Unfocused",
            "Share of seconds in which a page was hidden or without the keyboard",
            lambda m: share(m.unfocused_share),
            lambda m: _size(m.unfocused_share),
            True,
        ),
        Column(
            "ping",
            "Ping",
            "Median round trip",
            lambda m: _ping(m.ping_median_ms),
            lambda m: _size(m.ping_median_ms),
            True,
        ),
        Column(
            "p95", "Ping 95 %", "95th percentile", lambda m: _ping(m.ping_p95_ms), lambda m: _size(m.ping_p95_ms), True
        ),
        Column("outcome", "Ended", "", _outcome, lambda m: m.outcome),
    )

    @override
    def look(self, row: MatchQuality) -> tuple[str, str, str]:
        return VERDICTS[row.verdict]

    @override
    def tip(self, row: MatchQuality) -> str:
        return "\n".join(row.reasons) or "Nothing is to be said against these data."


class PeopleModel(_Rows[PersonQuality]):
    """The participants of a session, as the records know them."""

    columns: ClassVar[tuple[Column[Any], ...]] = (
        Column("id", "Participant", "", lambda p: p.participant_id, lambda p: p.participant_id.casefold()),
        Column("joined", "Joined", "", lambda p: day_and_time(p.joined_at), lambda p: p.joined_at),
        Column("outcome", "Outcome", "", _end, _end),
        Column("data", "Data", "", lambda p: p.withdrawn or "kept", lambda p: p.withdrawn),
        Column("visits", "Scenes", "Scenes that were begun", lambda p: f"{p.visits:,}", lambda p: p.visits, True),
        Column("matches", "Matches", "", lambda p: f"{p.matches:,}", lambda p: p.matches, True),
        Column("errors", "Errors", "", lambda p: f"{p.errors:,}", lambda p: p.errors, True),
        Column(
            "focus",
            "Unfocused",
            "Share of seconds in which the page was hidden or without the keyboard",
            lambda p: share(p.unfocused_share),
            lambda p: _size(p.unfocused_share),
            True,
        ),
        Column("ping", "Ping", "Median", lambda p: _ping(p.ping_median_ms), lambda p: _size(p.ping_median_ms), True),
    )

    @override
    def look(self, row: PersonQuality) -> tuple[str, str, str]:
        return ("", "eye-off", "muted") if row.withdrawn else ("", "user", "text")

    @override
    def tip(self, row: PersonQuality) -> str:
        words = f"Withdrawn: the data were {row.withdrawn}." if row.withdrawn else ""
        return words or (f"Reason: {row.reason}" if row.reason else row.participant_id)
