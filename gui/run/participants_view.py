"""The participants table with what can be done for one of them."""

from PySide6.QtCore import QByteArray, QItemSelection, QModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from gui.models.columns import SortedTable
from gui.models.participants import COLUMNS, MATCH_ID_ROLE, VIEW_ROLE, ParticipantsModel
from gui.widgets.basics import Button, Notice
from gui.widgets.record_table import RecordTable
from gui.widgets.theme import Theme
from mug.protocol.lab import ParticipantView

__all__ = ["ParticipantsView"]

_WIDTHS = {
    "state": 146,
    "id": 112,
    "scene": 140,
    "phase": 146,
    "match": 130,
    "ping": 104,
    "focus": 114,
    "rate": 58,
    "stored": 72,
    "errors": 66,
}
_PHASE, _MATCH = ([column.key for column in COLUMNS].index(key) for key in ("phase", "match"))


class ParticipantsView(QWidget):
    """All participants of the session.

    Attributes:
        model: The rows.
        table: The view.

    Signals:
        chosen: The ids of the selected rows (a list of str).
        let_in_asked: The id to let in.
        match_asked: The id of a match to show.

    Runs on: GUI thread.
    """

    chosen = Signal(list)
    let_in_asked = Signal(str)
    match_asked = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self._notice = Notice(theme, icon="door", tone="warning")
        self._let_in = Button(theme, "Let in", "door", on_click=self._ask_let_in)
        self._notice.add_button(self._let_in)
        self._waiting = ""
        layout.addWidget(self._notice)
        self.model = ParticipantsModel(theme.icon, theme.colour, theme.series, self)
        self._sorted = SortedTable(self.model, self)
        self.table = RecordTable("Participants", row_px=33, least_column_px=56, many=True)
        self.table.setModel(self._sorted)
        self.table.sort_by(1, Qt.SortOrder.AscendingOrder)
        self.table.horizontalHeader().setStretchLastSection(False)
        for section, column in enumerate(COLUMNS):
            self.table.setColumnWidth(section, _WIDTHS[column.key])
        self.table.fill_with(_PHASE, _WIDTHS["phase"])
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._on_menu_asked)
        self.table.activated.connect(self._on_activated)
        self.table.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.model.dataChanged.connect(self._on_rows_changed)
        self.model.rowsInserted.connect(self._on_rows_changed)
        self.model.modelReset.connect(self._on_rows_changed)
        layout.addWidget(self.table, 1)
        theme.changed.connect(self.model.recolour)

    def selected(self) -> list[str]:
        """Return the ids of the selected rows."""
        rows = self.table.selectionModel().selectedRows()
        return [view.participant_id for index in rows if isinstance(view := index.data(VIEW_ROLE), ParticipantView)]

    def show_match_column(self, shown: bool) -> None:
        """Show the column of matches, in a study with games of several people."""
        if self.table.isColumnHidden(_MATCH) is shown:
            self.table.setColumnHidden(_MATCH, not shown)

    def restore(self, state: QByteArray) -> None:
        """Bring the columns back as the user left them."""
        if not state.isEmpty():
            hidden = self.table.isColumnHidden(_MATCH)
            self.table.horizontalHeader().restoreState(state)
            self.table.setColumnHidden(_MATCH, hidden)

    def arrangement(self) -> QByteArray:
        """Return the columns' order, widths and sorting."""
        return self.table.horizontalHeader().saveState()

    @Slot(QItemSelection, QItemSelection)
    def _on_selection_changed(self, _new: QItemSelection, _old: QItemSelection) -> None:
        self.chosen.emit(self.selected())

    @Slot()
    def _on_rows_changed(self) -> None:
        waiting = [view.participant_id for view in self.model.rows() if view.wants_in]
        self._waiting = waiting[0] if waiting else ""
        if waiting:
            more = f" ({len(waiting) - 1} more wait)" if len(waiting) > 1 else ""
            self._notice.say(
                f"A browser that did not take part before asks to go on as “{self._waiting}”{more}. "
                "Let it in if it is the same person on another computer.",
                "door",
                "warning",
            )
        else:
            self._notice.say("")

    @Slot(QPoint)
    def _on_menu_asked(self, position: QPoint) -> None:
        index: QModelIndex = self.table.indexAt(position)
        view = index.data(VIEW_ROLE)
        if not isinstance(view, ParticipantView):
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        let_in = menu.addAction(self._theme.icon("door"), f"Let “{view.participant_id}” in")
        let_in.setEnabled(view.wants_in)
        let_in.triggered.connect(lambda: self.let_in_asked.emit(view.participant_id))
        if match_id := index.data(MATCH_ID_ROLE):
            show = menu.addAction(self._theme.icon("users"), f"Show the match of “{view.participant_id}”")
            show.triggered.connect(lambda: self.match_asked.emit(match_id))
        menu.popup(self.table.viewport().mapToGlobal(position))

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        if match_id := index.data(MATCH_ID_ROLE):
            self.match_asked.emit(match_id)

    def _ask_let_in(self) -> None:
        if self._waiting:
            self.let_in_asked.emit(self._waiting)
