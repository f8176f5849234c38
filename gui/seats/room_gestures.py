"""What the mouse does on the map: carry tiles, or move the sheet. One class a gesture; Esc takes it back."""

from typing import Protocol

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication, QGraphicsItem, QGraphicsView

from gui.models.room_document import RoomDocument
from gui.models.room_plan import SIGNS, Place, Sign, snapped
from gui.seats.desk_tile import DeskTile, SignTile

__all__ = ["CarryGesture", "PanGesture", "RoomGesture"]


class RoomGesture(Protocol):
    """Follows the mouse from press to release."""

    def move(self, on_view: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """The mouse is elsewhere."""

    def end(self) -> None:
        """The button was let go."""

    def cancel(self) -> None:
        """Take everything back."""


class CarryGesture:
    """Carries the selected tiles; the one that is held snaps to the grid, Shift lets it go anywhere.

    The document gets one change, at the end.
    """

    def __init__(self, view: QGraphicsView, document: RoomDocument, held: DeskTile | SignTile, pressed: QPoint) -> None:
        self._view, self._document = view, document
        self._held, self._pressed = held, pressed
        items: list[QGraphicsItem] = view.scene().selectedItems() if isinstance(held, DeskTile) else [held]
        self._starts = {item: item.pos() for item in items if isinstance(item, DeskTile | SignTile)}
        self._moves = False

    def move(self, on_view: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """Carry the tiles to where the mouse is."""
        if not self._moves:
            if (on_view - self._pressed).manhattanLength() < QApplication.startDragDistance():
                return
            self._moves = True
        start = self._starts[self._held]
        way = self._view.mapToScene(on_view) - self._view.mapToScene(self._pressed)
        goal = start + way
        if not modifiers & Qt.KeyboardModifier.ShiftModifier:
            goal = QPointF(snapped(goal.x()), snapped(goal.y()))
        for item, begin in self._starts.items():
            item.setPos(begin + (goal - start))

    def end(self) -> None:
        """Leave them there."""
        if not self._moves:
            return
        places = [
            Place(item.desk, item.x(), item.y())
            for item, begin in self._starts.items()
            if isinstance(item, DeskTile) and item.pos() != begin
        ]
        if places:
            self._document.move_desks(places)
        for item, begin in self._starts.items():
            if isinstance(item, SignTile) and item.pos() != begin:
                self._document.put_sign(Sign(item.kind, item.x(), item.y()), SIGNS[item.kind])

    def cancel(self) -> None:
        """Put them back."""
        for item, begin in self._starts.items():
            item.setPos(begin)


class PanGesture:
    """Moves the sheet under the window."""

    def __init__(self, view: QGraphicsView, pressed: QPoint) -> None:
        self._view, self._last = view, pressed
        view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def move(self, on_view: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """Follow the mouse."""
        way, self._last = on_view - self._last, on_view
        for bar, step in ((self._view.horizontalScrollBar(), way.x()), (self._view.verticalScrollBar(), way.y())):
            bar.setValue(bar.value() - step)

    def end(self) -> None:
        """Stay there."""
        self._view.viewport().unsetCursor()

    def cancel(self) -> None:
        """Stay there, too."""
        self.end()
