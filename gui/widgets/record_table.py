"""A table of records: whole rows are chosen, columns can be sorted, moved and resized, nothing is edited."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView
from typing_extensions import override

__all__ = ["RecordTable"]


class RecordTable(QTableView):
    """The table that the Run and the Data page share.

    Runs on: GUI thread.
    """

    def __init__(self, name: str, row_px: int, least_column_px: int, *, many: bool) -> None:
        """Make it.

        Args:
            name: What a screen reader calls it.
            row_px: Height of a row.
            least_column_px: Least width of a column.
            many: Whether several rows can be chosen at a time.
        """
        super().__init__()
        self._filler, self._filler_px = -1, 0
        mode = QAbstractItemView.SelectionMode
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(mode.ExtendedSelection if many else mode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setIconSize(QSize(18, 18))
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(row_px)
        header = self.horizontalHeader()
        header.setSectionsMovable(True)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(least_column_px)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)

    def fill_with(self, section: int, least_px: int) -> None:
        """Let one column take the room that the others leave, and never less than `least_px`."""
        self._filler, self._filler_px = section, least_px
        self.horizontalHeader().sectionResized.connect(self._on_section_resized)
        self._fill()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fill()

    @Slot(int, int, int)
    def _on_section_resized(self, section: int, _before: int, _after: int) -> None:
        if section != self._filler:
            self._fill()

    def _fill(self) -> None:
        if self._filler < 0:
            return
        header = self.horizontalHeader()
        others = header.length() - header.sectionSize(self._filler)
        wanted = max(self._filler_px, self.viewport().width() - others)
        if wanted != header.sectionSize(self._filler):
            header.resizeSection(self._filler, wanted)

    def sort_by(self, column: int, order: Qt.SortOrder) -> None:
        """Let the columns be sorted, and begin with one of them; the model is set before."""
        self.setSortingEnabled(True)
        self.sortByColumn(column, order)
