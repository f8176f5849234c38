"""The line above the map: which room, what can be added, seats on this machine."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QToolButton, QWidget

from gui.models.room_document import RoomDocument
from gui.models.room_plan import SIGNS
from gui.seats.actions import SeatActions
from gui.seats.room_editing import RoomEditing
from gui.widgets.basics import Button
from gui.widgets.theme import Theme

__all__ = ["RoomBar"]


class RoomBar(QWidget):
    """Chooses the room, and begins what changes it.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, document: RoomDocument, editing: RoomEditing, actions: SeatActions) -> None:
        super().__init__()
        self._theme, self._document, self._editing = theme, document, editing
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self.rooms = QComboBox()
        self.rooms.setAccessibleName("Room")
        self.rooms.view().setAccessibleName("Rooms")
        self.rooms.setMinimumWidth(120)
        self.rooms.activated.connect(self._on_activated)
        layout.addWidget(self.rooms)
        self.more = QToolButton()
        self.more.setAccessibleName("More for this room")
        self.more.setToolTip("Rooms, and signs on the map")
        self.more.setIconSize(QSize(18, 18))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.more.setMenu(self.room_menu(self))
        self.more.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        layout.addWidget(self.more)
        layout.addStretch(1)
        self.close_here = Button(theme, "Close them", "close", on_click=actions.close_here.trigger)
        self.close_here.hide()
        layout.addWidget(self.close_here)
        tip = "Windows of this machine, for trying a study out"
        layout.addWidget(Button(theme, "Open seats here…", "external", tip=tip, on_click=actions.open_here.trigger))
        tip = "Several at once (Ctrl+Shift+A)"
        layout.addWidget(Button(theme, "Add desks…", "plus", tip=tip, on_click=actions.add_desks.trigger))
        document.changed.connect(self._refresh)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self._refresh()

    def room_menu(self, parent: QWidget) -> QMenu:
        """Make the menu of the rooms and the signs."""
        menu = QMenu("&Room", parent)
        menu.addAction("&New room…").triggered.connect(self._editing.add_room)
        menu.addAction("Re&name this room…").triggered.connect(self._editing.rename_room)
        menu.addAction("Remo&ve this room…").triggered.connect(self._editing.remove_room)
        menu.addSeparator()
        signs = {}
        for kind, word in SIGNS.items():
            action = menu.addAction(f"Sign: {word}")
            action.setCheckable(True)
            action.triggered.connect(lambda _checked=False, kind=kind: self._editing.toggle_sign(kind))
            signs[kind] = action

        def show_signs() -> None:
            there = {sign.kind for sign in self._document.room.signs}
            for kind, action in signs.items():
                action.setChecked(kind in there)

        menu.aboutToShow.connect(show_signs)
        return menu

    def show_open_here(self, count: int) -> None:
        """Show how many seats are open on this machine."""
        self.close_here.setVisible(count > 0)
        words = "Close the seat opened here" if count == 1 else f"Close the {count} seats opened here"
        self.close_here.setText("Close it" if count == 1 else f"Close the {count}")
        self.close_here.setAccessibleName(words)
        self.close_here.setToolTip(words)

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        self._document.choose(self.rooms.itemText(index))

    @Slot()
    def _refresh(self) -> None:
        names = list(self._document.rooms.names())
        if [self.rooms.itemText(k) for k in range(self.rooms.count())] != names:
            self.rooms.clear()
            self.rooms.addItems(names)
        self.rooms.setCurrentIndex(names.index(self._document.room.name))

    @Slot()
    def _on_theme_changed(self) -> None:
        self.more.setIcon(self._theme.icon("entry-menu", "muted"))
