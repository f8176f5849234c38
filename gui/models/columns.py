"""Tables whose columns are data: what is the same of every such Qt model, whatever its rows are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QIcon
from typing_extensions import override

__all__ = ["SORT_ROLE", "Column", "ColumnTable", "Index", "SortedTable", "ThemedTable"]

Index: TypeAlias = QModelIndex | QPersistentModelIndex
V = TypeVar("V")

SORT_ROLE = Qt.ItemDataRole.UserRole
"""What a cell sorts by."""


@dataclass(frozen=True)
class Column(Generic[V]):
    """One column: `text` is shown, `sort` sorts."""

    key: str
    title: str
    tip: str
    text: Callable[[V], str]
    sort: Callable[[V], Any]
    is_number: bool = False

    @property
    def alignment(self) -> int:
        """Numbers stand at the right."""
        side = Qt.AlignmentFlag.AlignRight if self.is_number else Qt.AlignmentFlag.AlignLeft
        return int(side | Qt.AlignmentFlag.AlignVCenter)


class ColumnTable(QAbstractTableModel):
    """A table of rows by `columns`; a subclass keeps the rows and says what a cell holds.

    Runs on: GUI thread.
    """

    columns: ClassVar[tuple[Column[Any], ...]] = ()
    _rows: Sequence[Any]

    def recolour(self) -> None:
        """Take icons and colours anew, after a change of theme."""
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(self.columns) - 1))

    @override
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    @override
    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.tip
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return column.alignment
        return None


class ThemedTable(ColumnTable):
    """A table whose cells have icons and colours of the theme.

    Runs on: GUI thread.
    """

    def __init__(
        self, icon_of: Callable[[str, str], QIcon], colour_of: Callable[[str], QColor], parent: QObject | None = None
    ) -> None:
        """Start empty.

        Args:
            icon_of: Icon name and colour role to the icon.
            colour_of: Colour role to the colour.
            parent: The Qt parent.
        """
        super().__init__(parent)
        self._icon_of, self._colour_of = icon_of, colour_of


class SortedTable(QSortFilterProxyModel):
    """Sorts by the columns' values rather than their texts.

    Runs on: GUI thread.
    """

    def __init__(self, source: ColumnTable, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setSourceModel(source)
        self.setSortRole(SORT_ROLE)
        self.setDynamicSortFilter(True)
