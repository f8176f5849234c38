"""The map of a room: a tile for each desk of the document, each with the newest state of its page."""

from collections.abc import Iterable

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, Signal, Slot
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsScene
from typing_extensions import override

from gui.models.room_document import RoomDocument
from gui.models.room_plan import GRID, in_order
from gui.models.seat_words import asked_words, look_of, tooltip_of
from gui.models.seats import SeatBook
from gui.seats.desk_tile import DeskTile, SignTile
from gui.widgets.theme import Theme

__all__ = ["RoomScene"]

_BEYOND_PX = 3_000.0


class RoomScene(QGraphicsScene):
    """Shows a `RoomDocument` and a `SeatBook`; it changes neither.

    Attributes:
        in_session: The desks that the session is for; empty: all.

    Signals:
        chosen: Other desks are selected.
        arranged: Desks have come, gone, or another room is shown.

    Runs on: GUI thread.
    """

    chosen = Signal()
    arranged = Signal()

    def __init__(self, theme: Theme, document: RoomDocument, book: SeatBook, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme, self._document, self._book = theme, document, book
        self._tiles: dict[str, DeskTile] = {}
        self._signs: dict[str, SignTile] = {}
        self._room = ""
        self.in_session: frozenset[str] = frozenset()
        document.changed.connect(self.sync)
        theme.changed.connect(self.update)
        self.selectionChanged.connect(self.chosen)
        self.sync()

    def tile(self, desk: str) -> DeskTile | None:
        """Return a desk's tile."""
        return self._tiles.get(desk)

    def tiles(self) -> list[DeskTile]:
        """Return all tiles."""
        return list(self._tiles.values())

    def sign(self, kind: str) -> SignTile | None:
        """Return a sign's tile."""
        return self._signs.get(kind)

    def selected_desks(self) -> tuple[str, ...]:
        """Return the selected desks in their order."""
        return tuple(in_order(item.desk for item in self.selectedItems() if isinstance(item, DeskTile)))

    def select(self, desks: Iterable[str]) -> None:
        """Select these desks and nothing else."""
        wanted = set(desks)
        before = self.selected_desks()
        self.blockSignals(True)
        for item in (*self._tiles.values(), *self._signs.values()):
            item.setSelected(isinstance(item, DeskTile) and item.desk in wanted)
        self.blockSignals(False)
        if self.selected_desks() != before:
            self.chosen.emit()

    def content(self) -> QRectF:
        """Return what the tiles and signs take up."""
        rect = QRectF()
        for item in (*self._tiles.values(), *self._signs.values()):
            rect |= item.sceneBoundingRect()
        return rect

    @Slot()
    def sync(self) -> None:
        """Be as the document is."""
        room = self._document.room
        before, selected = set(self._tiles), self.selected_desks()
        names = {place.desk for place in room.desks}
        for desk in before - names:
            self.removeItem(self._tiles.pop(desk))
        for place in room.desks:
            tile = self._tiles.get(place.desk)
            if tile is None:
                tile = DeskTile(self._theme, place.desk, look_of(self._book.view_of(place.desk)))
                self._tiles[place.desk] = tile
                self.addItem(tile)
                self._show(tile)
            tile.setPos(QPointF(place.x, place.y))
        kinds = {sign.kind for sign in room.signs}
        for kind in set(self._signs) - kinds:
            self.removeItem(self._signs.pop(kind))
        for sign in room.signs:
            if sign.kind not in self._signs:
                self._signs[sign.kind] = SignTile(self._theme, sign.kind)
                self.addItem(self._signs[sign.kind])
            self._signs[sign.kind].setPos(QPointF(sign.x, sign.y))
        self.setSceneRect(self.content().adjusted(-_BEYOND_PX, -_BEYOND_PX, _BEYOND_PX, _BEYOND_PX))
        if self.selected_desks() != selected:
            self.chosen.emit()
        if before != names or self._room != room.name:
            self._room = room.name
            self.arranged.emit()

    def show_states(self, desks: Iterable[str] | None = None) -> int:
        """Show the newest state of desks (none named: of all); returns how many tiles have something new."""
        tiles = self._tiles.values() if desks is None else [self._tiles[desk] for desk in desks if desk in self._tiles]
        return sum(self._show(tile) for tile in tiles)

    def _show(self, tile: DeskTile) -> bool:
        view = self._book.view_of(tile.desk)
        look = look_of(view)
        asked = self._book.asked_of(tile.desk)
        share = None
        if view.state == "warming":
            share = next(
                (check.value for check in view.checks if check.name == "runtime" and check.state == "wait"), None
            )
        line = asked_words(asked.what, asked.state) if asked is not None else look.detail or self._outside(tile.desk)
        return tile.show_look(look, line, share, tooltip_of(view))

    def _outside(self, desk: str) -> str:
        return "Not in this session" if self.in_session and desk not in self.in_session else ""

    @override
    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        painter.fillRect(rect, self._theme.colour("background"))
        zoom = painter.worldTransform().m11()
        step = GRID if zoom >= 0.6 else GRID * 5
        painter.setPen(QPen(self._theme.colour("border"), 1.5 / zoom))
        left, top = int(rect.left() // step) * step, int(rect.top() // step) * step
        points = []
        x = left
        while x <= rect.right():
            y = top
            while y <= rect.bottom():
                points.append(QPointF(x, y))
                y += step
            x += step
        painter.drawPoints(points)
