"""The session's log, filtered by level; a line's traceback opens beside it."""

from PySide6.QtCore import QModelIndex, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QPlainTextEdit,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from gui.models.log_lines import LINE_ROLE, FilteredLog, LogModel
from gui.models.moments import clock_time
from gui.widgets.basics import Button, Segments, label
from gui.widgets.theme import Theme
from mug.protocol.lab import LogLine

__all__ = ["LineDialog", "LogView"]


class LogView(QFrame):
    """The log of the running session.

    Attributes:
        model: The lines.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self._theme = theme
        self.dialog: LineDialog | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 8, 12)
        layout.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(label("Log", "heading"), 1)
        self.levels = Segments((("info", "All"), ("warning", "Warnings"), ("error", "Errors")), name="Log level")
        head.addWidget(self.levels)
        layout.addLayout(head)
        self.model = LogModel(theme.icon, theme.colour, self)
        self._filtered = FilteredLog(self.model, self)
        self.levels.chosen.connect(self._on_level_chosen)
        self.table = QTableView()
        self.table.setModel(self._filtered)
        self.table.setAccessibleName("Log of the session")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setShowGrid(False)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.setObjectName("log")
        self.table.setIconSize(QSize(16, 16))
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(28)
        header = self.table.horizontalHeader()
        header.hide()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.table.setColumnWidth(0, 80)
        self.table.setColumnWidth(1, 36)
        self.table.activated.connect(self._on_activated)
        self._enter = QShortcut(QKeySequence(Qt.Key.Key_Return), self.table)
        self._enter.setContext(Qt.ShortcutContext.WidgetShortcut)
        self._enter.activated.connect(self._on_enter)
        self._empty = label("Nothing has happened yet.", "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.table)
        layout.addWidget(self._stack, 1)
        self._filtered.rowsInserted.connect(self._on_rows_changed)
        self._filtered.rowsRemoved.connect(self._on_rows_changed)
        self._filtered.modelReset.connect(self._on_rows_changed)
        theme.changed.connect(self.model.recolour)

    def shown(self) -> list[LogLine]:
        """Return the lines that pass the filter."""
        rows = (self._filtered.index(row, 0).data(LINE_ROLE) for row in range(self._filtered.rowCount()))
        return [line for line in rows if isinstance(line, LogLine)]

    def show_line(self, line: LogLine) -> None:
        """Open the whole line, with its traceback."""
        self.dialog = LineDialog(self._theme, line, self)
        self.dialog.open()

    @Slot(str)
    def _on_level_chosen(self, level: str) -> None:
        self._filtered.show_from(level)
        self._on_rows_changed()

    @Slot()
    def _on_rows_changed(self) -> None:
        count = self._filtered.rowCount()
        self._empty.setText("Nothing has happened yet." if not self.model.rowCount() else "No lines of this level.")
        self._stack.setCurrentIndex(1 if count else 0)
        bar = self.table.verticalScrollBar()
        if bar.value() >= bar.maximum() - 2 and not self.table.selectionModel().hasSelection():
            QTimer.singleShot(0, self.table, self.table.scrollToBottom)  # once the rows are laid out

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        line = index.data(LINE_ROLE)
        if isinstance(line, LogLine):
            self.show_line(line)

    @Slot()
    def _on_enter(self) -> None:
        self._on_activated(self.table.currentIndex())


class LineDialog(QDialog):
    """One line of the log in full.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, line: LogLine, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Log line of {clock_time(line.at)}")
        self.setMinimumSize(680, 360)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 22, 24, 18)
        layout.setSpacing(12)
        layout.addWidget(label(line.text, "heading", wrap=True, selectable=True))
        who = f"Participant {line.participant_id} · " if line.participant_id else ""
        layout.addWidget(label(f"{who}{line.level} · {line.at}", "small", selectable=True))
        self.text = QPlainTextEdit(line.traceback or "There is no more to this line.")
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Traceback")
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        font = self.text.font()
        font.setFamilies(["monospace"])
        self.text.setFont(font)
        layout.addWidget(self.text, 1)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(Button(theme, "Copy", "copy", on_click=self._copy))
        close = Button(theme, "Close", role="primary", on_click=self.accept)
        close.setDefault(True)
        row.addWidget(close)
        layout.addLayout(row)
        self._whole = f"{line.at} {line.level} {line.text}\n{line.traceback}"

    def _copy(self) -> None:
        QApplication.clipboard().setText(self._whole)
