"""What is asked before the room changes: names, how many desks, whether to remove what is in use."""

from PySide6.QtCore import QObject, QPointF, Slot
from PySide6.QtWidgets import QDialog, QWidget

from gui.models.room_document import RoomDocument
from gui.models.room_plan import DESK_SIZE, GRID, SIGNS, Sign, name_problem, next_name, snapped
from gui.models.seats import SeatBook, is_here
from gui.seats.dialogs import AddDesksDialog, ConfirmDialog, NameDialog
from gui.seats.room_scene import RoomScene
from gui.widgets.theme import Theme

__all__ = ["RoomEditing"]


class RoomEditing(QObject):
    """Opens the questions, and makes their answers changes of the document.

    Attributes:
        dialog: The question that is open, if one is.

    Runs on: GUI thread.
    """

    def __init__(self, theme: Theme, document: RoomDocument, book: SeatBook, scene: RoomScene, page: QWidget) -> None:
        super().__init__(page)
        self._theme, self._document, self._book, self._scene, self._page = theme, document, book, scene, page
        self.dialog: QDialog | None = None

    def _open(self, dialog: QDialog) -> None:
        self.dialog = dialog

        def forget() -> None:
            self.dialog = None
            dialog.deleteLater()

        dialog.finished.connect(lambda _result: forget())
        dialog.open()

    @Slot()
    def add_desks(self) -> None:
        """Ask which desks to add."""
        dialog = AddDesksDialog(self._theme, self._document.rooms.desks(), self._page.window())
        dialog.answered.connect(self._add)
        self._open(dialog)

    def _add(self, names: list[str], per_row: int) -> None:
        self._document.add_desks(names, per_row)
        self._scene.select(names)

    @Slot()
    def add_desk(self) -> None:
        """Add one desk with the next name, at the first free place."""
        name = next_name(self._document.rooms.desks())
        if not name or name_problem(name, self._document.rooms.desks()):
            self.add_desks()
            return
        self._document.add_desk(name)
        self._scene.select([name])

    @Slot(list)
    def place_all(self, desks: list[str]) -> None:
        """Put desks that report on the map, at free places."""
        free = [desk for desk in desks if not name_problem(desk, self._document.rooms.desks())]
        self._document.place_all(free)
        self._scene.select(free)

    @Slot(list, QPointF)
    def drop(self, desks: list[str], at: QPointF) -> None:
        """Put desks where they were dropped, side by side."""
        free = [desk for desk in desks if not name_problem(desk, self._document.rooms.desks())]
        if not free:
            return
        self._document.stack.beginMacro(f"add {free[0]}" if len(free) == 1 else f"add {len(free)} desks")
        for k, desk in enumerate(free):
            self._document.add_desk(desk, (at.x() + k * (DESK_SIZE[0] + GRID), at.y()))
        self._document.stack.endMacro()
        self._scene.select(free)

    @Slot()
    def rename(self) -> None:
        """Ask for the chosen desk's new name."""
        selected = self._scene.selected_desks()
        if len(selected) != 1:
            return
        [desk] = selected
        others = self._document.rooms.desks() - {desk}
        words = (
            f"The desk's page is at /seat/{desk} now, and will be at another address: change the home page of the "
            "desk's browser, too."
        )
        dialog = NameDialog(
            self._theme,
            f"Rename {desk}",
            words,
            "Rename",
            lambda name: name_problem(name, others),
            self._page.window(),
            desk,
        )

        def take(name: str) -> None:
            self._document.rename_desk(desk, name)
            self._scene.select([name])

        dialog.answered.connect(take)
        self._open(dialog)

    @Slot()
    def remove(self) -> None:
        """Take the chosen desks (and signs) off the map; ask first where a page is open."""
        for kind in SIGNS:
            sign = self._scene.sign(kind)
            if sign is not None and sign.isSelected():
                self._document.remove_sign(kind, SIGNS[kind])
        desks = self._scene.selected_desks()
        present = [desk for desk in desks if is_here(self._book.view_of(desk))]
        if not desks:
            return
        if not present:
            self._document.remove_desks(desks)
            return
        what = f"{present[0]} is" if len(present) == 1 else f"{len(present)} of them are"
        title = f"Remove {desks[0]}?" if len(desks) == 1 else f"Remove {len(desks)} desks?"
        text = (
            f"{what} here at the moment. Nothing happens to the pages: they go on, and are listed below the map as "
            "“not on the map”. You can undo it."
        )
        dialog = ConfirmDialog(self._theme, title, text, "Remove", self._page.window(), icon="entry-delete")
        dialog.confirmed.connect(lambda: self._document.remove_desks(desks))
        self._open(dialog)

    def toggle_sign(self, kind: str) -> None:
        """Put a sign above the desks, or take it away."""
        if self._scene.sign(kind) is not None:
            self._document.remove_sign(kind, SIGNS[kind])
            return
        desks = self._document.room.desks
        left, top = min((place.x for place in desks), default=0.0), min((place.y for place in desks), default=0.0)
        x = snapped(left) + list(SIGNS).index(kind) * (DESK_SIZE[0] + GRID)
        self._document.put_sign(Sign(kind, x, snapped(top) - DESK_SIZE[1] / 2 - GRID), SIGNS[kind])

    @Slot()
    def add_room(self) -> None:
        """Ask for a new room's name."""
        dialog = NameDialog(
            self._theme, "New room", "", "Add", lambda name: self._room_problem(name, ""), self._page.window()
        )
        dialog.answered.connect(self._document.add_room)
        self._open(dialog)

    @Slot()
    def rename_room(self) -> None:
        """Ask for the room's new name."""
        now = self._document.room.name
        dialog = NameDialog(
            self._theme,
            "Rename the room",
            "",
            "Rename",
            lambda name: self._room_problem(name, now),
            self._page.window(),
            now,
        )
        dialog.answered.connect(self._document.rename_room)
        self._open(dialog)

    def _room_problem(self, name: str, now: str) -> str:
        if not name:
            return "The room needs a name."
        taken = name in self._document.rooms.names() and name != now
        return f"There is a room {name} already." if taken else ""

    @Slot()
    def remove_room(self) -> None:
        """Ask, unless the room is empty, and remove it."""
        room = self._document.room
        if not room.desks:
            self._document.remove_room()
            return
        count = "1 desk" if len(room.desks) == 1 else f"{len(room.desks)} desks"
        text = f"Its plan with {count} is removed. The desks' pages are not touched. You can undo it."
        dialog = ConfirmDialog(
            self._theme, f"Remove the room {room.name}?", text, "Remove", self._page.window(), icon="entry-delete"
        )
        dialog.confirmed.connect(self._document.remove_room)
        self._open(dialog)
