"""Desks that report and are in no room: dragged onto the map from here, or put there with Enter."""

from collections.abc import Sequence

from PySide6.QtCore import QMimeData, QSize, Qt, Signal, Slot
from PySide6.QtGui import QDrag, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QListView,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
)
from typing_extensions import override

from gui.models.room_plan import in_order
from gui.models.seat_words import look_of
from gui.models.seats import SeatBook
from gui.seats.room_view import DESK_MIME
from gui.widgets.basics import Button, label
from gui.widgets.theme import Theme

__all__ = ["Tray"]


class Tray(QFrame):
    """The strip “Not on the map”; it is there only while there are such desks.

    Signals:
        place_asked: Desks that are to be put on the map, at free places.

    Runs on: GUI thread.
    """

    place_asked = Signal(list)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: list[tuple[str, str]] = []
        self.setProperty("kind", "card")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(4)
        head = QHBoxLayout()
        self._title = label("Not on the map", "small")
        head.addWidget(self._title, 1)
        self.place_all = Button(
            theme,
            "Put all on the map",
            "plus",
            role="link",
            tip="Each at the first free place",
            on_click=lambda: self.place_asked.emit(self.desks()),
        )
        head.addWidget(self.place_all)
        layout.addLayout(head)
        self.list = _DeskList()
        self.list.setAccessibleName("Desks that are not on the map")
        self.list.itemActivated.connect(self._on_activated)
        layout.addWidget(self.list)
        theme.changed.connect(self._on_theme_changed)
        self.hide()

    def desks(self) -> list[str]:
        """Return the desks in the tray."""
        return [desk for desk, _word in self._shown]

    def show_desks(self, desks: Sequence[str], book: SeatBook) -> None:
        """Show other desks; the list is made anew only when something in it is new."""
        wanted = [(desk, look_of(book.view_of(desk)).word) for desk in in_order(desks)]
        if wanted == self._shown:
            return
        self._shown = wanted
        chosen = {item.data(Qt.ItemDataRole.UserRole) for item in self.list.selectedItems()}
        self.list.clear()
        for desk, word in wanted:
            item = QListWidgetItem(f"{desk}  ·  {word}")
            item.setData(Qt.ItemDataRole.UserRole, desk)
            item.setToolTip(f"{desk} reports, and stands in no room. Drag it onto the map, or press Enter.")
            self.list.addItem(item)
            item.setSelected(desk in chosen)
        self._title.setText(f"Not on the map: {len(wanted)}  ·  drag onto it, or press Enter")
        self._on_theme_changed()
        self.setVisible(bool(wanted))

    @Slot(QListWidgetItem)
    def _on_activated(self, item: QListWidgetItem) -> None:
        chosen = [found.data(Qt.ItemDataRole.UserRole) for found in self.list.selectedItems()]
        self.place_asked.emit(chosen or [item.data(Qt.ItemDataRole.UserRole)])

    @Slot()
    def _on_theme_changed(self) -> None:
        for row in range(self.list.count()):
            self.list.item(row).setIcon(self._theme.icon("monitor", "accent"))


class _DeskList(QListWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setFixedHeight(46)
        self.setIconSize(QSize(18, 18))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)

    @override
    def startDrag(self, supportedActions: Qt.DropAction) -> None:
        drag = QDrag(self)
        drag.setMimeData(self.cargo())
        drag.exec(Qt.DropAction.CopyAction)

    def cargo(self) -> QMimeData:
        """Return the chosen desks as what is dragged."""
        names = [item.data(Qt.ItemDataRole.UserRole) for item in self.selectedItems()]
        data = QMimeData()
        data.setData(DESK_MIME, "\n".join(names).encode())
        data.setText(" ".join(names))
        return data

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentItem() is not None:
            self.itemActivated.emit(self.currentItem())
        else:
            super().keyPressEvent(event)
