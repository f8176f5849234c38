"""The Data page: sessions with their counts, one click to the export, a look into its tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QItemSelection, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from gui.models.export_tables import PREVIEW_ROWS, Preview, PreviewModel
from gui.models.sessions import SESSION_COLUMNS, SUMMARY_ROLE, SessionsModel, SortedSessions
from gui.widgets.basics import Button, Notice, card, label
from gui.widgets.empty_state import EmptyState
from gui.widgets.record_table import RecordTable
from gui.widgets.theme import Theme
from mug.records.codebook import TABLES
from mug.records.library import SessionSummary

__all__ = ["DataPage"]

_WIDTHS = {
    "started": 142,
    "experiment": 116,
    "state": 104,
    "participants": 108,
    "finished": 78,
    "frames": 76,
    "session": 150,
}
_TABLES = (
    "participants",
    "visits",
    "matches",
    "episodes",
    "forms",
    "questions",
    "frames",
    "frames_disagreeing",
    "network",
    "ticks",
    "events",
    "telemetry",
    "console",
)
_COUNTED = ("participants", "visits", "matches", "episodes", "frames", "network", "events", "telemetry", "forms")


class DataPage(QWidget):
    """The recorded sessions.

    Signals:
        refresh_asked: Read the data folder again.
        export_asked: A `SessionSummary`.
        cancel_asked: End the export that runs.
        open_folder_asked: A folder (str) to show.
        preview_asked: A file (str) of an export whose head is to be shown.
        run_asked: Go to the Run page.

    Runs on: GUI thread.
    """

    refresh_asked = Signal()
    export_asked = Signal(object)
    cancel_asked = Signal()
    open_folder_asked = Signal(str)
    preview_asked = Signal(str)
    run_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("page")
        self._theme = theme
        self._folder = ""
        self._exporting: SessionSummary | None = None
        self._tables: dict[str, Path] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 20, 28, 14)
        layout.setSpacing(12)
        head = QHBoxLayout()
        head.setSpacing(10)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(label("Data", "title"))
        self._where = label("", "muted", selectable=True)
        texts.addWidget(self._where)
        head.addLayout(texts, 1)
        head.addWidget(
            Button(theme, "Refresh", "refresh", tip="Read the data folder again (F5)", on_click=self.refresh_asked.emit)
        )
        layout.addLayout(head)
        self.notice = Notice(theme)
        self._open_folder = Button(theme, "Open folder", "folder-open", on_click=self._ask_open_folder)
        self.notice.add_button(self._open_folder)
        layout.addWidget(self.notice)
        self._empty = EmptyState(
            theme,
            "data",
            "No sessions yet",
            "Every session that is run is recorded here by itself.",
            Button(theme, "Go to Run", "run", role="primary", on_click=self.run_asked.emit),
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._make_sessions())
        layout.addWidget(self._stack, 1)
        theme.changed.connect(self.model.recolour)

    # What the page is told

    def show_data_dir(self, data_dir: Path) -> None:
        """Show which folder is read."""
        self._where.setText(str(data_dir))

    @Slot(object)
    def show_sessions(self, summaries: Sequence[SessionSummary]) -> None:
        """Show these sessions, the newest first."""
        selected = self.selected()
        self.model.show(sorted(summaries, key=lambda summary: summary.started_at, reverse=True))
        self._stack.setCurrentIndex(1 if self.model.rows() else 0)
        if self.model.rows():
            self.select(selected.session_id if selected is not None else self.model.rows()[0].session_id)
        self._show_selected()

    def show_failure(self, sentence: str) -> None:
        """Say why something could not be done."""
        self._open_folder.hide()
        self.notice.say(sentence, "error", "error")

    def selected(self) -> SessionSummary | None:
        """Return the selected session."""
        rows = self.table.selectionModel().selectedRows()
        summary = rows[0].data(SUMMARY_ROLE) if rows else None
        return summary if isinstance(summary, SessionSummary) else None

    def select(self, session_id: str) -> None:
        """Select a session."""
        for row in range(self._sorted.rowCount()):
            summary = self._sorted.index(row, 0).data(SUMMARY_ROLE)
            if isinstance(summary, SessionSummary) and summary.session_id == session_id:
                self.table.selectRow(row)
                return

    def ask_export(self) -> None:
        """Export the selected session."""
        summary = self.selected()
        if summary is not None and self._exporting is None:
            self.export_asked.emit(summary)

    def show_export_started(self, summary: SessionSummary) -> None:
        """Show that the export runs."""
        self._exporting = summary
        self.notice.say("")
        self._show_selected()

    @Slot(float, str)
    def show_progress(self, share: float, text: str) -> None:
        """Show how far the export is."""
        self.progress.setRange(0, 1000)
        self.progress.setValue(round(1000 * share))
        self._progress_text.setText(text)

    @Slot(str)
    def show_export_failed(self, sentence: str) -> None:
        """Say why there is no export."""
        self._exporting = None
        self.show_failure(sentence)
        self._show_selected()

    def show_export_done(self, folder: Path, tables: Mapping[str, Path]) -> None:
        """Show where the export is, and offer its tables."""
        self._exporting = None
        self._folder = str(folder)
        self._open_folder.show()
        self.notice.say(f"The export is complete: {folder}", "check-circle", "good")
        self.show_tables(tables)
        self._show_selected()

    def show_tables(self, tables: Mapping[str, Path]) -> None:
        """Offer the tables of the newest export for a look."""
        self._tables = dict(tables)
        ordered = [name for name in _TABLES if name in tables] + [name for name in tables if name not in _TABLES]
        self._choice.blockSignals(True)
        self._choice.clear()
        self._choice.addItems(ordered)
        for place, name in enumerate(ordered):
            meaning = TABLES[name].description if name in TABLES else ""
            self._choice.setItemData(place, meaning, Qt.ItemDataRole.ToolTipRole)
        self._choice.blockSignals(False)
        self._preview_stack.setCurrentIndex(1 if ordered else 0)
        self._choice.setVisible(bool(ordered))
        if ordered:
            self._choice.setCurrentText("frames" if "frames" in ordered else ordered[0])
            self._on_table_chosen(self._choice.currentText())

    def show_preview(self, preview: Preview) -> None:
        """Show the head of a table."""
        self.preview.show(preview)
        rows = len(preview.rows)
        self._preview_text.setText(
            f"First {PREVIEW_ROWS} rows" if preview.has_more else f"{rows} row{'' if rows == 1 else 's'}"
        )
        self._preview_table.resizeColumnsToContents()

    def show_exports(self, folders: Sequence[Path]) -> None:
        """List the last exports of the selected session's experiment."""
        while (item := self._exports.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        if not folders:
            self._exports.addWidget(label("None yet.", "muted"))
        for folder in folders[:3]:
            button = Button(
                self._theme,
                _short_name(folder),
                "folder",
                role="link",
                name=f"Open export {folder.name}",
                tip=str(folder),
            )
            button.clicked.connect(lambda _checked=False, folder=folder: self.open_folder_asked.emit(str(folder)))
            self._exports.addWidget(button)

    def restore(self, columns: QByteArray) -> None:
        """Bring the columns back."""
        if not columns.isEmpty():
            self.table.horizontalHeader().restoreState(columns)

    def arrangement(self) -> QByteArray:
        """Return the columns' order and widths."""
        return self.table.horizontalHeader().saveState()

    # Inside

    def _ask_open_folder(self) -> None:
        self.open_folder_asked.emit(self._folder)

    @Slot(QItemSelection, QItemSelection)
    def _on_selection_changed(self, _new: QItemSelection, _old: QItemSelection) -> None:
        self._show_selected()

    @Slot(str)
    def _on_table_chosen(self, table: str) -> None:
        if table in self._tables:
            self._choice.setToolTip(TABLES[table].description if table in TABLES else "")
            self.preview_asked.emit(str(self._tables[table]))

    def _show_selected(self) -> None:
        summary = self.selected()
        running = self._exporting is not None
        self.export.setEnabled(summary is not None and not running and not summary.problem)
        self.progress.setVisible(running)
        self._progress_text.setVisible(running)
        self._cancel.setVisible(running)
        if running and self.progress.value() in {-1, 1000}:
            self.progress.setRange(0, 0)
            self._progress_text.setText("Reading the records…")
        self._session.setText(summary.session_id if summary is not None else "No session selected")
        about = ""
        if summary is not None and summary.problem:
            about = summary.problem
        elif summary is not None:
            about = f"{summary.experiment_id} · {'open, data so far' if summary.state == 'open' else 'ended'}"
        self._about.setText(about)
        for name, number in self._numbers.items():
            count = summary.rows.get(name) if summary is not None else None
            number.setText("–" if count is None else f"{count:,}")

    def _make_sessions(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(14)
        upper = QSplitter(Qt.Orientation.Horizontal)
        upper.setChildrenCollapsible(False)
        upper.setHandleWidth(14)
        self.model = SessionsModel(self._theme.icon, self._theme.colour, self)
        self._sorted = SortedSessions(self.model, self)
        self.table = RecordTable("Sessions", row_px=36, least_column_px=64, many=False)
        self.table.setModel(self._sorted)
        self.table.sort_by(0, Qt.SortOrder.DescendingOrder)
        self.table.horizontalHeader().setStretchLastSection(True)
        for section, column in enumerate(SESSION_COLUMNS):
            self.table.setColumnWidth(section, _WIDTHS[column.key])
        self.table.selectionModel().selectionChanged.connect(self._on_selection_changed)
        upper.addWidget(self.table)
        upper.addWidget(self._make_detail())
        upper.setStretchFactor(0, 1)
        upper.setSizes([650, 300])
        split.addWidget(upper)
        split.addWidget(self._make_preview())
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        split.setSizes([360, 230])
        return split

    def _make_detail(self) -> QWidget:
        panel, layout = card(margins=16, spacing=7)
        panel.setMinimumWidth(300)
        self._session = label("", "heading", selectable=True)
        self._about = label("", "muted", wrap=True)
        layout.addWidget(self._session)
        layout.addWidget(self._about)
        row = QHBoxLayout()
        self.export = Button(
            self._theme, "Export", "export", role="primary", tip="Export the session (Ctrl+E)", on_click=self.ask_export
        )
        self.export.setAccessibleName("Export the selected session")
        row.addWidget(self.export)
        self._cancel = Button(self._theme, "Cancel", on_click=self.cancel_asked.emit)
        row.addWidget(self._cancel)
        row.addStretch(1)
        layout.addLayout(row)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Progress of the export")
        layout.addWidget(self.progress)
        self._progress_text = label("", "small")
        layout.addWidget(self._progress_text)
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(3)
        self._numbers = {}
        for place, name in enumerate(_COUNTED):
            number = label("–")
            number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            number.setAccessibleName(f"Rows of {name}")
            self._numbers[name] = number
            grid.addWidget(label(name, "muted"), place // 2, 3 * (place % 2))
            grid.addWidget(number, place // 2, 3 * (place % 2) + 1)
            grid.setRowMinimumHeight(place // 2, 19)
        grid.setColumnStretch(2, 1)
        grid.setColumnStretch(5, 1)
        layout.addLayout(grid)
        layout.addSpacing(4)
        layout.addWidget(label("Last exports", "small"))
        self._exports = QVBoxLayout()
        self._exports.setSpacing(0)
        layout.addLayout(self._exports)
        layout.addStretch(1)
        return panel

    def _make_preview(self) -> QWidget:
        panel, layout = card(margins=14, spacing=8)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(label("Preview", "heading"))
        self._preview_text = label("", "small")
        head.addWidget(self._preview_text, 1)
        self._choice = QComboBox()
        self._choice.setAccessibleName("Table to preview")
        self._choice.view().setAccessibleName("Tables of the export")
        self._choice.setMinimumWidth(160)
        self._choice.currentTextChanged.connect(self._on_table_chosen)
        self._choice.hide()
        head.addWidget(self._choice)
        layout.addLayout(head)
        self.preview = PreviewModel(self)
        self._preview_table = QTableView()
        self._preview_table.setModel(self.preview)
        self._preview_table.setAccessibleName("First rows of the table")
        self._preview_table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._preview_table.setShowGrid(False)
        self._preview_table.setWordWrap(False)
        self._preview_table.setTabKeyNavigation(False)
        self._preview_table.verticalHeader().setDefaultSectionSize(28)
        self._preview_table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self._preview_table.horizontalHeader().setHighlightSections(False)
        self._preview_table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        hint = label("After an export its tables can be looked at here.", "muted")
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._preview_stack = QStackedWidget()
        self._preview_stack.addWidget(hint)
        self._preview_stack.addWidget(self._preview_table)
        layout.addWidget(self._preview_stack, 1)
        return panel


def _short_name(export: Path) -> str:
    """Drop the experiment's id from an export's name: the list is of one experiment only."""
    return export.name.removeprefix(f"{export.parent.parent.name}_").replace("_", " · ")
