"""The matches table: who plays with whom, over which path, and whether their games are equal."""

from collections.abc import Iterable

from PySide6.QtCore import QByteArray, QItemSelection, QModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QStackedWidget, QVBoxLayout, QWidget

from gui.models.columns import SortedTable
from gui.models.matches import MATCH_COLUMNS, MATCH_ROLE, MatchesModel
from gui.widgets.empty_state import empty_card
from gui.widgets.record_table import RecordTable
from gui.widgets.theme import Theme
from mug.protocol.lab import MatchView

__all__ = ["MatchesView"]

_WIDTHS = {
    "state": 116,
    "number": 60,
    "players": 180,
    "scene": 110,
    "progress": 158,
    "path": 126,
    "rtt": 68,
    "rollbacks": 88,
    "depth": 64,
    "stalled": 68,
    "compared": 88,
    "accord": 112,
}
_ORDER = (
    "state",
    "number",
    "players",
    "accord",
    "path",
    "rtt",
    "rollbacks",
    "depth",
    "stalled",
    "progress",
    "compared",
    "scene",
)


class MatchesView(QStackedWidget):
    """All matches of the session; before the first one, what will be here.

    Attributes:
        model: The rows.
        table: The view.

    Signals:
        chosen: The id of the selected match; empty when none is.
        watch_asked: The id of a match that is to be watched.
        said: A short message and its icon.
        players_asked: The key of an action, or nothing, and the ids of a match's players (a list of str).

    Runs on: GUI thread.
    """

    chosen = Signal(str)
    watch_asked = Signal(str)
    said = Signal(str, str)
    players_asked = Signal(str, list)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.addWidget(
            empty_card(
                theme,
                "users",
                "No match yet",
                "When enough participants are ready in a game of several people, their match appears here: who plays, "
                "how they are connected, and whether their games stay equal.",
            )
        )
        host = QWidget()
        layout = QVBoxLayout(host)
        layout.setContentsMargins(0, 0, 0, 0)
        self.model = MatchesModel(theme.icon, theme.colour, self)
        self._sorted = SortedTable(self.model, self)
        self.table = RecordTable("Matches", row_px=33, least_column_px=56, many=False)
        self.table.setModel(self._sorted)
        self.table.sort_by(_place("state"), Qt.SortOrder.AscendingOrder)
        header = self.table.horizontalHeader()
        header.setStretchLastSection(False)
        for section, column in enumerate(MATCH_COLUMNS):
            self.table.setColumnWidth(section, _WIDTHS[column.key])
        for visual, key in enumerate(_ORDER):
            header.moveSection(header.visualIndex(_place(key)), visual)
        self._show_scenes()
        self.table.fill_with(_place("players"), _WIDTHS["players"])
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._on_menu_asked)
        self.table.selectionModel().selectionChanged.connect(self._on_selection_changed)
        layout.addWidget(self.table)
        self.addWidget(host)
        theme.changed.connect(self.model.recolour)

    def replace_all(self, views: Iterable[MatchView]) -> None:
        """Take the matches of a snapshot; the selected one stays selected when it is still there."""
        before = self.selected()
        self.model.replace_all(views)
        self._show_scenes()
        self._show_rows(before.match_id if before is not None else "")

    def update_rows(self, views: Iterable[MatchView]) -> None:
        """Take matches that are new or have changed."""
        before = self.model.rowCount()
        self.model.update(views)
        if self.model.rowCount() != before:
            self._show_scenes()
        if self.currentIndex() == 0:
            self._show_rows("")

    def selected(self) -> MatchView | None:
        """Return the match that is selected."""
        rows = self.table.selectionModel().selectedRows()
        view = rows[0].data(MATCH_ROLE) if rows else None
        return view if isinstance(view, MatchView) else None

    def select(self, match_id: str) -> None:
        """Select a match and bring it into sight."""
        row = self.model.number_of(match_id) - 1
        if row >= 0:
            index = self._sorted.mapFromSource(self.model.index(row, 0))
            self.table.selectRow(index.row())
            self.table.scrollTo(index)

    def restore(self, state: QByteArray) -> None:
        """Bring the columns back as the user left them."""
        if not state.isEmpty():
            self.table.horizontalHeader().restoreState(state)
            self._show_scenes()

    def arrangement(self) -> QByteArray:
        """Return the columns' order, widths and sorting."""
        return self.table.horizontalHeader().saveState()

    def _show_scenes(self) -> None:
        """Say which scene is played only where there is more than one: the others need the room."""
        is_one = len({view.scene_id for view in self.model.rows()}) < 2
        if is_one != self.table.isColumnHidden(_place("scene")):
            self.table.setColumnHidden(_place("scene"), is_one)

    def _show_rows(self, wanted: str) -> None:
        """Show the table once there is a match; something is always selected, so that there is a plot to see."""
        self.setCurrentIndex(1 if self.model.rowCount() else 0)
        if self.model.rowCount() and self.selected() is None:
            self.select(wanted if self.model.view_of(wanted) is not None else self.model.rows()[0].match_id)
        elif not self.model.rowCount():
            self.chosen.emit("")

    @Slot(QItemSelection, QItemSelection)
    def _on_selection_changed(self, _new: QItemSelection, _old: QItemSelection) -> None:
        view = self.selected()
        self.chosen.emit(view.match_id if view is not None else "")

    @Slot(QPoint)
    def _on_menu_asked(self, position: QPoint) -> None:
        index: QModelIndex = self.table.indexAt(position)
        view = index.data(MATCH_ROLE)
        if not isinstance(view, MatchView):
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        names = [player.participant_id for player in view.players]
        for key, icon, words in (
            ("", "users", "Select the players"),
            ("message", "message", "Message to the players…"),
            ("to_waitroom", "to-waitroom", "Back to waitroom…"),
            ("repair", "users", "Re-pair…"),
        ):
            action = menu.addAction(self._theme.icon(icon), words)
            action.triggered.connect(lambda _checked=False, key=key: self.players_asked.emit(key, names))
        menu.addSeparator()
        copy = menu.addAction(self._theme.icon("copy"), "Copy the match's id")
        copy.triggered.connect(lambda: self._copy(view.match_id))
        watch = menu.addAction(self._theme.icon("eye"), "Watch in the browser")
        watch.triggered.connect(lambda: self.watch_asked.emit(view.match_id))
        menu.popup(self.table.viewport().mapToGlobal(position))

    def _copy(self, match_id: str) -> None:
        QGuiApplication.clipboard().setText(match_id)
        self.said.emit("The match's id was copied", "copy")


def _place(key: str) -> int:
    return next(place for place, column in enumerate(MATCH_COLUMNS) if column.key == key)
