"""The participants table with what can be done for one, some or all of them."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import (
    QByteArray,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPoint,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHeaderView, QMenu, QVBoxLayout, QWidget
from typing_extensions import override

from gui.models.outcomes import OVER
from gui.models.participants import COLUMNS, MATCH_ID_ROLE, VIEW_ROLE, ParticipantsModel
from gui.models.people_filter import QUICK, FilteredPeople
from gui.run.people_tools import PeopleTools
from gui.widgets.basics import label
from gui.widgets.record_table import RecordTable
from gui.widgets.theme import Theme
from mug.protocol.lab import ParticipantView

__all__ = ["ParticipantsView"]

_WIDTHS = {
    "state": 150,
    "id": 132,
    "hand": 104,
    "seat": 70,
    "treatment": 112,
    "scene": 140,
    "phase": 130,
    "match": 100,
    "ping": 84,
    "focus": 116,
    "rate": 54,
    "stored": 70,
    "errors": 66,
    "unseen": 86,
}
_KEYS = [column.key for column in COLUMNS]
_PHASE = _KEYS.index("phase")
_STILL_MS = 2_000
_WHERE_USED: dict[str, Callable[[ParticipantView], bool]] = {
    "seat": lambda view: bool(view.seat),
    "treatment": lambda view: bool(view.treatment),
    "hand": lambda view: view.hand is not None,
    "unseen": lambda view: view.unseen_actions > 0,
}
"""Columns that are shown once somebody has something there: the others need the room."""


class ParticipantsView(QWidget):
    """All participants of the session, or those that the filter shows.

    While the mouse is at work in the table no row changes its place; a moment later they are sorted again.

    Attributes:
        model: The rows.
        table: The view.
        tools: Filter and actions.

    Signals:
        chosen: The ids of the selected rows (a list of str).
        let_in_asked: The id to let in.
        match_asked: The id of a match to show.
        detail_asked: The id of a participant to show in full.
        action_asked: The key of an action for the selected participants.
        hand_asked: The id of a participant whose raised hand is to be answered.

    Runs on: GUI thread.
    """

    chosen = Signal(list)
    let_in_asked = Signal(str)
    match_asked = Signal(str)
    detail_asked = Signal(str)
    action_asked = Signal(str)
    hand_asked = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._has_matches = False
        self._hidden_by_user: set[str] = set()
        self._shown_by_user: set[str] = set()
        self._in_use: set[str] = set()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        self.tools = PeopleTools(theme)
        layout.addWidget(self.tools)
        self.model = ParticipantsModel(theme.icon, theme.colour, theme.series, self)
        self._sorted = FilteredPeople(self.model)
        self.table = RecordTable("Participants", row_px=30, least_column_px=48, many=True)
        self.table.setModel(self._sorted)
        self.table.sort_by(1, Qt.SortOrder.AscendingOrder)
        header = self.table.horizontalHeader()
        header.setStretchLastSection(False)
        for section, column in enumerate(COLUMNS):
            self.table.setColumnWidth(section, _WIDTHS[column.key])
        self.table.fill_with(_PHASE, _WIDTHS["phase"])
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._on_header_menu_asked)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._on_menu_asked)
        self.table.doubleClicked.connect(self._on_activated)
        self._enter = [QShortcut(QKeySequence(key), self.table) for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)]
        for shortcut in self._enter:
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(lambda: self._on_activated(self.table.currentIndex()))
        self.table.selectionModel().selectionChanged.connect(self._on_selection_changed)
        layout.addWidget(self.table, 1)
        self._nobody = label("Nobody matches the filter.", "muted")
        self._nobody.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nobody.hide()
        layout.addWidget(self._nobody)
        self.model.dataChanged.connect(self._on_rows_changed)
        self.model.rowsInserted.connect(self._on_rows_changed)
        self.model.modelReset.connect(self._on_rows_changed)
        self._sorted.rowsInserted.connect(self._show_nobody)
        self._sorted.rowsRemoved.connect(self._show_nobody)
        self._sorted.modelReset.connect(self._show_nobody)
        self.tools.filter_changed.connect(self._on_filter_changed)
        self.tools.action_asked.connect(self._on_action_asked)
        self.tools.words.installEventFilter(self)
        self._still = QTimer(self)
        self._still.setObjectName("table at rest")
        self._still.setSingleShot(True)
        self._still.setInterval(_STILL_MS)
        self._still.timeout.connect(self._let_move)
        self.table.setMouseTracking(True)
        self.table.viewport().installEventFilter(self)
        theme.changed.connect(self.model.recolour)
        self._show_columns()

    def selected(self) -> list[str]:
        """Return the ids of the selected rows, from top to bottom."""
        rows = sorted(self.table.selectionModel().selectedRows(), key=lambda index: index.row())
        return [view.participant_id for index in rows if isinstance(view := index.data(VIEW_ROLE), ParticipantView)]

    def select(self, names: Sequence[str]) -> None:
        """Select participants and bring the first of them into sight; the filter is taken away if it hides one."""
        wanted = [row for name in names if (row := self.model.row_of(name)) >= 0]
        if any(not self._sorted.mapFromSource(self.model.index(row, 0)).isValid() for row in wanted):
            self.tools.choose("", "all")
        selection = QItemSelection()
        for row in wanted:
            index = self._sorted.mapFromSource(self.model.index(row, 0))
            selection.select(index, index)
        flags = QItemSelectionModel.SelectionFlag
        self.table.selectionModel().select(selection, flags.ClearAndSelect | flags.Rows)
        if wanted:
            first = self._sorted.mapFromSource(self.model.index(wanted[0], 1))
            self.table.selectionModel().setCurrentIndex(first, flags.NoUpdate)
            self.table.scrollTo(first)

    def show_only(self, quick: str) -> None:
        """Take a quick choice of the filter."""
        self.tools.choose("", quick)

    def begin_find(self) -> None:
        """Begin to type what to find."""
        self.tools.words.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.tools.words.selectAll()

    def show_match_column(self, shown: bool) -> None:
        """Show the column of matches, in a study with games of several people."""
        if shown is not self._has_matches:
            self._has_matches = shown
            self._show_columns()

    def restore(self, state: QByteArray, choice: QByteArray) -> None:
        """Bring the columns back as the user left them, and which of them are shown."""
        header = self.table.horizontalHeader()
        before = header.saveState()
        if not state.isEmpty() and (not header.restoreState(state) or header.count() != len(COLUMNS)):
            header.restoreState(before)
        hidden, _, shown = bytes(choice.data()).decode("utf-8", "replace").partition("|")
        self._hidden_by_user = set(hidden.split()) & set(_KEYS)
        self._shown_by_user = set(shown.split()) & set(_KEYS)
        self._show_columns()

    def arrangement(self) -> QByteArray:
        """Return the columns' order, widths and sorting."""
        return self.table.horizontalHeader().saveState()

    def column_choice(self) -> QByteArray:
        """Return which columns the user wants to see or not."""
        words = f"{' '.join(sorted(self._hidden_by_user))}|{' '.join(sorted(self._shown_by_user))}"
        return QByteArray(words.encode())

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if watched is self.table.viewport():
            if kind in {QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel, QEvent.Type.Enter}:
                self._hold_still()
            elif kind == QEvent.Type.Leave:
                self._let_move()
        elif watched is self.tools.words and isinstance(event, QKeyEvent) and kind == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Down:
                self.table.setFocus()
                if not self.table.currentIndex().isValid() and self._sorted.rowCount():
                    self.table.setCurrentIndex(self._sorted.index(0, 1))
                return True
            if event.key() == Qt.Key.Key_Escape and self._sorted.is_filtering:
                self.tools.choose("", "all")
                return True
        return super().eventFilter(watched, event)

    # Inside

    def _hold_still(self) -> None:
        self._sorted.setDynamicSortFilter(False)
        self._still.start()

    @Slot()
    def _let_move(self) -> None:
        self._still.stop()
        if not self._sorted.dynamicSortFilter():
            self._sorted.setDynamicSortFilter(True)
            self._sorted.invalidate()

    @Slot(str, str)
    def _on_filter_changed(self, words: str, quick: str) -> None:
        self._sorted.show_only(words, quick)
        self._show_nobody()

    @Slot()
    def _show_nobody(self) -> None:
        self._nobody.setVisible(self._sorted.rowCount() == 0 and self.model.rowCount() > 0)

    @Slot(QItemSelection, QItemSelection)
    def _on_selection_changed(self, _new: QItemSelection, _old: QItemSelection) -> None:
        self._show_tools()
        self.chosen.emit(self.selected())

    @Slot()
    def _on_rows_changed(self) -> None:
        rows = self.model.rows()
        self.tools.show_counts({key: sum(map(accepts, rows)) for key, (_title, accepts) in QUICK.items()})
        for key, has in _WHERE_USED.items():
            if key not in self._in_use and any(map(has, rows)):
                self._in_use.add(key)
                self._show_columns()
        self._show_tools()

    def _show_tools(self) -> None:
        selected = self.selected()
        self.tools.show_selection(len(selected), sum(view.state not in OVER for view in self.model.rows()))
        views = [self.model.view_of(name) for name in selected]
        self.tools.let_in.setVisible(any(view is not None and view.wants_in for view in views))

    def _show_columns(self) -> None:
        """Hide what the user hid, and what no row has: matches, seats, treatments, hands, what was not seen."""
        for place, key in enumerate(_KEYS):
            hidden = key in self._hidden_by_user
            if key == "match":
                hidden |= not self._has_matches
            elif key in _WHERE_USED:
                hidden |= key not in self._shown_by_user | self._in_use
            if self.table.isColumnHidden(place) is not hidden:
                self.table.setColumnHidden(place, hidden)

    @Slot(str)
    def _on_action_asked(self, key: str) -> None:
        if key == "let_in":
            waiting = [v for name in self.selected() if (v := self.model.view_of(name)) is not None and v.wants_in]
            if waiting:
                self.let_in_asked.emit(waiting[0].participant_id)
        else:
            self.action_asked.emit(key)

    @Slot(QPoint)
    def _on_header_menu_asked(self, position: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName("Columns")
        for place, column in enumerate(COLUMNS):
            if column.key == "match" and not self._has_matches:
                continue
            action = menu.addAction(column.title)
            action.setCheckable(True)
            action.setChecked(not self.table.isColumnHidden(place))
            action.setEnabled(column.key != "id")
            action.triggered.connect(lambda shown, key=column.key: self.show_column(key, shown))
        menu.addSeparator()
        menu.addAction("All columns as at first").triggered.connect(self._on_reset_columns)
        menu.popup(self.table.horizontalHeader().mapToGlobal(position))

    def show_column(self, key: str, shown: bool) -> None:
        """Show or hide a column."""
        self._hidden_by_user.discard(key)
        if shown:
            self._shown_by_user.add(key)
        else:
            self._hidden_by_user.add(key)
        self._show_columns()

    @Slot()
    def _on_reset_columns(self) -> None:
        header: QHeaderView = self.table.horizontalHeader()
        self._hidden_by_user.clear()
        self._shown_by_user.clear()
        self._show_columns()
        for section, column in enumerate(COLUMNS):
            header.moveSection(header.visualIndex(section), section)
            self.table.setColumnWidth(section, _WIDTHS[column.key])

    @Slot(QPoint)
    def _on_menu_asked(self, position: QPoint) -> None:
        index: QModelIndex = self.table.indexAt(position)
        view = index.data(VIEW_ROLE)
        if not isinstance(view, ParticipantView):
            index = self.table.currentIndex()
            view = index.data(VIEW_ROLE)
        if not isinstance(view, ParticipantView):
            return
        if not self.table.selectionModel().isRowSelected(index.row(), QModelIndex()):
            self.table.selectRow(index.row())  # the menu is about the row that it opens on
        name = view.participant_id
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        icon = self._theme.icon
        menu.addAction(icon("panel"), "Show details\tEnter").triggered.connect(lambda: self.detail_asked.emit(name))
        if view.hand is not None:
            answer = menu.addAction(icon("hand"), f"Answer the raised hand of “{name}”…")
            answer.triggered.connect(lambda: self.hand_asked.emit(name))
        let_in = menu.addAction(icon("door"), f"Let “{name}” in")
        let_in.setEnabled(view.wants_in)
        let_in.triggered.connect(lambda: self.let_in_asked.emit(name))
        if match_id := index.data(MATCH_ID_ROLE):
            show = menu.addAction(icon("users"), f"Show the match of “{name}”")
            show.triggered.connect(lambda: self.match_asked.emit(match_id))
        menu.addSeparator()
        self.tools.fill(menu, selected=len(self.selected()))
        menu.popup(self.table.viewport().mapToGlobal(position))

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        view = index.data(VIEW_ROLE)
        if isinstance(view, ParticipantView):
            self.detail_asked.emit(view.participant_id)
