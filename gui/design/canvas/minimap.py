"""The overview: the whole chain in a corner, and where in it the canvas is."""

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from gui.design.canvas.art import blend
from gui.design.canvas.scene import ChainScene
from gui.design.canvas.view import ChainCanvasView
from gui.models.node_looks import KIND_LOOKS

__all__ = ["Minimap"]

_WIDTH: Final = 128
_TALLEST: Final = 190
_AIR: Final = 6.0
_LATE_MS: Final = 90


class Minimap(QWidget):
    """All cards as dots in the colours of their kinds, problems marked; dragging the frame scrolls the canvas.

    It is hidden while everything is seen. The keyboard scrolls by moving the selection, and has no use for it.

    Runs on: GUI thread.
    """

    def __init__(self, scene: ChainScene, view: ChainCanvasView, parent: QWidget) -> None:
        super().__init__(parent)
        self._scene, self._view = scene, view
        self._picture: QPixmap | None = None
        self._grip: QPointF | None = None
        self.setAccessibleName("Overview of the chain")
        self.setToolTip("The whole chain. Drag the frame to scroll.")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(_LATE_MS)
        self._late.timeout.connect(self._draw_anew)
        self.hide()

    @property
    def is_needed(self) -> bool:
        """Whether some of the chain is out of sight, and there is room to show where."""
        plan, zoom, seen = self._scene.plan, self._view.zoom, self._view.viewport()
        has_room = seen.width() > 3 * _WIDTH and seen.height() > _TALLEST + 110
        overflows = plan.height * zoom > seen.height() + 1 or plan.width * zoom > self._view.width()
        return bool(plan.order) and has_room and overflows

    @Slot()
    def refresh(self) -> None:
        """Draw the chain anew, a moment later: an edit is to be seen on the canvas first."""
        self._late.start()
        self.follow()

    @Slot()
    def _draw_anew(self) -> None:
        self._picture = None
        self.update()

    @Slot()
    def follow(self) -> None:
        """Show where the canvas is, or hide."""
        needed = self.is_needed
        if needed:
            plan = self._scene.plan
            scale = (_WIDTH - 2 * _AIR) / plan.width
            height = round(min(float(_TALLEST), plan.height * scale + 2 * _AIR))
            if self.size() != QSize(_WIDTH, height):
                self._picture = None
                self.setFixedSize(_WIDTH, height)
        self.setVisible(needed)
        self.update()

    def _to_map(self, rect: QRectF) -> QRectF:
        plan = self._scene.plan
        x, y = (self.width() - 2 * _AIR) / plan.width, (self.height() - 2 * _AIR) / plan.height
        return QRectF(_AIR + rect.left() * x, _AIR + rect.top() * y, rect.width() * x, rect.height() * y)

    def frame(self) -> QRectF:
        """Return where the part that is seen lies on the map."""
        seen = self._view.mapToScene(self._view.viewport().rect()).boundingRect()
        whole = QRectF(0, 0, self._scene.plan.width, self._scene.plan.height)
        return self._to_map(seen & whole)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._picture is None:
            self._picture = self._drawn()
        art = self._scene.art
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fill = art.theme.colour("accent")
        fill.setAlphaF(0.13)
        painter.setBrush(fill)
        painter.setPen(QPen(art.colour("accent"), 1.4))
        painter.drawRoundedRect(self.frame().adjusted(-2, -1, 2, 1), 3, 3)
        painter.end()

    def _drawn(self) -> QPixmap:
        art, ratio = self._scene.art, self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(art.colour("border_strong"), 1))
        painter.setBrush(art.colour("surface"))
        painter.drawRoundedRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 1), 8, 8)
        marks: list[tuple[QRectF, str]] = []
        painter.setPen(Qt.PenStyle.NoPen)
        strong = {kind: blend(art.ink_of(kind), art.colour("surface"), 0.6) for kind in KIND_LOOKS}
        soft = {kind: blend(art.ink_of(kind), art.colour("surface"), 0.22) for kind in KIND_LOOKS}
        plan = self._scene.plan
        for path, item in self._scene.items_by_path().items():
            rect = self._to_map(plan.rects[path])
            if path in plan.levels:
                painter.fillRect(rect, soft[item.node.kind])
            else:
                painter.fillRect(rect.adjusted(0, 0, 0, -min(1.0, rect.height() * 0.25)), strong[item.node.kind])
            if item.badge is not None:
                marks.append((rect, item.badge[1]))
        for rect, severity in marks:
            place = QRectF(rect.right() - 3.5, rect.center().y() - 1.75, 3.5, 3.5)
            painter.setBrush(art.colour(severity))
            painter.drawEllipse(place.adjusted(-0.5, -0.5, 0.5, 0.5))
        painter.end()
        return picture

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            frame, at = self.frame(), event.position()
            self._grip = at - frame.center() if frame.contains(at) else QPointF(0, 0)
            self._go(at)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self._go(event.position())

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None

    def _go(self, at: QPointF) -> None:
        assert self._grip is not None
        plan, zoom, centre = self._scene.plan, self._view.zoom, at - self._grip
        x = (centre.x() - _AIR) / (self.width() - 2 * _AIR) * plan.width * zoom - self._view.viewport().width() / 2
        y = (centre.y() - _AIR) / (self.height() - 2 * _AIR) * plan.height * zoom - self._view.viewport().height() / 2
        self._view.horizontalScrollBar().setValue(round(x))
        self._view.verticalScrollBar().setValue(round(y))
