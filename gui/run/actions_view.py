"""All actions of the session, each with how far it is for every participant."""

from collections.abc import Iterable

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QMenu, QStackedWidget, QTreeView, QVBoxLayout, QWidget

from gui.models.actions import ACTION_COLUMNS, ACTION_ID_ROLE, PARTICIPANTS_ROLE, ActionsModel, NewestActions
from gui.widgets.empty_state import empty_card
from gui.widgets.theme import Theme
from mug.protocol.lab_console import ActionView

__all__ = ["ActionsView"]

_WIDTHS = {"at": 126, "action": 150, "who": 130, "progress": 170, "reason": 150, "text": 180}


class ActionsView(QStackedWidget):
    """The list of actions; before the first one, what will be here.

    Attributes:
        model: The actions.
        tree: The view.

    Signals:
        participants_asked: Show these participants (a list of str).
        take_back_asked: The id of an action that is not delivered yet, not to be sent.

    Runs on: GUI thread.
    """

    participants_asked = Signal(list)
    take_back_asked = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.addWidget(
            empty_card(
                theme,
                "history",
                "Nothing has been done to participants yet",
                "Messages, pauses and everything else that you do to participants stands here: for whom, why, and "
                "whether their pages have shown it.",
            )
        )
        host = QWidget()
        layout = QVBoxLayout(host)
        layout.setContentsMargins(0, 0, 0, 0)
        self.model = ActionsModel(theme.icon, theme.colour, self)
        self.newest = NewestActions(self.model)
        self.tree = QTreeView()
        self.tree.setModel(self.newest)
        self.tree.setAccessibleName("Actions")
        self.tree.setUniformRowHeights(True)
        self.tree.setAllColumnsShowFocus(True)
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.tree.setExpandsOnDoubleClick(True)
        for section, (key, _title, _tip) in enumerate(ACTION_COLUMNS):
            self.tree.setColumnWidth(section, _WIDTHS[key])
        self.tree.header().setStretchLastSection(True)
        self.tree.header().setHighlightSections(False)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.customContextMenuRequested.connect(self._on_menu_asked)
        layout.addWidget(self.tree)
        self.addWidget(host)
        theme.changed.connect(self.model.recolour)

    def replace_all(self, views: Iterable[ActionView]) -> None:
        """Take the actions of a snapshot, with those that are on their way."""
        self.model.replace_all(views)
        self._show()

    def update_rows(self, views: Iterable[ActionView]) -> None:
        """Take actions that are new or have changed."""
        self.model.update(views)
        self._show()

    def undelivered(self) -> int:
        """Return how many actions wait for the connection."""
        return sum(any(target.state == "pending" for target in view.targets) for view in self.model.views())

    def _show(self) -> None:
        self.setCurrentIndex(1 if self.model.rowCount() else 0)

    @Slot(QPoint)
    def _on_menu_asked(self, position: QPoint) -> None:
        index: QModelIndex = self.tree.indexAt(position)
        if not index.isValid():
            index = self.tree.currentIndex()
        if not index.isValid():
            return
        action_id, names = index.data(ACTION_ID_ROLE), index.data(PARTICIPANTS_ROLE)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        show = menu.addAction(self._theme.icon("users"), "Show the participants")
        show.setEnabled(bool(names))
        show.triggered.connect(lambda: self.participants_asked.emit(names))
        view = self.model.view_of(action_id)
        if view is not None and any(target.state == "pending" for target in view.targets):
            back = menu.addAction(self._theme.icon("undo"), "Do not send it any more")
            back.triggered.connect(lambda: self.take_back_asked.emit(action_id))
        menu.popup(self.tree.viewport().mapToGlobal(position))
