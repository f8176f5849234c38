"""The sessions that the data folder holds, as an item model."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QFont, QIcon
from typing_extensions import override

from gui.models.moments import day_and_time
from gui.widgets.tips import plain_tip
from mug.records.library import SessionSummary

__all__ = ["SESSION_COLUMNS", "SUMMARY_ROLE", "SessionsModel", "SortedSessions", "frames_of"]

SUMMARY_ROLE = Qt.ItemDataRole.UserRole
SORT_ROLE = Qt.ItemDataRole.UserRole + 1

Index = QModelIndex | QPersistentModelIndex


def frames_of(summary: SessionSummary) -> int:
    """Return how many game frames a session holds."""
    return int(summary.rows.get("frames", 0))


@dataclass(frozen=True)
class Column:
    """One column."""

    key: str
    title: str
    text: Callable[[SessionSummary], str]
    sort: Callable[[SessionSummary], Any]
    is_number: bool = False


SESSION_COLUMNS: tuple[Column, ...] = (
    Column("started", "Started", lambda s: day_and_time(s.started_at), lambda s: s.started_at),
    Column("experiment", "Experiment", lambda s: s.experiment_id, lambda s: s.experiment_id.casefold()),
    Column("label", "Label", lambda s: s.label, lambda s: s.label.casefold()),
    Column("state", "State", lambda s: _state(s)[0], lambda s: _state(s)[0]),
    Column("participants", "Participants", lambda s: f"{s.participants:,}", lambda s: s.participants, True),
    Column("finished", "Finished", lambda s: f"{s.finished:,}", lambda s: s.finished, True),
    Column("frames", "Frames", lambda s: f"{frames_of(s):,}", frames_of, True),
    Column("tags", "Tags", lambda s: ", ".join(s.tags), lambda s: ", ".join(s.tags).casefold()),
    Column("session", "Session", lambda s: s.session_id, lambda s: s.session_id),
)


def _state(summary: SessionSummary) -> tuple[str, str, str]:
    """Word, icon, colour role."""
    looks = {"open": ("Open", "clock", "accent"), "ended": ("Ended", "check-circle", "muted")}
    word, icon, role = looks.get(summary.state, ("Unreadable", "error", "error"))
    return (f"Pilot, {word.lower()}", "preview", role) if summary.pilot else (word, icon, role)


class SessionsModel(QAbstractTableModel):
    """Thin over the library's summaries.

    Runs on: GUI thread.
    """

    def __init__(
        self, icon_of: Callable[[str, str], QIcon], colour_of: Callable[[str], QColor], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._icon_of, self._colour_of = icon_of, colour_of
        self._rows: tuple[SessionSummary, ...] = ()

    def show(self, summaries: Iterable[SessionSummary]) -> None:
        """Take these. Sessions that are known already keep their rows, and with them the selection."""
        fresh = tuple(summaries)
        if [_key(row) for row in fresh] == [_key(row) for row in self._rows]:
            self._rows = fresh
            self.recolour()
            return
        self.beginResetModel()
        self._rows = fresh
        self.endResetModel()

    def rows(self) -> tuple[SessionSummary, ...]:
        """Return the rows."""
        return self._rows

    def recolour(self) -> None:
        """Tell the views that every cell may look different."""
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(SESSION_COLUMNS) - 1))

    @override
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    @override
    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(SESSION_COLUMNS)

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(SESSION_COLUMNS):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return SESSION_COLUMNS[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(SESSION_COLUMNS[section])
        return None

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        row, column = self._rows[index.row()], SESSION_COLUMNS[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.text(row)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.DecorationRole if column.key == "state":
                _word, icon, colour = _state(row)
                return self._icon_of(icon, colour)
            case Qt.ItemDataRole.ForegroundRole if column.key == "state":
                return self._colour_of(_state(row)[2])
            case Qt.ItemDataRole.ForegroundRole if row.pilot:
                return self._colour_of("muted")
            case Qt.ItemDataRole.FontRole if row.pilot:
                font = QFont()
                font.setItalic(True)
                return font
            case Qt.ItemDataRole.ToolTipRole if row.notes:
                return plain_tip(row.notes)
            case _ if role == SORT_ROLE:
                return column.sort(row)
            case _ if role == SUMMARY_ROLE:
                return row
            case _:
                return None


class SortedSessions(QSortFilterProxyModel):
    """Sorts by the columns' values.

    Runs on: GUI thread.
    """

    def __init__(self, source: SessionsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setSourceModel(source)
        self.setSortRole(SORT_ROLE)


def _key(summary: SessionSummary) -> tuple[str, str, bool]:
    return summary.experiment_id, summary.session_id, summary.pilot


def _alignment(column: Column) -> int:
    side = Qt.AlignmentFlag.AlignRight if column.is_number else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)
