"""Dragging an entry by its grip to another place of its list."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QFrame, QWidget
from typing_extensions import override

from gui.design.inspector.inputs import ancestors

__all__ = ["CardDrag"]


class CardDrag(QObject):
    """One gesture: a line shows where the entry would go; letting go moves it there; Escape leaves everything.

    Runs on: GUI thread.
    """

    def __init__(self, grip: QWidget, cards: Callable[[], Sequence[QWidget]], move: Callable[[int, int], Any]) -> None:
        """Watch a grip.

        Args:
            grip: What is dragged.
            cards: Returns all cards, in order.
            move: Moves the card of an index by some places.
        """
        super().__init__(grip)
        self._grip = grip
        self._cards = cards
        self._move = move
        self._from: QPoint | None = None
        self._mark: QFrame | None = None
        grip.setCursor(Qt.CursorShape.OpenHandCursor)
        grip.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent):
            return self._on_mouse(event)
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self._mark is not None:
            self._end()
            return True
        return False

    def _on_mouse(self, event: QMouseEvent) -> bool:
        at = event.globalPosition().toPoint()
        match event.type():
            case QEvent.Type.MouseButtonPress if event.button() is Qt.MouseButton.LeftButton:
                self._from = at
                self._grip.setFocus(Qt.FocusReason.MouseFocusReason)
                return True
            case QEvent.Type.MouseMove if self._from is not None:
                far = (at - self._from).manhattanLength() >= QApplication.startDragDistance()
                if far or self._mark is not None:
                    self._show_mark(self._gap(at))
                return True
            case QEvent.Type.MouseButtonRelease if self._from is not None:
                dragged, gap = self._mark is not None, self._gap(at)
                self._end()
                index = self._index()
                if dragged and index is not None:
                    to = gap - (gap > index)
                    if to != index:
                        self._move(index, to - index)
                return True
        return False

    def _index(self) -> int | None:
        inside = list(ancestors(self._grip))
        return next((index for index, card in enumerate(self._cards()) if card in inside), None)

    def _gap(self, at: QPoint) -> int:
        """Return before which card the pointer is."""
        cards = self._cards()
        for index, card in enumerate(cards):
            if card.mapFromGlobal(at).y() < card.height() / 2:
                return index
        return len(cards)

    def _show_mark(self, gap: int) -> None:
        cards = self._cards()
        parent = cards[0].parentWidget()
        if self._mark is None:
            self._mark = QFrame(parent)
            self._mark.setObjectName("dropMark")
            self._mark.show()
            self._grip.setCursor(Qt.CursorShape.ClosedHandCursor)
        card = cards[min(gap, len(cards) - 1)]
        y = card.y() - 5 if gap < len(cards) else card.y() + card.height() + 2
        self._mark.setGeometry(card.x(), y, card.width(), 3)
        self._mark.raise_()

    def _end(self) -> None:
        self._from = None
        self._grip.setCursor(Qt.CursorShape.OpenHandCursor)
        if self._mark is not None:
            self._mark.hide()
            self._mark.deleteLater()
            self._mark = None
