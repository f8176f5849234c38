"""A look into the tables of a session, before any export or in one."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QProgressBar,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from gui.data.library_view import SearchBox
from gui.models.export_tables import Preview, PreviewModel
from gui.widgets.basics import Button, label
from gui.widgets.empty_state import EmptyState
from gui.widgets.theme import Theme
from mug.records.codebook import TABLES

__all__ = ["RECORDS", "TablesTab"]

RECORDS = ""
"""The source that is no export: the records as they are now."""


class TablesTab(QWidget):
    """The first rows of a table.

    Attributes:
        source: The records, or one of the session's exports.
        choice: The table.
        columns: Where part of a column's name is written.
        model: The rows.
        table: Their view.

    Signals:
        preview_asked: Source (a folder, or `RECORDS`) and table.
        cancel_asked: The table that is being made is not wanted any more.

    Runs on: GUI thread.
    """

    preview_asked = Signal(str, str)
    cancel_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._tables: dict[str, list[str]] = {}
        self._is_shown = False
        self._is_due = False
        self._counted = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(10)
        self.choice = QComboBox()
        self.choice.setAccessibleName("Table to preview")
        self.choice.view().setAccessibleName("Tables")
        self.choice.setMinimumWidth(150)
        self.source = QComboBox()
        self.source.setAccessibleName("Where the table is read from")
        self.source.view().setAccessibleName("Records and exports")
        self.source.setMinimumWidth(200)
        self.source.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.rows = label("", "muted")
        self.columns = SearchBox(theme, "Search columns", "Search columns of the table")
        self.columns.setMaximumWidth(190)
        for widget in (self.choice, self.source):
            head.addWidget(widget)
        head.addWidget(self.rows, 1)
        head.addWidget(self.columns)
        layout.addLayout(head)
        self.model = PreviewModel(self)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName("First rows of the table")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().setDefaultSectionSize(28)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setAccessibleName("Progress of reading the table")
        self._progress.setMaximumWidth(320)
        self._words = EmptyState(theme, "data", "", "")
        self._waiting = EmptyState(
            theme, "clock", "Reading the records", "", Button(theme, "Cancel", on_click=self.cancel_asked.emit)
        )
        self._waiting.extra.addWidget(self._progress, 0, Qt.AlignmentFlag.AlignHCenter)
        self._stack = QStackedWidget()
        for page in (self._words, self._waiting, self.table):
            self._stack.addWidget(page)
        layout.addWidget(self._stack, 1)
        self.choice.currentTextChanged.connect(self._on_choice_changed)
        self.source.currentIndexChanged.connect(self._on_source_changed)
        self.columns.textChanged.connect(self._show_columns)
        self.columns.left_down.connect(lambda: self.table.setFocus(Qt.FocusReason.OtherFocusReason))

    def show_sources(self, sources: Sequence[tuple[str, str, Sequence[str]]], chosen: str) -> None:
        """Offer sources, each with its name, its folder and its tables; `chosen` is one of the folders."""
        table = self.choice.currentText()
        self._tables = {folder: list(tables) for _name, folder, tables in sources}
        self.source.blockSignals(True)
        self.source.clear()
        for name, folder, _tables in sources:
            self.source.addItem(name, folder)
        self.source.setCurrentIndex(max(0, self.source.findData(chosen)))
        self.source.blockSignals(False)
        self._offer(table)

    def show_words(self, title: str, text: str) -> None:
        """Say why there is no table."""
        self.rows.setText("")
        self._words.say(title, text)
        self._stack.setCurrentWidget(self._words)

    def show_progress(self, fraction: float, text: str) -> None:
        """Show how far the reading of the records is."""
        self._progress.setRange(0, 1000)
        self._progress.setValue(round(1000 * fraction))
        self._waiting.say("Reading the records", text)
        self._stack.setCurrentWidget(self._waiting)

    def show_preview(self, preview: Preview, count: int | None = None) -> None:
        """Show the head of a table that has `count` rows; None: nobody counted."""
        self.model.show(preview)
        shown = len(preview.rows)
        if count is not None and count > shown:
            words = f"First {shown:,} of {count:,} rows"
        elif preview.has_more:
            words = f"First {shown:,} rows"
        else:
            words = f"{shown:,} row{'' if shown == 1 else 's'}"
        self._counted = f"{words}, {len(preview.columns):,} columns"
        self._stack.setCurrentWidget(self.table)
        self.table.resizeColumnsToContents()
        self._show_columns(self.columns.text())
        if not preview.columns:
            self.show_words("This table has no rows", "The session has nothing of this kind.")

    def appear(self) -> None:
        """The tab came to the front: what was not asked for yet is asked for now."""
        self._is_shown = True
        if self._is_due:
            self._ask()

    def disappear(self) -> None:
        """The tab is not in front any more: nothing is read."""
        self._is_shown = False

    def wanted(self) -> tuple[str, str]:
        """Return source and table that are chosen."""
        return str(self.source.currentData() or RECORDS), self.choice.currentText()

    def _offer(self, table: str) -> None:
        names = self._tables.get(self.wanted()[0], [])
        ordered = [name for name in TABLES if name in names] + [name for name in names if name not in TABLES]
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItems(ordered)
        for place, name in enumerate(ordered):
            meaning = TABLES[name].description if name in TABLES else ""
            self.choice.setItemData(place, meaning, Qt.ItemDataRole.ToolTipRole)
        wished = table if table in ordered else "participants" if "participants" in ordered else ""
        if wished:
            self.choice.setCurrentText(wished)
        self.choice.blockSignals(False)
        self._show_meaning()
        self._ask()

    def _ask(self) -> None:
        source, table = self.wanted()
        self._is_due = not self._is_shown
        if table and self._is_shown:
            self.preview_asked.emit(source, table)

    def _show_meaning(self) -> None:
        table = self.choice.currentText()
        self.choice.setToolTip(TABLES[table].description if table in TABLES else "")

    @Slot(str)
    def _on_choice_changed(self, _table: str) -> None:
        self._show_meaning()
        self._ask()

    @Slot(int)
    def _on_source_changed(self, _place: int) -> None:
        self._offer(self.choice.currentText())

    @Slot(str)
    def _show_columns(self, words: str) -> None:
        wanted = words.casefold().split()
        shown = 0
        for section in range(self.model.columnCount()):
            name = str(self.model.headerData(section, Qt.Orientation.Horizontal)).casefold()
            fits = all(word in name for word in wanted)
            self.table.setColumnHidden(section, not fits)
            shown += fits
        counted = self._counted
        self.rows.setText(f"{counted}, {shown:,} shown" if wanted else counted)
