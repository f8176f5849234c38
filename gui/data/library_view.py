"""The list of sessions, with a search and a choice of real ones and pilots."""

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QItemSelection, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QStackedWidget, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from gui.models.sessions import SESSION_COLUMNS, SUMMARY_ROLE, SessionsModel, SortedSessions
from gui.widgets.basics import Button, Segments
from gui.widgets.empty_state import EmptyState
from gui.widgets.record_table import RecordTable
from gui.widgets.theme import Theme
from mug.records.library import SessionSummary, search

__all__ = ["LibraryView", "SearchBox"]

_WIDTHS = {
    "started": 136,
    "experiment": 118,
    "label": 156,
    "state": 108,
    "participants": 104,
    "finished": 78,
    "frames": 78,
    "tags": 120,
    "session": 140,
}


class SearchBox(QLineEdit):
    """Where the words of a search are written. Escape clears it, Down goes to the list.

    Signals:
        left_down: Down was pressed.

    Runs on: GUI thread.
    """

    left_down = Signal()

    def __init__(self, theme: Theme, words: str, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setPlaceholderText(words)
        self.setAccessibleName(name)
        self.setClearButtonEnabled(True)
        self._action = self.addAction(theme.icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        for button in self.findChildren(QToolButton):
            button.setAccessibleName(f"Clear: {name}" if button.defaultAction() is None else name)
        theme.changed.connect(self._on_theme_changed)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() == Qt.Key.Key_Down or (event.key() == Qt.Key.Key_Return and self.text()):
            self.left_down.emit()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _on_theme_changed(self) -> None:
        self._action.setIcon(self._theme.icon("search", "muted"))


class LibraryView(QWidget):
    """The sessions of the data folder.

    Attributes:
        search: Where the words are written.
        kinds: All, real ones, pilots.
        model: The rows that are shown.
        table: The view.

    Signals:
        selected_changed: The selected `SessionSummary`, or None.

    Runs on: GUI thread.
    """

    selected_changed = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._all: tuple[SessionSummary, ...] = ()
        self.search = SearchBox(theme, "Search sessions (Ctrl+F)", "Search sessions")
        self.search.setMinimumWidth(180)
        self.search.setMaximumWidth(280)
        self.kinds = Segments((("all", "All"), ("real", "Real"), ("pilot", "Pilots")), name="Kind of sessions")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.model = SessionsModel(theme.icon, theme.colour, self)
        self._sorted = SortedSessions(self.model, self)
        self.table = RecordTable("Sessions", row_px=34, least_column_px=64, many=False)
        self.table.setModel(self._sorted)
        self.table.sort_by(0, Qt.SortOrder.DescendingOrder)
        self.table.horizontalHeader().setStretchLastSection(True)
        for section, column in enumerate(SESSION_COLUMNS):
            self.table.setColumnWidth(section, _WIDTHS[column.key])
        self._nothing = EmptyState(
            theme,
            "search",
            "No session is found",
            "",
            Button(theme, "Show all sessions", on_click=self.show_all),
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self._nothing)
        layout.addWidget(self._stack)
        self.table.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.search.textChanged.connect(lambda _text: self._filter())
        self.search.left_down.connect(self._go_to_table)
        self.kinds.chosen.connect(lambda _key: self._filter())
        theme.changed.connect(self.model.recolour)

    @property
    def sessions(self) -> tuple[SessionSummary, ...]:
        """All sessions, those included that the search leaves out."""
        return self._all

    def show_sessions(self, summaries: Sequence[SessionSummary]) -> None:
        """Take these."""
        self._all = tuple(sorted(summaries, key=lambda summary: summary.started_at, reverse=True))
        self._filter()

    @Slot()
    def show_all(self) -> None:
        """Leave nothing out."""
        self.kinds.choose("all")
        self.search.clear()

    def selected(self) -> SessionSummary | None:
        """Return the selected session."""
        rows = self.table.selectionModel().selectedRows()
        summary = rows[0].data(SUMMARY_ROLE) if rows else None
        return summary if isinstance(summary, SessionSummary) else None

    def select(self, session_id: str, *, pilot: bool | None = None) -> bool:
        """Select a session; False when it is not shown."""
        for row in range(self._sorted.rowCount()):
            summary = self._sorted.index(row, 0).data(SUMMARY_ROLE)
            if not isinstance(summary, SessionSummary) or summary.session_id != session_id:
                continue
            if pilot is None or summary.pilot == pilot:
                self.table.selectRow(row)
                return True
        return False

    def restore(self, columns: QByteArray) -> None:
        """Bring the columns back."""
        if not columns.isEmpty():
            self.table.horizontalHeader().restoreState(columns)

    def arrangement(self) -> QByteArray:
        """Return the columns' order and widths."""
        return self.table.horizontalHeader().saveState()

    def _filter(self) -> None:
        before = self.selected()
        kind = self.kinds.current()
        shown = [
            one for one in search(self._all, self.search.text()) if kind in ("all", "pilot" if one.pilot else "real")
        ]
        self.model.show(shown)
        self._stack.setCurrentIndex(0 if shown or not self._all else 1)
        what = {"real": "real sessions", "pilot": "pilots"}.get(kind, "sessions")
        self._nothing.say("No session is found", f"None of the {what} has these words: {self.search.text()}")
        if not self.search.text():
            self._nothing.say(f"There are no {what}", "Others are left out at the moment.")
        if shown and (before is None or not self.select(before.session_id, pilot=before.pilot)):
            self.table.selectRow(0)
        self.selected_changed.emit(self.selected())

    @Slot(QItemSelection, QItemSelection)
    def _on_selection_changed(self, _new: QItemSelection, _old: QItemSelection) -> None:
        self.selected_changed.emit(self.selected())

    @Slot()
    def _go_to_table(self) -> None:
        if self.model.rowCount():
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
