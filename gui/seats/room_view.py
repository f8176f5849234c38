"""The window onto the map of a room: zoom, selection, the keys, and what is dropped on it."""

from typing import Final

from PySide6.QtCore import QPoint, QPointF, Qt, Signal, Slot
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView
from typing_extensions import override

from gui.models.room_document import RoomDocument
from gui.models.room_plan import DESK_SIZE, GRID, Place, snapped
from gui.seats.desk_tile import DeskTile, SignTile
from gui.seats.room_gestures import CarryGesture, PanGesture, RoomGesture
from gui.seats.room_scene import RoomScene

__all__ = ["DESK_MIME", "RoomView"]

DESK_MIME: Final = "application/x-mug-desks"
"""Names of desks that are dragged onto the map, one a line."""
_LEAST_ZOOM: Final = 0.15
_MOST_ZOOM: Final = 2.5
_MOST_FIT: Final = 1.15
_STEP: Final = 1.2
_EDGE_PX: Final = 24
_FAR_STEPS: Final = 5
_ARROWS: Final = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class RoomView(QGraphicsView):
    """Shows a `RoomScene`, and turns mouse and keys into changes of the document.

    Signals:
        rename_asked, remove_asked: F2 and Del on the selected desks.
        menu_asked: The context menu is wanted at a point of the screen.
        dropped: Desks were dropped: their names, and where on the map (`QPointF`).
        zoomed: Another zoom.

    Runs on: GUI thread.
    """

    rename_asked = Signal()
    remove_asked = Signal()
    menu_asked = Signal(QPoint)
    dropped = Signal(list, QPointF)
    zoomed = Signal(float)

    def __init__(self, scene: RoomScene, document: RoomDocument) -> None:
        super().__init__(scene)
        self.scene_, self._document = scene, document
        self._gesture: RoomGesture | None = None
        self._space = False
        self._follows = True
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setObjectName("roomMap")
        self.setAccessibleName("Map of the room")
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragMode(QGraphicsView.DragMode.RubberBandDrag)
        self.setRubberBandSelectionMode(Qt.ItemSelectionMode.IntersectsItemShape)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        scene.arranged.connect(self.fit)

    # --- zoom --------------------------------------------------------------------------------------------------------

    @property
    def zoom(self) -> float:
        """1.0: a unit of the plan is a pixel."""
        return float(self.transform().m11())

    @Slot()
    def fit(self) -> None:
        """See the whole room."""
        content = self.scene_.content().adjusted(-_EDGE_PX, -_EDGE_PX, _EDGE_PX, _EDGE_PX)
        seen = self.viewport().size()
        if content.isEmpty() or seen.width() < 50:
            return
        zoom = min(seen.width() / content.width(), seen.height() / content.height(), _MOST_FIT)
        self._show_at(max(_LEAST_ZOOM, zoom))
        self.centerOn(content.center())
        self._follows = True

    def zoom_by(self, factor: float, at: QPoint | None = None) -> None:
        """Zoom; what lies at a point of the view (not given: its middle) stays there."""
        at = at if at is not None else self.viewport().rect().center()
        held = self.mapToScene(at)
        self._show_at(max(_LEAST_ZOOM, min(_MOST_ZOOM, self.zoom * factor)))
        way = self.mapFromScene(held) - at
        self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() + way.x())
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() + way.y())
        self._follows = False

    def _show_at(self, zoom: float) -> None:
        if abs(zoom - self.zoom) > 1e-6:
            self.resetTransform()
            self.scale(zoom, zoom)
            self.zoomed.emit(zoom)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._follows:
            self.fit()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._follows:
            self.fit()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(1.0015 ** event.angleDelta().y(), event.position().toPoint())
            event.accept()
        else:
            super().wheelEvent(event)
            self._follows = False

    # --- the mouse ---------------------------------------------------------------------------------------------------

    def _item_at(self, at: QPoint) -> DeskTile | SignTile | None:
        return next((item for item in self.items(at) if isinstance(item, DeskTile | SignTile)), None)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        at = event.position().toPoint()
        left = event.button() is Qt.MouseButton.LeftButton
        if self._gesture is not None:
            event.accept()
        elif event.button() is Qt.MouseButton.MiddleButton or (self._space and left):
            self._follows = False
            self._gesture = PanGesture(self, at)
        elif (item := self._item_at(at)) is None:
            super().mousePressEvent(event)  # the rubber band
        elif left and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            item.setSelected(not item.isSelected())
        elif left:
            self._hold(item)
            self._gesture = CarryGesture(self, self._document, item, at)
        elif event.button() is Qt.MouseButton.RightButton:
            self._hold(item)

    def _hold(self, item: DeskTile | SignTile) -> None:
        if item.isSelected():
            return
        if isinstance(item, DeskTile):
            self.scene_.select([item.desk])
        else:
            self.scene_.clearSelection()
            item.setSelected(True)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._gesture is not None:
            self._gesture.move(event.position().toPoint(), event.modifiers())
        else:
            super().mouseMoveEvent(event)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.end()
        else:
            super().mouseReleaseEvent(event)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if isinstance(self._item_at(event.position().toPoint()), DeskTile):
            self.rename_asked.emit()

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        at = event.globalPos()
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            tiles = [tile for desk in self.scene_.selected_desks() if (tile := self.scene_.tile(desk)) is not None]
            spot = self.mapFromScene(tiles[0].sceneBoundingRect().center()) if tiles else self.rect().center()
            at = self.viewport().mapToGlobal(spot)
        self.menu_asked.emit(at)
        event.accept()

    # --- what is dropped ---------------------------------------------------------------------------------------------

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(DESK_MIME):
            event.acceptProposedAction()

    @override
    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if event.mimeData().hasFormat(DESK_MIME):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        names = bytes(event.mimeData().data(DESK_MIME).data()).decode("utf-8").split("\n")
        at = self.mapToScene(event.position().toPoint()) - QPointF(DESK_SIZE[0] / 2, DESK_SIZE[1] / 2)
        if not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            at = QPointF(snapped(at.x()), snapped(at.y()))
        event.acceptProposedAction()
        self.dropped.emit([name for name in names if name], at)

    # --- the keys ----------------------------------------------------------------------------------------------------

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, held = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
        event.accept()
        if key in _ARROWS and held == Qt.KeyboardModifier.AltModifier:
            self._go(*_ARROWS[key])
        elif key in _ARROWS and held in (Qt.KeyboardModifier.NoModifier, control):
            self._nudge(*_ARROWS[key], far=held == control)
        elif key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp) and held in (Qt.KeyboardModifier.NoModifier, shift):
            self._next(1 if key == Qt.Key.Key_PageDown else -1, extend=held == shift)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and not held:
            names = self._document.room.names()
            self._select_and_show(names[:1] if key == Qt.Key.Key_Home else names[-1:])
        elif key == Qt.Key.Key_A and held == control:
            self.scene_.select(self._document.room.names())
        elif key == Qt.Key.Key_Escape:
            self._escape()
        elif key == Qt.Key.Key_F2:
            self.rename_asked.emit()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_asked.emit()
        elif key == Qt.Key.Key_F and not held:
            self.fit()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal) and held & control:
            self.zoom_by(_STEP)
        elif key == Qt.Key.Key_Minus and held & control:
            self.zoom_by(1 / _STEP)
        elif key == Qt.Key.Key_0 and held == control:
            self.zoom_by(1 / self.zoom)
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = True
        else:
            event.ignore()

    @override
    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
        super().keyReleaseEvent(event)

    def _escape(self) -> None:
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.cancel()
        else:
            self.scene_.clearSelection()

    def _nudge(self, right: int, down: int, *, far: bool) -> None:
        desks = self.scene_.selected_desks()
        if not desks:
            self._select_and_show(self._document.room.names()[:1])
            return
        step = GRID * (_FAR_STEPS if far else 1)
        room = self._document.room
        places = [place for desk in desks if (place := room.place_of(desk)) is not None]
        self._document.move_desks(
            [Place(place.desk, place.x + right * step, place.y + down * step) for place in places], by_keys=True
        )
        self._show(desks)

    def _next(self, by: int, *, extend: bool) -> None:
        names, selected = self._document.room.names(), self.scene_.selected_desks()
        if not names:
            return
        edge = selected[-1 if by > 0 else 0] if selected else None
        place = (names.index(edge) + by) % len(names) if edge is not None else (0 if by > 0 else -1)
        self._select_and_show((*selected, names[place]) if extend else (names[place],), show=names[place])

    def _go(self, right: int, down: int) -> None:
        """Select the nearest desk in a direction."""
        selected = self.scene_.selected_desks()
        here = self._document.room.place_of(selected[-1 if right + down > 0 else 0]) if selected else None
        if here is None:
            self._select_and_show(self._document.room.names()[:1])
            return

        def cost(place: Place) -> float:
            along = (place.x - here.x) * right + (place.y - here.y) * down
            aside = abs((place.x - here.x) * down) + abs((place.y - here.y) * right)
            return along + 2 * aside if along > 0 and aside <= along * 2 else float("inf")

        best = min(self._document.room.desks, key=cost)
        if cost(best) < float("inf"):
            self._select_and_show((best.desk,))

    def _select_and_show(self, desks: tuple[str, ...], show: str = "") -> None:
        self.scene_.select(desks)
        self._show((show,) if show else desks)

    def _show(self, desks: tuple[str, ...]) -> None:
        for tile in (self.scene_.tile(desk) for desk in desks[:1]):
            if tile is not None:
                self.ensureVisible(tile, _EDGE_PX, _EDGE_PX)
