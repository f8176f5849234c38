"""The session's log as an item model, with a filter by level."""

from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QIcon
from typing_extensions import override

from gui.models.moments import clock_time
from gui.widgets.tips import plain_tip
from mug.protocol.lab import LogLine

__all__ = ["KEPT", "LEVELS", "LINE_ROLE", "FilteredLog", "LogModel"]

KEPT = 5_000
"""Lines kept; older ones are in the server's log file."""

LINE_ROLE = Qt.ItemDataRole.UserRole
LEVELS = ("info", "warning", "error")

_TITLES = ("Time", "Level", "What happened")
_LOOKS = {
    "info": ("Info", "info", "muted"),
    "warning": ("Warning", "warning", "warning"),
    "error": ("Error", "error", "error"),
}
_SURPLUS = 500

Index = QModelIndex | QPersistentModelIndex


class LogModel(QAbstractTableModel):
    """Log lines, the newest last.

    Runs on: GUI thread.
    """

    def __init__(
        self,
        icon_of: Callable[[str, str], QIcon],
        colour_of: Callable[[str], QColor],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon_of, self._colour_of = icon_of, colour_of
        self._lines: list[LogLine] = []

    def replace_all(self, lines: Iterable[LogLine]) -> None:
        """Take the lines of a snapshot."""
        self.beginResetModel()
        self._lines = list(lines)[-KEPT:]
        self.endResetModel()

    def append(self, lines: Iterable[LogLine]) -> None:
        """Add lines; beyond `KEPT` and a margin the oldest go."""
        fresh = list(lines)
        if not fresh:
            return
        first = len(self._lines)
        self.beginInsertRows(QModelIndex(), first, first + len(fresh) - 1)
        self._lines.extend(fresh)
        self.endInsertRows()
        if len(self._lines) > KEPT + _SURPLUS:
            surplus = len(self._lines) - KEPT
            self.beginRemoveRows(QModelIndex(), 0, surplus - 1)
            del self._lines[:surplus]
            self.endRemoveRows()

    def lines(self) -> tuple[LogLine, ...]:
        """Return what is kept."""
        return tuple(self._lines)

    def line_at(self, row: int) -> LogLine:
        """Return one line."""
        return self._lines[row]

    def recolour(self) -> None:
        """Take icons and colours anew, after a change of theme."""
        if self._lines:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._lines) - 1, len(_TITLES) - 1))

    @override
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._lines)

    @override
    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(_TITLES)

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _TITLES[section] if 0 <= section < len(_TITLES) else None
        return None

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._lines):
            return None
        line = self._lines[index.row()]
        word, icon, colour = _LOOKS.get(line.level, _LOOKS["info"])
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return (clock_time(line.at), "", _text(line))[index.column()]
            case Qt.ItemDataRole.AccessibleTextRole:
                return (clock_time(line.at), word, _text(line))[index.column()]
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(f"{word}: {_text(line)}" + ("\nPress Enter for the details" if line.traceback else ""))
            case Qt.ItemDataRole.DecorationRole:
                return self._icon_of(icon, colour) if index.column() == 1 else None
            case Qt.ItemDataRole.ForegroundRole:
                return self._colour_of(colour if index.column() == 1 else "muted") if index.column() < 2 else None
            case _ if role == LINE_ROLE:
                return line
            case _:
                return None


class FilteredLog(QSortFilterProxyModel):
    """Shows lines of one level and above.

    Runs on: GUI thread.
    """

    def __init__(self, source: LogModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self._least = 0
        self.setSourceModel(source)

    def show_from(self, level: str) -> None:
        """Show `level` (info, warning, error) and above."""
        self.beginFilterChange()
        self._least = LEVELS.index(level)
        self.endFilterChange()

    @override
    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        line = self._source.line_at(source_row)
        return (LEVELS.index(line.level) if line.level in LEVELS else 0) >= self._least


def _text(line: LogLine) -> str:
    return f"{line.participant_id}: {line.text}" if line.participant_id else line.text
